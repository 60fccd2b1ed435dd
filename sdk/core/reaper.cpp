#include "sdk/core/reaper.hpp"

#include "sdk/core/path.hpp"
#include "sdk/core/text.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::core {

namespace {

constexpr Duration first_backoff = std::chrono::milliseconds{100};
constexpr Duration last_backoff = std::chrono::seconds{10};

/// Whoever watches a released node hears of the first of the two only, and then finds nothing:
/// nobody else's end looks like that, least of all that of a session.
void add_removal(wire::MultiRequest& request, const Condemned& node) {
    const std::string path = child(*node.parent, node.name.text());
    if (node.is_released) {
        request.ops.push_back(
            {wire::SetDataRequest{.path = path, .data = "", .version = wire::any_version}});
    }
    request.ops.push_back({wire::RemoveRequest{.path = path, .version = wire::any_version}});
}

}  // namespace

Reaper::Reaper(const Settings& settings, Session& session, Timers& timers,
               std::vector<Effect>& effects)
    : x_settings(settings), x_session(session), x_timers(timers), x_effects(effects) {}

void Reaper::condemn(Instant now, CondemnedSet&& nodes) {
    const std::uint64_t set = x_next_id;
    const bool is_single = nodes.size() == 1;
    for (Condemned& node : nodes) {
        const std::uint64_t id = x_next_id++;
        const Instant due = std::max(now, node.not_before);
        add(id, {.node = std::move(node),
                 .backoff = first_backoff,
                 .set = set,
                 .goes_alone = is_single});
        x_timers.set({TimerKind::orphan, id}, later(due, x_settings.orphan_limit));
    }
    work_on_set(now, set);
}

void Reaper::add(std::uint64_t id, Entry entry) {
    if (x_spare) {
        x_spare.key() = id;
        x_spare.mapped() = std::move(entry);
        x_nodes.insert(std::move(x_spare));
    } else {
        x_nodes.emplace(id, std::move(entry));
    }
}

void Reaper::on_created(Instant now, std::uint64_t create, wire::ServerError err,
                        std::string_view path) {
    const auto found = std::find_if(x_nodes.begin(), x_nodes.end(), [create](const auto& item) {
        return item.second.node.awaited == create;
    });
    if (found == x_nodes.end()) {
        return;
    }
    const std::uint64_t id = found->first;
    Condemned& node = found->second.node;
    node.awaited = 0;
    if (err != wire::ServerError::ok) {
        const std::uint64_t set = found->second.set;
        finish(id, success());
        return work_on_set(now, set);
    }
    const auto name = name_below(*node.parent, path);
    if (name && name->starts_with(node.name.prefix())) {
        node.name.learn(*name);
    }
    work_on(now, id);
}

void Reaper::on_attached(Instant now) {
    std::vector<std::uint64_t> ids;
    for (const auto& [id, entry] : x_nodes) {
        ids.push_back(id);
    }
    for (const std::uint64_t id : ids) {
        work_on(now, id);
    }
}

void Reaper::on_detached() {
    for (auto& [id, entry] : x_nodes) {
        entry.is_in_flight = false;
        entry.node.awaited = 0;  // it will not come any more: the list has to tell
    }
}

void Reaper::on_session_ended(const result<void>& outcome) {
    while (!x_nodes.empty()) {
        finish(x_nodes.begin()->first, outcome);
    }
}

void Reaper::on_reap_timer(Instant now, std::uint64_t id) {
    work_on(now, id);
}

std::size_t Reaper::orphans() const {
    return static_cast<std::size_t>(std::count_if(
        x_nodes.begin(), x_nodes.end(), [](const auto& item) { return item.second.is_orphan; }));
}

void Reaper::work_on(Instant now, std::uint64_t id) {
    const auto found = x_nodes.find(id);
    if (found == x_nodes.end() || !x_session.is_attached() || x_session.is_closing() ||
        found->second.is_in_flight || found->second.node.awaited != 0) {
        return;
    }
    const Condemned& node = found->second.node;
    if (node.name.is_known() && now < node.not_before) {
        return x_timers.set({TimerKind::reap, id}, node.not_before);
    }
    x_timers.cancel({TimerKind::reap, id});
    if (node.name.is_known() && !found->second.goes_alone) {
        return remove_together(now, found->second.set);
    }
    found->second.is_in_flight = true;
    if (!node.name.is_known()) {
        resolve(now, id);
    } else if (node.is_released) {
        remove_with_mark(now, id);
    } else {
        remove(now, id);
    }
}

