// The I/O thread's side of the client: operations on their way into the engine, and what it
// answers.
#include "sdk/client/client_impl.hpp"
#include "sdk/core/path.hpp"
#include "sdk/core/text.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace leasehold::detail {
namespace {

/// Takes an entry out of a registry; the default of its type if there is none.
template <class Map>
auto take(Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    if (found == map.end()) {
        return typename Map::mapped_type{};
    }
    auto value = std::move(found->second);
    map.erase(found);
    return value;
}

/// Of one lease: whoever nests deeper than this does so without end.
constexpr std::size_t most_handles = 1024;

/// Where it may be the reason: the paths that a user sees are below it.
void name_chroot(core::Refusal& refusal, const std::string& chroot) {
    const bool may_be_why = refusal.code == make_error_code(errc::no_chroot) ||
                            refusal.code == make_error_code(errc::not_permitted);
    if (may_be_why && !chroot.empty()) {
        refusal.what += "; the chroot is " + core::escape(chroot);
    }
}

}  // namespace

// ---- requests ----

void ClientImpl::begin_request(core::OperationId id, core::RawRequest request,
                               RequestHandler handler) {
    x_loop.post_operation(
        [this, id, request = std::move(request), handler = std::move(handler)](Turn& turn) mutable {
            submit(turn, id, std::move(request), std::move(handler));
        });
}

void ClientImpl::submit(Turn& turn, core::OperationId id, core::RawRequest request,
                        RequestHandler handler) {
    if (turn.engine == nullptr) {
        return handler(turn, turn.refusal);
    }
    x_requests.emplace(id, std::move(handler));
    turn.engine->submit(turn.now, id, std::move(request));
}

void ClientImpl::cancel_request(core::OperationId id) {
    x_loop.post_control([this, id](Turn& turn) { withdraw(turn, id); });
}

void ClientImpl::withdraw(Turn& turn, core::OperationId id) {
    if (turn.engine == nullptr) {
        return;
    }
    if (auto handler = take(x_requests, id)) {
        turn.engine->cancel_request(turn.now, id);
        handler(turn, errc::cancelled);
    }
}

void ClientImpl::on(Turn& turn, core::RequestDone&& done) {
    if (auto handler = take(x_requests, done.id)) {
        handler(turn, std::move(done.reply));
    }
}

// ---- watches ----

void ClientImpl::begin_watched_request(core::OperationId id, core::RawRequest request,
                                       WatchedHandler handler) {
    x_loop.post_operation(
        [this, id, request = std::move(request), handler = std::move(handler)](Turn& turn) mutable {
            if (turn.engine == nullptr) {
                return handler(turn.refusal, nullptr);
            }
            // Registered before it is asked for: the event may come with the reply.
            auto watch = std::make_shared<WatchState>(shared_from_this(), id);
            x_watches.emplace(id, watch);
            submit(turn, id, std::move(request),
                   [watch, handler = std::move(handler)](Turn&, result<core::Reply> reply) mutable {
                       handler(std::move(reply), std::move(watch));
                   });
        });
}

void ClientImpl::unwatch(std::shared_ptr<WatchState> watch) {
    post_farewell([this, watch = std::move(watch)](Turn& turn) {
        x_watches.erase(watch->id);
        watch->on_event(errc::cancelled);
        if (turn.engine != nullptr) {
            turn.engine->unwatch(turn.now, watch->id);
        }
    });
}

void ClientImpl::on(Turn&, core::WatchFired&& fired) {
    const auto watch = take(x_watches, fired.watch);
    if (!watch) {
        return;
    }
    if (fired.type == 0) {
        auto ended = x_close_was_sent
                         ? Error(errc::closed)
                         : Error(errc::session_expired, "the watch ended with its session");
        return watch->on_event(std::move(ended).at(core::without_chroot(x_chroot, fired.path)));
    }
    watch->on_event(WatchEvent{static_cast<WatchEventType>(fired.type),
                               core::without_chroot(x_chroot, fired.path)});
}

// ---- locks ----

void ClientImpl::begin_acquire(core::OperationId id, SharedLockRequest request,
                               Sink<ScopedLock> sink) {
    x_loop.post_operation(
        [this, id, request = std::move(request), sink = std::move(sink)](Turn& turn) mutable {
            if (turn.engine == nullptr) {
                return sink(Error(turn.refusal).at(request->path()));
            }
            std::shared_ptr<const core::AcquireSpec> spec(request, &request->spec);
            x_acquires.emplace(id, Acquire{std::move(sink), std::move(request)});
            turn.engine->acquire(turn.now, id, std::move(spec));
        });
}

