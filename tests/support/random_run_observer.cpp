// What must be true at every instant of a random run, whatever goes wrong.
#include "tests/support/random_run.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::support {

namespace {

using namespace std::chrono_literals;

constexpr Duration tolerance = 10ms;

std::string text_of(const core::AcquireDone& done) {
    if (const auto* grant = std::get_if<core::Grant>(&done.outcome)) {
        return "granted, token " + std::to_string(grant->lease->token) + ", " + grant->lease->node;
    }
    const auto& refusal = std::get<core::Refusal>(done.outcome);
    return "refused: " + refusal.code.message() + " " + refusal.what;
}

}  // namespace

std::string RandomRun::name(std::size_t who, OperationId id) {
    return std::to_string(who) + "#" + std::to_string(id);
}

void RandomRun::note(const std::string& what) {
    if (x_options.is_traced) {
        const auto since = x_world.now().time_since_epoch() - 1000s;
        x_trace.push_back(std::to_string(static_cast<double>(since / 1us) / 1000.0) +
                          " ms: " + what);
    }
}

void RandomRun::violated(std::string what) {
    note("VIOLATION " + what);
    x_violations.push_back(std::move(what));
}

void RandomRun::observe() {
    if (!x_violations.empty()) {
        return;
    }
    if (x_options.is_traced) {
        const auto& seen = x_world.server.seen();
        for (; x_seen < seen.size(); ++x_seen) {
            if (seen[x_seen].op != wire::Opcode::ping) {
                note("server: session " + std::to_string(seen[x_seen].session & 0xff) + " " +
                     std::string(wire::name_of(seen[x_seen].op)) + " " + seen[x_seen].path);
            }
        }
    }
    for (std::size_t who = 0; who < x_clients.size(); ++who) {
        read_effects(who);
    }
    check_leases();
    for (Client& client : x_clients) {
        check_evidence(client);
    }
}

void RandomRun::read_effects(std::size_t who) {
    Client& client = x_clients[who];
    const auto& told = client.driver->told();
    for (; client.read < told.size(); ++client.read) {
        const auto& each = told[client.read];
        if (const auto* done = std::get_if<core::AcquireDone>(&each.effect)) {
            on_answer(who, each, *done);
        } else if (const auto* stop = std::get_if<core::StopDue>(&each.effect)) {
            ++client.held.at(stop->lease).stops;
        } else if (const auto* ended = std::get_if<core::LeaseEnded>(&each.effect)) {
            note("ended " + name(who, ended->lease) + " " + std::string(to_string(ended->loss)));
            count("ended: " + std::string(to_string(ended->loss)));
            Holding& holding = client.held.at(ended->lease);
            ++holding.ends;
            if (holding.lease->word.deadline() != Instant::min() || holding.stops != 1) {
                violated("S9: the end of " + name(who, ended->lease) +
                         " is told before its word is latched, or before the stop");
            }
        } else if (const auto* gone = std::get_if<core::NodeGone>(&each.effect)) {
            note("node gone " + name(who, gone->lease));
            Holding& holding = client.held.at(gone->lease);
            ++holding.gone;
            if (holding.ends != 1) {
                violated("the node of a lease is told gone before the lease's end");
            }
        } else if (std::holds_alternative<core::Closed>(each.effect)) {
            note("closed client " + std::to_string(who));
            if (std::exchange(client.is_closed, true)) {
                violated("Closed is told twice");
            }
            const Instant latest = std::max(*client.close_by, client.driver->resumed_at());
            if (each.at > core::later(latest, tolerance)) {
                violated("L10: closed late");
            }
        } else if (const auto* log = std::get_if<core::Log>(&each.effect)) {
            std::string line = "client " + std::to_string(who) + " " + log->event;
            for (const auto& [field, value] : log->fields) {
                line += " " + field + "=" + value;
            }
            note(line);
            count("log: " + log->event);
            if (log->event == "protocol_error") {
                violated("an honest server is called a liar: " + line);
            }
        }
    }
}