// ---- those that belong together -----------------------------------------------------------------

Reaper::Ids Reaper::ids_of(std::uint64_t set) const {
    Ids ids;
    for (auto node = x_nodes.lower_bound(set); node != x_nodes.end() && node->second.set == set;
         ++node) {
        ids.push_back(node->first);
    }
    return ids;
}

void Reaper::work_on_set(Instant now, std::uint64_t set) {
    for (const std::uint64_t id : ids_of(set)) {
        work_on(now, id);
    }
}

/// From now on each goes by itself, so that none waits for one that cannot go.
void Reaper::dissolve(Instant now, std::uint64_t set, std::uint64_t except) {
    const auto ids = ids_of(set);
    for (const std::uint64_t id : ids) {
        x_nodes.at(id).goes_alone = true;
    }
    for (const std::uint64_t id : ids) {
        if (id != except) {
            work_on(now, id);
        }
    }
}

void Reaper::remove_together(Instant now, std::uint64_t set) {
    const auto ids = ids_of(set);
    wire::MultiRequest request;
    for (const std::uint64_t id : ids) {
        const Condemned& node = x_nodes.at(id).node;
        if (!node.name.is_known()) {
            return;  // being found out, which leads here again
        }
        add_removal(request, node);
    }
    for (const std::uint64_t id : ids) {
        x_nodes.at(id).is_in_flight = true;
    }
    x_session.send(now, request, [this, set](Instant when, const Response& response) {
        on_removed_together(when, set, response);
    });
}

void Reaper::on_removed_together(Instant now, std::uint64_t set, const Response& response) {
    const auto ids = ids_of(set);
    if (response.failure || ids.empty()) {
        return;  // lost: on_detached has made them due again
    }
    const auto reply = wire::decode<wire::MultiReply>(response.body);
    const bool are_gone =
        response.ok() && reply && wire::first_error(reply.value()) == wire::ServerError::ok;
    for (const std::uint64_t id : ids) {
        x_nodes.at(id).is_in_flight = false;
        if (are_gone) {
            finish(id, success());
        }
    }
    dissolve(now, set, 0);
}

// ---- each by itself -----------------------------------------------------------------------------

void Reaper::remove_with_mark(Instant now, std::uint64_t id) {
    wire::MultiRequest request;
    add_removal(request, x_nodes.at(id).node);
    x_session.send(now, request, [this, id](Instant when, const Response& response) {
        on_removed_with_mark(when, id, response);
    });
}

void Reaper::on_removed_with_mark(Instant now, std::uint64_t id, const Response& response) {
    const auto found = x_nodes.find(id);
    if (found == x_nodes.end() || response.failure) {
        return;  // lost: on_detached has made it due again
    }
    const auto reply = wire::decode<wire::MultiReply>(response.body);
    const wire::ServerError err = !response.ok() ? response.err
                                  : reply        ? wire::first_error(reply.value())
                                                 : wire::ServerError::marshalling_error;
    found->second.is_in_flight = false;
    if (err == wire::ServerError::ok || err == wire::ServerError::no_node) {
        return finish(id, success());
    }
    // Not allowed to write to our node, perhaps: that it goes matters more than how.
    found->second.node.is_released = false;
    work_on(now, id);
}

void Reaper::remove(Instant now, std::uint64_t id) {
    const Condemned& node = x_nodes.at(id).node;
    const wire::RemoveView request{{*node.parent, node.name.text()}};
    x_session.send(now, request, [this, id](Instant when, const Response& response) {
        on_removed(when, id, response);
    });
}

void Reaper::on_removed(Instant now, std::uint64_t id, const Response& response) {
    if (!x_nodes.contains(id) || response.failure) {
        return;  // lost: on_detached has made it due again
    }
    x_nodes.at(id).is_in_flight = false;
    if (response.ok() || response.err == wire::ServerError::no_node) {
        return finish(id, success());
    }
    retry_later(now, id, wire::describe(response.err));
}