void ClientImpl::cancel_acquire(core::OperationId id) {
    x_loop.post_control([this, id](Turn& turn) {
        const auto found = x_acquires.find(id);
        if (turn.engine == nullptr || found == x_acquires.end()) {
            return;
        }
        Acquire acquire = std::move(found->second);
        x_acquires.erase(found);
        turn.engine->cancel_acquire(turn.now, id);
        acquire.sink(Error(errc::cancelled).at(acquire.request->path()));
    });
}

void ClientImpl::on(Turn& turn, core::AcquireDone&& done) {
    Acquire acquire = take(x_acquires, done.id);
    auto* grant = std::get_if<core::Grant>(&done.outcome);
    if (grant == nullptr) {
        if (acquire.sink) {
            auto refusal = std::get<core::Refusal>(std::move(done.outcome));
            const std::string path = refusal.path.empty()
                                         ? acquire.request->path()
                                         : core::without_chroot(x_chroot, refusal.path);
            name_chroot(refusal, x_chroot);
            acquire.sink(to_error(std::move(refusal), path));
        }
        return;
    }
    if (!acquire.sink) {
        return turn.engine->release(turn.now, done.id);  // cancelled in the same moment
    }
    const auto hold =
        std::make_shared<Hold>(shared_from_this(), done.id, *grant, std::move(acquire.request));
    if (keep(hold)) {
        acquire.sink(Hold::make_lock(hold));
    } else {
        turn.engine->release(turn.now, done.id);
        acquire.sink(Error(errc::closed).at(hold->path()));
    }
}

bool ClientImpl::keep(const std::shared_ptr<Hold>& hold) {
    const std::lock_guard lock(x_holds_mutex);
    if (!x_is_closing) {
        x_holds[hold->id()].handles.push_back(hold);
    }
    return !x_is_closing;
}

template <class Change>
ClientImpl::Handles ClientImpl::handles_of(core::OperationId lease, Change change) {
    const std::lock_guard lock(x_holds_mutex);
    const auto found = x_holds.find(lease);
    if (found == x_holds.end()) {
        return {};
    }
    change(found->second);
    return found->second.handles;
}

result<ScopedLock> ClientImpl::add_handle(const Hold& hold) {
    const auto handle = std::make_shared<Hold>(Hold::OneMore{}, hold);
    const std::lock_guard lock(x_holds_mutex);
    BOOST_OUTCOME_TRYV(hold.verdict());
    const auto found = x_holds.find(hold.id());
    if (found == x_holds.end() || found->second.is_stop_due) {
        return hold.why_stopped();
    }
    if (found->second.handles.size() >= most_handles) {
        return Error(errc::overloaded, "the lock has as many handles as it may have")
            .at(hold.path());
    }
    handle->on_jeopardy(found->second.in_jeopardy);
    if (found->second.is_asked) {
        handle->on_asked();
    }
    found->second.handles.push_back(handle);
    return Hold::make_lock(handle);
}

bool ClientImpl::leave_to_others(const std::shared_ptr<Hold>& hold) {
    const std::lock_guard lock(x_holds_mutex);
    const auto found = x_holds.find(hold->id());
    if (found == x_holds.end()) {
        return false;  // over, for all of them
    }
    Handles& handles = found->second.handles;
    const bool was_alone = handles.size() == 1 && handles.front() == hold;
    if (!was_alone) {
        handles.erase(std::remove(handles.begin(), handles.end(), hold), handles.end());
    }
    return !was_alone;
}

void ClientImpl::release(const std::shared_ptr<Hold>& hold) {
    hold->invalidate(Loss::released);
    post_farewell(
        [hold, is_left = leave_to_others(hold)](Turn& turn) { end(turn, *hold, is_left); });
}

void ClientImpl::release(const std::shared_ptr<Hold>& hold, core::OperationId id, Sink<void> gone) {
    hold->invalidate(Loss::released);
    x_loop.post_control(
        [hold, id, gone = std::move(gone), is_left = leave_to_others(hold)](Turn& turn) mutable {
            end(turn, *hold, is_left);
            hold->wait_gone(id, std::move(gone));
        });
}

void ClientImpl::end(Turn& turn, Hold& hold, bool is_left_to_others) {
    if (is_left_to_others) {
        hold.on_stop_due();
        hold.on_ended(Loss::released);
        hold.on_node_gone(success());  // as far as it is this handle's business
    } else if (turn.engine != nullptr) {
        turn.engine->release(turn.now, hold.id());
    }
}

void ClientImpl::call_returned(core::OperationId lease) {
    post_farewell([lease](Turn& turn) {
        if (turn.engine != nullptr) {
            turn.engine->call_returned(turn.now, lease);
        }
    });
}

