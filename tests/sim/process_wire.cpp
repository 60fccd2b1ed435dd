// What leaves and reaches a process, read beside it: what the observer has to know of requests, and
// what the replies allow the safe deadline to be.
#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/watch.hpp"
#include "tests/sim/process.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::sim {

namespace {

using namespace std::chrono_literals;

std::size_t length_of(std::string_view bytes) {
    wire::Reader in(bytes.substr(0, 4));
    return static_cast<std::size_t>(in.int32());
}

/// The formula of docs/architecture.md once more, in whole numbers and by other hands: rho is 1 %,
/// epsilon 250 ms, and no client here is configured otherwise.
Duration usable(Duration timeout) {
    return timeout / 100 * 99 - 250ms;
}

Duration delta(const core::LeaseTiming& timing) {
    return timing.standalone ? Duration{} : (timing.sync_limit + 2) * timing.tick + timing.ack_gap;
}

/// What a quorum has to agree to.
bool is_write(wire::Opcode op) {
    using enum wire::Opcode;
    return op == create || op == create_container || op == remove || op == set_data || op == multi;
}

/// Replies that do not come through the ordinary pipeline, or deny the session.
bool is_evidence(std::int64_t zxid, wire::ServerError err) {
    return !(err == wire::ServerError::unimplemented && zxid == -1) &&
           err != wire::ServerError::session_expired && err != wire::ServerError::session_moved &&
           err != wire::ServerError::session_closed_require_auth;
}

std::string path_to_watch(wire::Opcode op, wire::Reader in) {
    if (op != wire::Opcode::get_data) {
        return {};
    }
    std::string path(in.string());
    return in.boolean() ? path : std::string{};
}

constexpr std::size_t reply_header_size = 16;

/// What the record of a simulated contender asks for; see record_of in user.cpp.
Duration delay_in(std::string_view record) {
    constexpr std::string_view before = "simulatedJ";
    const std::size_t start = record.find(before);
    if (start == std::string_view::npos) {
        return {};
    }
    record.remove_prefix(start + before.size());
    return milliseconds{
        std::stoll(std::string(record.substr(1, static_cast<std::size_t>(record[0]))))};
}

}  // namespace

// ---- what leaves --------------------------------------------------------------------------------

void Process::write(std::string bytes) {
    if (!x_link) {
        return x_world.violated("the engine writes without a connection");
    }
    if (bytes == "srvr") {
        x_link->is_probe = true;
    }
    x_world.journal.hash.mix(bytes);
    for (std::string_view rest = bytes; !x_link->is_probe && !rest.empty();) {
        const std::size_t size = rest.size() < 4 ? 0 : length_of(rest);
        if (size == 0 || rest.size() < 4 + size) {
            return x_world.violated("the engine writes half a frame");
        }
        read_request(rest.substr(4, size));
        rest.remove_prefix(4 + size);
    }
    x_network.send_up(x_link, std::move(bytes));
}

void Process::read_request(std::string_view frame) {
    Link& link = *x_link;
    if (!std::exchange(link.is_greeted, true)) {
        const auto request = wire::decode<wire::ConnectRequest>(frame).value();
        link.is_reattach = request.session_id != 0;
        link.is_trial = request.session_id == 0 &&
                        milliseconds{request.timeout_ms} != x_plan.settings.session_timeout;
        link.greeted_at = local();
        return;
    }
    wire::Reader in(frame);
    const std::int32_t xid = in.int32();
    const auto op = static_cast<wire::Opcode>(in.int32());
    if (xid > 0 && !link.is_trial && xid <= std::exchange(x_last_xid, xid)) {
        x_world.violated("client " + std::to_string(x_number) + " uses request number " +
                         std::to_string(xid) + " again");
    }
    if (op == wire::Opcode::ping) {
        link.pinged.push_back(local());
        return;
    }
    x_world.note([&] {
        wire::Reader body = in;
        const std::string_view path = body.string();
        return "client " + std::to_string(x_number) + " writes " + std::string(wire::name_of(op)) +
               " " + (path.starts_with('/') ? std::string(path) : std::string{});
    });
    if (op != wire::Opcode::auth) {
        link.sent.push_back({xid, op, local(), path_to_watch(op, in)});
    }
    if (link.is_trial) {
        return;
    }
    if (op == wire::Opcode::remove) {
        x_world.observer.on_delete_written(x_world.now, x_number, std::string(in.string()), false);
    } else if (op == wire::Opcode::multi) {
        read_multi(in);
    } else {
        x_is_closing |= op == wire::Opcode::close_session;
        x_world.observer.on_other_written(x_world.now, x_number, op);
        read_lock_request(op, in);
    }
}

/// Of a set: all of its nodes are made by one, and go in one. Of a release: each node is written to
/// before it is deleted.
void Process::read_multi(wire::Reader& in) {
    wire::MultiRequest multi;
    wire::read(in, multi);
    std::string written;
    for (const wire::MultiOp& op : multi.ops) {
        if (const auto* set = std::get_if<wire::SetDataRequest>(&op.body)) {
            written = set->path;
        } else if (const auto* remove = std::get_if<wire::RemoveRequest>(&op.body)) {
            x_world.observer.on_delete_written(x_world.now, x_number, remove->path,
                                               written == remove->path);
        } else if (const auto* create = std::get_if<wire::CreateRequest>(&op.body)) {
            x_world.observer.on_other_written(x_world.now, x_number, wire::Opcode::create);
            x_world.observer.on_lock_request(x_world.now, x_number, wire::Opcode::multi,
                                             create->path);
        }
    }
}

