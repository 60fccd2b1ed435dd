#include <leasehold/lock.hpp>

#include "sdk/client/client_impl.hpp"
#include "sdk/client/fork.hpp"
#include "sdk/client/operation.hpp"
#include "sdk/core/settings.hpp"

#include <utility>

namespace leasehold {

using detail::ClientImpl;
using detail::Hold;
using detail::Operation;
using detail::Sink;
using detail::Turn;

namespace {

std::shared_ptr<ClientImpl> impl_of(const std::shared_ptr<Hold>& hold) {
    return hold ? hold->impl() : nullptr;
}

/// Cancels what waits for the lock's end or its node's; holds neither of them alive.
struct CancelWait {
    void operator()(core::OperationId id) const {
        if (const auto live = hold.lock()) {
            live->impl()->loop().post_control([live, id](Turn&) { live->cancel_wait(id); });
        }
    }
    std::weak_ptr<Hold> hold;
};

Operation<Loss> lost_operation(const std::shared_ptr<Hold>& hold) {
    return {[hold](core::OperationId id, Sink<Loss> sink) {
                hold->impl()->loop().post_operation(
                    [hold, id, sink = std::move(sink)](Turn& turn) mutable {
                        if (turn.engine == nullptr && turn.refusal == errc::overloaded) {
                            return sink(turn.refusal);
                        }
                        hold->wait_lost(id, std::move(sink));
                    });
            },
            CancelWait{hold}};
}

/// Answered when the node is gone.
struct ReleaseOperation {
    using value_type = void;

    void begin(core::OperationId id, Sink<void> sink) const {
        hold->impl()->release(hold, id, std::move(sink));
    }