void ClientImpl::begin_extend(core::OperationId id, std::shared_ptr<Hold> hold, Duration budget,
                              Sink<Instant> sink) {
    x_loop.post_operation(
        [this, id, hold = std::move(hold), budget, sink = std::move(sink)](Turn& turn) mutable {
            if (turn.engine == nullptr) {
                return sink(Error(turn.refusal).at(hold->path()));
            }
            if (auto alive = hold->verdict(); !alive) {
                return sink(alive.error());
            }
            const core::OperationId lease = hold->id();
            x_extends.emplace(
                id, Extend{std::move(sink), std::move(hold), core::later(turn.now, budget)});
            turn.engine->extend(turn.now, id, lease, budget);
        });
}

void ClientImpl::cancel_extend(core::OperationId id) {
    x_loop.post_control([this, id](Turn&) {
        if (Extend extend = take(x_extends, id); extend.sink) {
            extend.sink(Error(errc::cancelled).at(extend.hold->path()));
        }
    });
}

void ClientImpl::on(Turn&, core::ExtendDone&& done) {
    Extend extend = take(x_extends, done.id);
    if (!extend.sink) {
        return;
    }
    if (done.deadline) {
        for (const auto& hold : handles_of(extend.hold->id(), [](HeldLock&) {})) {
            hold->on_extended(extend.budget_end);
        }
        extend.sink(std::move(done.deadline));
    } else {
        extend.sink(std::move(done.deadline).error().at(extend.hold->path()));
    }
}

void ClientImpl::on(Turn&, core::StopDue&& due) {
    for (const auto& hold :
         handles_of(due.lease, [](HeldLock& held) { held.is_stop_due = true; })) {
        hold->on_stop_due();
    }
}

void ClientImpl::on(Turn&, core::LeaseEnded&& ended) {
    for (const auto& hold : handles_of(ended.lease, [](HeldLock&) {})) {
        hold->on_ended(ended.loss);
    }
}

void ClientImpl::on(Turn&, core::NodeGone&& gone) {
    for (const auto& hold : handles_of(gone.lease, [](HeldLock&) {})) {
        hold->on_node_gone(gone.outcome);
    }
    const std::lock_guard lock(x_holds_mutex);
    x_holds.erase(gone.lease);
}

void ClientImpl::on(Turn&, core::JeopardyChanged&& changed) {
    for (const auto& hold : handles_of(
             changed.lease, [&](HeldLock& held) { held.in_jeopardy = changed.in_jeopardy; })) {
        hold->on_jeopardy(changed.in_jeopardy);
    }
}

void ClientImpl::on(Turn&, core::YieldAsked&& asked) {
    for (const auto& hold : handles_of(asked.lease, [](HeldLock& held) { held.is_asked = true; })) {
        hold->on_asked();
    }
}

// ---- the client itself ----

void ClientImpl::on_effect(Turn& turn, core::Effect&& effect) {
    std::visit([&](auto&& what) { on(turn, std::forward<decltype(what)>(what)); },
               std::move(effect));
}

void ClientImpl::on(Turn&, core::StateChanged&& changed) {
    x_state = changed.state;
    if (changed.state == ClientState::connected) {
        x_connecting.complete_all(success());
    }
    x_notices->on_state(changed.state);
}

void ClientImpl::on(Turn&, core::Log&& log) {
    x_notices->log(std::move(log));
}

void ClientImpl::on(Turn&, core::Closed&& closed) {
    x_close_outcome = std::move(closed.outcome);
    x_loop.stop();
}

void ClientImpl::on_stopped(Turn& turn) {
    if (x_state.exchange(ClientState::closed) != ClientState::closed) {
        x_notices->on_state(ClientState::closed);
    }
    for (auto& [id, handler] : std::exchange(x_requests, {})) {
        handler(turn, errc::closed);
    }
    for (auto& [id, acquire] : std::exchange(x_acquires, {})) {
        acquire.sink(Error(errc::closed).at(acquire.request->path()));
    }
    for (auto& [id, extend] : std::exchange(x_extends, {})) {
        extend.sink(Error(errc::closed).at(extend.hold->path()));
    }
    for (auto* conversions : {&x_downgrades, &x_upgrades}) {
        for (auto& [id, conversion] : std::exchange(*conversions, {})) {
            if (conversion.sink) {
                conversion.sink(Error(errc::closed).at(conversion.hold->path()));
            }
        }
    }
    for (auto& [id, watch] : std::exchange(x_watches, {})) {
        watch->on_event(errc::closed);
    }
    x_connecting.complete_all(errc::closed);
    invalidate_holds();
    decltype(x_holds) holds;
    {
        const std::lock_guard lock(x_holds_mutex);
        holds.swap(x_holds);
    }
    for (const auto& [lease, held] : holds) {
        for (const auto& hold : held.handles) {
            hold->on_stop_due();
            hold->on_ended(Loss::closed);
            hold->on_node_gone(Error(errc::closed,
                                     "the client was closed before the server "
                                     "confirmed the deletion"));
        }
    }
    x_closing.complete_all(x_close_outcome);
}

}  // namespace leasehold::detail