void Process::read_lock_request(wire::Opcode op, wire::Reader& in) {
    using enum wire::Opcode;
    if (op != create && op != create_container && op != exists && op != get_children &&
        op != get_data) {
        return;
    }
    const std::string path(in.string());
    const bool is_watch = (op == get_data || op == get_children) && in.boolean();
    // A list that watches comes after the grant: see core::LockQueue::look_for_others.
    if (op != get_children || !is_watch) {
        x_world.observer.on_lock_request(x_world.now, x_number, op, path);
    }
    if (op == get_data && is_watch) {
        x_world.observer.on_watch_written(x_world.now, x_number, path);
    }
}

// ---- what arrives -------------------------------------------------------------------------------

void Process::read(Link& link, std::string_view bytes) {
    x_world.journal.hash.mix(bytes);
    if (link.is_probe) {
        return;
    }
    std::string joined;
    if (!link.partial.empty()) {
        joined = std::exchange(link.partial, {});
        joined += bytes;
        bytes = joined;
    }
    while (bytes.size() >= 4 && bytes.size() >= 4 + length_of(bytes)) {
        const std::size_t size = length_of(bytes);
        const std::string_view frame = bytes.substr(4, size);
        std::exchange(link.is_answered, true) ? read_reply(link, frame)
                                              : read_connect_response(link, frame);
        bytes.remove_prefix(4 + size);
    }
    link.partial = bytes;
}

void Process::read_connect_response(Link& link, std::string_view frame) {
    const auto answer = wire::decode_connect_answer(frame);
    const auto* response = answer ? std::get_if<wire::ConnectResponse>(&answer.value()) : nullptr;
    if (response == nullptr || response->timeout_ms <= 0 || response->read_only.value_or(false) ||
        link.is_trial) {
        return;
    }
    const Duration granted =
        std::min<Duration>(milliseconds{response->timeout_ms}, x_plan.settings.session_timeout);
    if (x_session == 0) {
        x_session = response->session_id;
        x_timeout = granted;
        x_created = link.greeted_at;
        x_newest = link.greeted_at;
        x_newest_commit = Instant::min();
        x_is_closing = false;
    } else if (x_session == response->session_id) {
        x_timeout = std::min(x_timeout, granted);
        x_newest = std::max(x_newest, link.greeted_at);
    } else {
        x_must_be_lost = true;
        return;
    }
    x_has_news = true;
    disturb();
    x_world.observer.on_attached(x_world.now, x_number, x_session);
}

void Process::read_reply(Link& link, std::string_view frame) {
    wire::Reader in(frame);
    const std::int32_t xid = in.int32();
    const std::int64_t zxid = in.int64();
    const auto err = static_cast<wire::ServerError>(in.int32());
    if (xid == wire::notification_xid) {
        const auto type = static_cast<wire::WatchEventType>(in.int32());
        static_cast<void>(in.int32());
        const std::string path(in.string());
        x_world.note([&] {
            return "client " + std::to_string(x_number) + " hears event " +
                   std::to_string(static_cast<int>(type)) + " of " + path;
        });
        if (type == wire::WatchEventType::deleted) {
            x_world.observer.on_notified(x_world.now, x_number, path);
        }
        return;
    }
    if (link.is_trial) {
        return;
    }
    if (xid == wire::ping_xid && !link.pinged.empty()) {
        acknowledged(link.pinged.front());
        return link.pinged.pop_front();
    }
    const auto request = std::find_if(link.sent.begin(), link.sent.end(),
                                      [&](const Sent& each) { return each.xid == xid; });
    if (request == link.sent.end()) {
        return;
    }
    if (is_evidence(zxid, err)) {
        acknowledged(request->at);
    }
    if (err == wire::ServerError::ok && is_write(request->op)) {
        x_newest_commit = std::max(x_newest_commit, request->at);
    }
    if (!request->watched.empty() && err == wire::ServerError::ok) {
        const auto reply = wire::decode<wire::GetDataReply>(frame.substr(reply_header_size));
        x_world.observer.on_watch_armed(x_world.now, x_number, request->watched,
                                        delay_in(reply.value().data.value_or(std::string{})));
    }
    link.sent.erase(request);
}

void Process::acknowledged(Instant sent) {
    x_newest = std::max(x_newest, sent);
    x_has_news = true;
}

/// S3 and S4 at every instant at which the safe deadline can have moved forward.
void Process::check_evidence() {
    const Duration in_hand = x_engine.stats(local()).lease_in_hand;
    if (in_hand <= Duration{} || x_session == 0 || x_is_closing) {
        return;
    }
    const core::LeaseTiming& timing = x_plan.settings.timing;
    // By quorum evidence no exact one: between the first and the last of four answers are 1.5
    // ticks.
    const Instant proven = timing.is_by_quorum()
                               ? core::later(x_newest_commit, -timing.tick / 2 * 3)
                               : x_newest - delta(timing);
    const Instant bound = std::max(x_created, proven) + usable(x_timeout);
    std::optional<Instant> expiry = x_world.ensemble.expiry_of(x_session);
    if (!expiry && x_world.ensemble.leader()) {
        const auto sessions = x_world.ensemble.sessions();
        if (std::find(sessions.begin(), sessions.end(), x_session) == sessions.end()) {
            expiry = x_world.now;
        }
    }
    x_world.observer.on_evidence(x_world.now, x_number, local() + in_hand, expiry, bound);
}

}  // namespace leasehold::sim