/// Nobody knows whether the create took effect: behind a write barrier the list tells.
void Reaper::resolve(Instant now, std::uint64_t id) {
    x_session.send(now, wire::MultiRequest{}, [](Instant, const Response&) {});
    const wire::GetChildrenView request{*x_nodes.at(id).node.parent, false};
    x_session.send(now, request, [this, id](Instant when, const Response& response) {
        on_listed(when, id, response);
    });
}

void Reaper::on_listed(Instant now, std::uint64_t id, const Response& response) {
    const auto found = x_nodes.find(id);
    if (found == x_nodes.end() || response.failure == make_error_code(errc::connection_lost)) {
        return;
    }
    found->second.is_in_flight = false;
    const std::uint64_t set = found->second.set;
    if (response.err == wire::ServerError::no_node) {
        finish(id, success());
        return work_on_set(now, set);
    }
    wire::ChildrenView list;
    if (!response.ok() || wire::decode_into(list, response.body)) {
        return retry_later(now, id, "the contenders could not be listed");
    }
    Entry& entry = found->second;
    const std::string_view prefix = entry.node.name.prefix();
    entry.candidates.clear();
    for (const std::string_view name : list.children) {
        if (name.starts_with(prefix)) {
            entry.candidates.emplace_back(name);
        }
    }
    if (entry.candidates.empty()) {
        finish(id, success());
        return work_on_set(now, set);
    }
    if (entry.candidates.size() > 1) {
        return look_at_candidate(now, id);
    }
    entry.node.name.learn(entry.candidates.front());
    work_on(now, id);
}

/// Somebody has made nodes under the name of ours: ours is the one of our session.
void Reaper::look_at_candidate(Instant now, std::uint64_t id) {
    Entry& entry = x_nodes.at(id);
    if (entry.candidates.empty()) {
        const std::uint64_t set = entry.set;
        finish(id, success());
        return work_on_set(now, set);
    }
    entry.is_in_flight = true;
    wire::GetDataRequest request;
    request.path = child(*entry.node.parent, entry.candidates.back());
    x_session.send(now, request, [this, id](Instant when, const Response& response) {
        on_candidate(when, id, response);
    });
}

void Reaper::on_candidate(Instant now, std::uint64_t id, const Response& response) {
    const auto found = x_nodes.find(id);
    if (found == x_nodes.end() || response.failure) {
        return;  // lost: on_detached has made it due again
    }
    Entry& entry = found->second;
    entry.is_in_flight = false;
    const bool is_answered = response.ok() || response.err == wire::ServerError::no_node ||
                             response.err == wire::ServerError::no_auth;
    if (!is_answered) {
        return retry_later(now, id, wire::describe(response.err));
    }
    const auto reply = wire::decode<wire::GetDataReply>(response.body);
    const bool is_ours =
        response.ok() && reply && reply.value().stat.ephemeral_owner == x_session.id();
    if (is_ours) {
        entry.node.name.learn(entry.candidates.back());
        return work_on(now, id);
    }
    entry.candidates.pop_back();
    look_at_candidate(now, id);
}

void Reaper::retry_later(Instant now, std::uint64_t id, std::string_view why) {
    Entry& entry = x_nodes.at(id);
    if (entry.backoff >= last_backoff && !entry.is_orphan) {
        entry.is_orphan = true;
        x_effects.emplace_back(
            Log{LogLevel::error,
                "orphan",
                {{"node", escape(child(*entry.node.parent, entry.node.name.prefix()))},
                 {"why", std::string(why)}}});
    }
    x_timers.set({TimerKind::reap, id}, later(now, entry.backoff));
    entry.backoff = std::min(2 * entry.backoff, last_backoff);
    if (!entry.goes_alone) {
        dissolve(now, entry.set, id);
    }
}

void Reaper::finish(std::uint64_t id, result<void> outcome) {
    auto finished = x_nodes.extract(id);
    x_timers.cancel({TimerKind::reap, id});
    x_timers.cancel({TimerKind::orphan, id});
    if (finished.mapped().node.lease != 0 && ids_of(finished.mapped().set).empty()) {
        x_effects.emplace_back(NodeGone{finished.mapped().node.lease, std::move(outcome)});
    }
    finished.mapped() = {};
    x_spare = std::move(finished);
}

}  // namespace leasehold::core
