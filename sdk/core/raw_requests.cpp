#include "sdk/core/raw_requests.hpp"

#include "sdk/wire/record.hpp"

#include <optional>
#include <utility>

namespace leasehold::core {

namespace {

/// The first version that knows the operation (PROTOCOL section 4); an older one would close the
/// connection of every lock.
ServerVersion least_version(wire::Opcode op) {
    switch (op) {
        case wire::Opcode::create2:
        case wire::Opcode::reconfig:
        case wire::Opcode::check_watches:
        case wire::Opcode::remove_watches: return {3, 5, 0};
        case wire::Opcode::create_container: return {3, 5, 1};
        case wire::Opcode::create_ttl: return {3, 5, 3};
        case wire::Opcode::multi_read:
        case wire::Opcode::get_ephemerals:
        case wire::Opcode::get_all_children_number:
        case wire::Opcode::set_watches2:
        case wire::Opcode::add_watch: return {3, 6, 0};
        case wire::Opcode::who_am_i: return {3, 7, 0};
        default: return {};
    }
}

/// A bare check poisons the transaction log of servers before 3.8.5 and 3.9.3 (ZOOKEEPER-2623).
bool is_forbidden(wire::Opcode op) {
    return op == wire::Opcode::check || op == wire::Opcode::create_session ||
           op == wire::Opcode::close_session || op == wire::Opcode::delete_container;
}

std::string text_of(ServerVersion version) {
    return std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
           std::to_string(version.patch);
}

}  // namespace

RawRequests::RawRequests(Session& session, WatchRegistry& watches, Timers& timers,
                         std::vector<Effect>& effects)
    : x_session(session), x_watches(watches), x_timers(timers), x_effects(effects) {}

void RawRequests::submit(Instant now, OperationId id, RawRequest request) {
    if (request.timeout > Duration{}) {
        x_timers.set({TimerKind::request_end, id}, later(now, request.timeout));
    }
    x_requests.emplace(id, Pending{std::move(request), {}});
    if (x_session.is_attached()) {
        write(now, id);
    } else {
        x_unwritten.push_back(id);
    }
}

void RawRequests::on_attached(Instant now) {
    for (const OperationId id : std::exchange(x_unwritten, {})) {
        write(now, id);
    }
}

void RawRequests::write(Instant now, OperationId id) {
    const auto found = x_requests.find(id);
    if (found == x_requests.end()) {
        return;  // given up while it waited
    }
    const RawRequest& request = found->second.request;
    if (is_forbidden(request.op)) {
        return answer(id, Error{errc::invalid_argument, "this operation cannot be sent alone"});
    }
    if (x_session.server_version() < least_version(request.op)) {
        return answer(id, Error{errc::unsupported,
                                std::string(wire::name_of(request.op)) +
                                    " needs a server >= " + text_of(least_version(request.op)) +
                                    "; this one counts as " + text_of(x_session.server_version())});
    }
    x_session.send(now, request.op, wire::Opaque{request.body},
                   [this, id, watch = request.watch](Instant when, const Response& response) {
                       on_answer(when, id, watch, response);
                   });
}

bool RawRequests::on_watch_event(const wire::WatcherEvent& event) {
    bool is_early = false;
    for (auto& [id, pending] : x_requests) {
        const auto& watch = pending.request.watch;
        if (watch && watch->second == event.path &&
            (event.type == wire::WatchEventType::deleted ||
             (watch->first == WatchKind::child) ==
                 (event.type == wire::WatchEventType::children_changed))) {
            pending.early = event;
            is_early = true;
        }
    }
    return is_early;
}

/// Nobody waits any more for what was just armed.
void RawRequests::disarm(Instant now, OperationId id) {
    const auto request = x_watches.remove(id);
    if (request && x_session.server_version().has_remove_watches()) {
        x_session.send(now, *request, [](Instant, const Response&) {});
    }
}

void RawRequests::on_answer(Instant now, OperationId id, const WatchTarget& watch,
                            const Response& response) {
    // The registration rule of the protocol: on success, and for exists also on an absent node.
    const bool leaves_watch =
        watch && (response.ok() || (!response.failure && watch->first == WatchKind::exist &&
                                    response.err == wire::ServerError::no_node));
    const auto found = x_requests.find(id);
    const bool was_given_up = found == x_requests.end();
    const auto early = was_given_up ? std::nullopt : std::exchange(found->second.early, {});
    if (leaves_watch && !early) {
        // Of a node that is there `exists` leaves the watch that `getData` leaves. Only restored as
        // that does it tell of a deletion that came while there was no connection.
        const bool is_there = watch->first == WatchKind::exist && response.ok();
        x_watches.add(id, is_there ? WatchKind::data : watch->first, watch->second);
    }
    if (was_given_up) {
        return disarm(now, id);
    }
    if (response.failure) {
        return answer(id, Error{response.failure, ErrorContext{}});
    }
    if (response.ok()) {
        answer(id, Reply{response.zxid, std::string(response.body)});
    } else {
        answer(id, Error{static_cast<zk_errc>(response.err)});
    }
    if (leaves_watch && early) {
        x_effects.emplace_back(WatchFired{id, static_cast<std::int32_t>(early->type), early->path});
    }
}

void RawRequests::give_up(OperationId id, std::error_code code, std::string what) {
    if (x_requests.contains(id)) {
        answer(id, Error{code, ErrorContext{.what = std::move(what)}});
    }
}

void RawRequests::refuse_all(std::error_code code, const std::string& what) {
    x_unwritten.clear();
    while (!x_requests.empty()) {
        give_up(x_requests.begin()->first, code, what);
    }
}

void RawRequests::answer(OperationId id, result<Reply> reply) {
    x_requests.erase(id);
    x_timers.cancel({TimerKind::request_end, id});
    x_effects.emplace_back(RequestDone{id, std::move(reply)});
}

}  // namespace leasehold::core