void RandomRun::on_answer(std::size_t who, const EngineDriver::Told& told,
                          const core::AcquireDone& done) {
    Client& client = x_clients[who];
    const std::string lock = name(who, done.id);
    note(lock + " " + text_of(done));
    // Answered in the very call: the caller has not filed it yet, and neither is it late.
    Asked& asked = client.asked[done.id];
    if (++asked.answers != 1) {
        violated(lock + " is answered twice");
    }
    if (asked.at != Instant{}) {
        const Instant due =
            std::max(core::later(asked.at, asked.wait), client.driver->resumed_at() <= x_world.now()
                                                            ? client.driver->resumed_at()
                                                            : Instant::min());
        if (told.at > core::later(due, tolerance)) {
            violated("L5: " + lock + " is answered late");
        }
    }
    const auto* grant = std::get_if<core::Grant>(&done.outcome);
    if (grant == nullptr) {
        return count("refused: " + std::get<core::Refusal>(done.outcome).code.message());
    }
    count(grant->is_shortened ? "granted, shortened" : "granted");
    if (grant->lease->token % 64 != 0) {
        count("granted locally");
    }
    const std::string path = parent_of(grant->lease->node);
    Holding& holding = client.held[done.id];
    holding = {.client = who, .id = done.id, .path = path, .lease = grant->lease};
    if (const Znode* node = x_world.server.tree().find(grant->lease->node)) {
        holding.session = node->stat.ephemeral_owner;
    }
    if (grant->granted_at != told.at || grant->deadline <= told.at) {
        violated(lock + " is granted at a wrong time, or dead");
    }
    std::int64_t& last = x_last_token[path];
    if (grant->lease->token <= last && !x_options.has_foreign_deletes) {
        violated("S6: the token of " + lock + " does not rise");
    }
    last = grant->lease->token;
    x_live.push_back(&holding);
}

void RandomRun::check_leases() {
    std::map<std::string, const Holding*> valid;
    std::erase_if(x_live, [&](Holding* holding) {
        const std::string lock = name(holding->client, holding->id);
        if (holding->lease->word.deadline() <= x_world.now()) {
            holding->is_over = true;
        } else if (holding->is_over) {
            violated("S12: " + lock + " came back to life");
        }
        if (holding->is_over) {
            // Watched for a revival until its end is told: then nothing can move it any more.
            return holding->ends != 0;
        }
        const Holding*& other = valid[holding->path];
        if (other != nullptr && !x_options.has_foreign_deletes) {
            violated("S1: " + name(other->client, other->id) + " and " + lock +
                     " are valid together");
        }
        other = holding;
        const Znode* node = x_world.server.tree().find(holding->lease->node);
        const bool is_ours = node != nullptr && holding->session != 0 &&
                             node->stat.czxid == holding->lease->token / 64 &&
                             node->stat.ephemeral_owner == holding->session &&
                             holding->session == x_clients[holding->client].session;
        if (!is_ours && !x_options.has_foreign_deletes) {
            violated("S2: " + lock + " is valid without its node");
        }
        return false;
    });
}

void RandomRun::check_evidence(Client& client) {
    if (const std::int64_t session = client.driver->session(); session != 0) {
        client.session = session;
    }
    const Duration in_hand = client.driver->stats().lease_in_hand;
    if (in_hand <= Duration::zero() || client.close_by) {
        return;  // who closes the session does not ask how long it would have lived
    }
    const auto expiry = x_world.server.expiry_of(client.session);
    if (!expiry || core::later(x_world.now(), in_hand) > *expiry) {
        violated("S3: the safe deadline is after the earliest expiry");
    }
}

void RandomRun::check_write(const Client& client, const EngineDriver::Write& write) {
    for (const auto& frame : write.frames) {
        if (frame.op != wire::Opcode::remove) {
            continue;
        }
        for (const auto& [id, holding] : client.held) {
            if (holding.lease->node == frame.path &&
                holding.lease->word.deadline() > x_world.now()) {
                violated("S9: the delete of " + name(holding.client, id) +
                         " leaves while the lease is valid");
            }
        }
    }
}

/// Long after the last trouble, before anybody closes.
void RandomRun::check_rest() {
    if (x_world.server.tree().ephemerals() != 0) {
        violated("S14: a node is left, though nobody waits or holds");
    }
    if (x_world.server.watches().size() != 0) {
        violated("S14: a watch is left on " + x_world.server.watches().data_paths().front());
    }
    for (std::size_t who = 0; who < x_clients.size(); ++who) {
        const Client& client = x_clients[who];
        const ClientStats stats = client.driver->stats();
        if (stats.nodes_to_delete != 0 || stats.watches != 0 || stats.locks_held != 0 ||
            stats.locks_waiting != 0 || stats.pending_requests != 0) {
            violated("S14: client " + std::to_string(who) + " keeps " +
                     std::to_string(stats.nodes_to_delete) + " nodes, " +
                     std::to_string(stats.watches) + " watches, " +
                     std::to_string(stats.locks_held) + " leases, " +
                     std::to_string(stats.locks_waiting) + " waiters, " +
                     std::to_string(stats.pending_requests) + " requests");
        }
        const bool is_well = client.close_by || stats.state == ClientState::connected;
        if (!is_well) {
            violated("L7: client " + std::to_string(who) + " does not recover");
        }
        for (const auto& [id, asked] : client.asked) {
            if (asked.answers != 1) {
                violated(name(who, id) + " is answered " + std::to_string(asked.answers) +
                         " times");
            }
        }
    }
}

}  // namespace leasehold::support