    std::shared_ptr<Hold> hold{};
    CancelWait cancel{hold};
};

Operation<Instant> extend_operation(const std::shared_ptr<Hold>& hold, milliseconds budget) {
    if (budget <= milliseconds{0}) {
        return detail::failed_operation<Instant>(
            Error(errc::invalid_argument, "the budget must be positive").at(hold->path()));
    }
    return {[hold, budget](core::OperationId id, Sink<Instant> sink) {
                hold->impl()->begin_extend(id, hold, core::saturate(budget), std::move(sink));
            },
            [weak = std::weak_ptr(hold->impl())](core::OperationId id) {
                if (const auto impl = weak.lock()) {
                    impl->cancel_extend(id);
                }
            }};
}

Operation<void> downgrade_operation(const std::shared_ptr<Hold>& hold) {
    return {[hold](core::OperationId id, Sink<void> sink) {
                hold->impl()->begin_downgrade(id, hold, std::move(sink));
            },
            [weak = std::weak_ptr(hold->impl())](core::OperationId id) {
                if (const auto impl = weak.lock()) {
                    impl->cancel_downgrade(id);
                }
            }};
}

Operation<void> upgrade_operation(const std::shared_ptr<Hold>& hold,
                                  const UpgradeOptions& options) {
    if (options.wait < milliseconds{0}) {
        return detail::failed_operation<void>(
            Error(errc::invalid_argument, "wait is negative; 0 tries once").at(hold->path()));
    }
    return {[hold, wait = options.wait](core::OperationId id, Sink<void> sink) {
                hold->impl()->begin_upgrade(id, hold, wait, std::move(sink));
            },
            [weak = std::weak_ptr(hold->impl())](core::OperationId id) {
                if (const auto impl = weak.lock()) {
                    impl->cancel_upgrade(id);
                }
            }};
}

}  // namespace

ScopedLock::ScopedLock(std::shared_ptr<Hold> hold) noexcept : x_hold(std::move(hold)) {}

ScopedLock::ScopedLock(ScopedLock&&) noexcept = default;

ScopedLock& ScopedLock::operator=(ScopedLock&& other) noexcept {
    if (this != &other) {
        drop();
        x_hold = std::move(other.x_hold);
    }
    return *this;
}

ScopedLock::~ScopedLock() {
    drop();
}

void ScopedLock::drop() noexcept {
    const auto hold = std::move(x_hold);
    if (!hold) {
        return;
    }
    if (hold->is_forked()) {
        return detail::abandon(hold);
    }
    hold->impl()->release(hold);
}

result<ScopedLock> ScopedLock::again() const {
    const auto impl = impl_of(x_hold);
    BOOST_OUTCOME_TRYV(detail::check_usable(impl));
    return impl->add_handle(*x_hold);
}

bool ScopedLock::valid() const noexcept {
    return x_hold && x_hold->valid();
}

Instant ScopedLock::deadline() const noexcept {
    return x_hold ? x_hold->deadline() : Instant::min();
}

Duration ScopedLock::remaining() const noexcept {
    const Instant end = deadline();
    const Instant now = BootClock::now();
    return end > now ? end - now : Duration::zero();
}

std::int64_t ScopedLock::token() const noexcept {
    return x_hold ? x_hold->token() : 0;
}

LockKind ScopedLock::kind() const noexcept {
    return x_hold ? x_hold->kind() : LockKind::exclusive;
}

std::string_view ScopedLock::path() const noexcept {
    return x_hold ? std::string_view(x_hold->path()) : std::string_view{};
}

std::span<const std::string> ScopedLock::paths() const noexcept {
    return x_hold ? x_hold->paths() : std::span<const std::string>{};
}

std::string_view ScopedLock::node() const noexcept {
    return x_hold ? std::string_view(x_hold->nodes().front()) : std::string_view{};
}

std::span<const std::string> ScopedLock::nodes() const noexcept {
    return x_hold ? x_hold->nodes() : std::span<const std::string>{};
}

bool ScopedLock::is_shortened() const noexcept {
    return x_hold && x_hold->is_shortened();
}

std::stop_token ScopedLock::stop_token() const noexcept {
    return x_hold ? x_hold->stop_token() : std::stop_token{};
}

void ScopedLock::on_jeopardy(std::function<void(bool)> handler) const {
    if (x_hold && !x_hold->is_forked()) {
        x_hold->set_jeopardy_handler(std::move(handler));
    }
}

void ScopedLock::on_requested(std::function<void()> handler) const {
    if (x_hold && !x_hold->is_forked()) {
        x_hold->set_asked_handler(std::move(handler));
    }
}

detail::Start<Loss> ScopedLock::prepare_lost() const {
    auto impl = impl_of(x_hold);
    return detail::asynchronous(impl, impl ? lost_operation(x_hold) : Operation<Loss>{});
}

result<Instant> ScopedLock::extend(milliseconds budget) const {
    const auto impl = impl_of(x_hold);
    BOOST_OUTCOME_TRYV(detail::check_usable(impl));
    return detail::wait_for(impl, extend_operation(x_hold, budget));
}

detail::Start<Instant> ScopedLock::prepare_extend(milliseconds budget) const {
    auto impl = impl_of(x_hold);
    return detail::asynchronous(impl,
                                impl ? extend_operation(x_hold, budget) : Operation<Instant>{});
}

result<void> ScopedLock::downgrade() const {
    const auto impl = impl_of(x_hold);
    BOOST_OUTCOME_TRYV(detail::check_usable(impl));
    return detail::wait_for(impl, downgrade_operation(x_hold));
}

detail::Start<void> ScopedLock::prepare_downgrade() const {
    auto impl = impl_of(x_hold);
    return detail::asynchronous(impl, impl ? downgrade_operation(x_hold) : Operation<void>{});
}

result<void> ScopedLock::upgrade(const UpgradeOptions& options) const {
    const auto impl = impl_of(x_hold);
    BOOST_OUTCOME_TRYV(detail::check_usable(impl));
    return detail::wait_for(impl, upgrade_operation(x_hold, options));
}

detail::Start<void> ScopedLock::prepare_upgrade(const UpgradeOptions& options) const {
    auto impl = impl_of(x_hold);
    return detail::asynchronous(impl,
                                impl ? upgrade_operation(x_hold, options) : Operation<void>{});
}

result<void> ScopedLock::release(milliseconds timeout) {
    const auto impl = impl_of(x_hold);
    BOOST_OUTCOME_TRYV(detail::check_usable(impl));
    return detail::wait_for(impl, ReleaseOperation{x_hold}, timeout, [this] {
        return Error(errc::timed_out, "the deletion is being repeated behind this")
            .at(x_hold->path());
    });
}

detail::Start<void> ScopedLock::prepare_release() {
    auto impl = impl_of(x_hold);
    return detail::asynchronous(impl, ReleaseOperation{x_hold});
}

}  // namespace leasehold
