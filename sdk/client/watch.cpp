#include <leasehold/zookeeper.hpp>

#include "sdk/client/client_impl.hpp"
#include "sdk/client/fork.hpp"
#include "sdk/client/operation.hpp"
#include "sdk/client/watch_state.hpp"

#include <utility>

namespace leasehold {

using detail::ClientImpl;
using detail::Operation;
using detail::Sink;
using detail::Turn;
using detail::WatchState;

namespace {

Operation<WatchEvent> wait_operation(const std::shared_ptr<WatchState>& state) {
    return {
        [state](core::OperationId id, Sink<WatchEvent> sink) {
            state->impl->loop().post_operation(
                [state, id, sink = std::move(sink)](Turn& turn) mutable {
                    if (turn.engine == nullptr && turn.refusal == errc::overloaded) {
                        return sink(turn.refusal);
                    }
                    state->wait(id, std::move(sink));
                });
        },
        [weak = std::weak_ptr(state)](core::OperationId id) {
            if (const auto live = weak.lock()) {
                live->impl->loop().post_control([live, id](Turn&) { live->waiting.cancel(id); });
            }
        }};
}

std::shared_ptr<ClientImpl> impl_of(const std::shared_ptr<WatchState>& state) {
    return state ? state->impl : nullptr;
}

}  // namespace

Watch::Watch(std::shared_ptr<WatchState> state) noexcept : x_state(std::move(state)) {}

Watch::Watch(Watch&&) noexcept = default;

Watch& Watch::operator=(Watch&& other) noexcept {
    if (this != &other) {
        drop();
        x_state = std::move(other.x_state);
    }
    return *this;
}

Watch::~Watch() {
    drop();
}

void Watch::drop() noexcept {
    const auto state = std::move(x_state);
    if (!state) {
        return;
    }
    if (state->impl->is_forked()) {
        return detail::abandon(state);
    }
    state->impl->unwatch(state);
}

result<WatchEvent> Watch::wait(milliseconds timeout) {
    const auto impl = impl_of(x_state);
    BOOST_OUTCOME_TRYV(detail::check_usable(impl));
    BOOST_OUTCOME_TRYV(impl->check_not_inside());
    if (auto event = x_state->event()) {
        return std::move(*event);  // a poll does not depend on how soon the I/O thread answers
    }
    return detail::wait_for(impl, wait_operation(x_state), timeout, [] {
        return Error(errc::timed_out, "nothing has changed; the watch stays armed");
    });
}

detail::Start<WatchEvent> Watch::prepare_wait() const {
    auto impl = impl_of(x_state);
    return detail::asynchronous(impl, impl ? wait_operation(x_state) : Operation<WatchEvent>{});
}

}  // namespace leasehold
