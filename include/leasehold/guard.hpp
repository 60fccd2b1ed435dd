// The guard around the work that a lock is held for: it hands the work its deadline, and says
// afterwards whether the lock was still ours when the work came back.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>
#include <type_traits>
#include <utility>

namespace leasehold {

namespace detail {
class Hold;
class CallScope;
}  // namespace detail

/// What a guarded call may know about the lock it runs under. Cheap to copy.
/// Thread safety: may be used from any number of threads, and after the lock's handle is gone.
class CallContext {
public:
    /// When the call is asked to stop: the lease deadline minus the reserve. It may move while the
    /// call runs, and lies in the past once the lease has ended: pass it to whatever blocks.
    [[nodiscard]] Instant deadline() const noexcept;
    /// From now to `deadline()`; zero once it passed.
    [[nodiscard]] Duration remaining() const noexcept;
    /// Stop is requested at `deadline()`, or earlier if the lock is lost. Callbacks registered with
    /// it run on the client's notifier thread.
    [[nodiscard]] std::stop_token stop_token() const noexcept;
    /// The fencing token, for the resource that the call writes to.
    [[nodiscard]] std::int64_t token() const noexcept;
    /// The lock path, as it was given to `lock`.
    [[nodiscard]] std::string_view path() const noexcept;
    /// As ScopedLock::valid().
    [[nodiscard]] bool valid() const noexcept;

private:
    friend class detail::CallScope;
    explicit CallContext(std::shared_ptr<detail::Hold> hold) noexcept;

    std::shared_ptr<detail::Hold> x_hold;
};

namespace detail {

/// One guarded call from its start to its end. With OnBudget::hold_until_return the node stays
/// until the scope is destroyed, however the call ends.
class CallScope {
public:
    explicit CallScope(std::shared_ptr<Hold> hold);
    ~CallScope();
    CallScope(const CallScope&) = delete;
    CallScope& operator=(const CallScope&) = delete;

    [[nodiscard]] const CallContext& context() const noexcept { return x_context; }
    /// Success while the lease lives; else how it ended: budget_exceeded, lock_lost or forked.
    [[nodiscard]] result<void> verdict() const;
    /// What a coroutine that was cancelled gets for an answer: because of the budget, the lost
    /// lock, or the caller.
    [[nodiscard]] Error why_stopped() const;
    [[nodiscard]] bool is_stop_due() const noexcept;
    /// `post_stop` is called at most once, on the I/O thread or here, when the call has to be
    /// stopped; it only posts, and holds nothing alive. It may come just after the scope's end.
    void on_stop(std::function<void()> post_stop);

private:
    CallContext x_context;
    std::uint64_t x_stop_id = 0;
    bool x_is_counted = false;
};

template <class R>
struct Flattened {
    using type = result<std::remove_cvref_t<R>>;
};
template <class R>
struct Flattened<result<R>> {
    using type = result<R>;
};

/// Calls `callable` with the context, or with nothing if it takes nothing.
template <class F>
decltype(auto) invoke_guarded(F&& callable, const CallContext& context) {
    if constexpr (std::is_invocable_v<F, const CallContext&>) {
        return std::invoke(std::forward<F>(callable), context);
    } else {
        static_assert(std::is_invocable_v<F>, "call takes f(const CallContext&) or f()");
        return std::invoke(std::forward<F>(callable));
    }
}

template <class F>
using Invoked = decltype(invoke_guarded(std::declval<F>(), std::declval<const CallContext&>()));

/// result<R> for a callable that returns R, result<R> or void (R).
template <class F>
using GuardedResult = typename Flattened<std::remove_cvref_t<Invoked<F>>>::type;

template <class F>
GuardedResult<F> run_guarded(std::shared_ptr<Hold> hold, F&& callable) {
    const CallScope scope(std::move(hold));
    BOOST_OUTCOME_TRYV(scope.verdict());
    if constexpr (std::is_void_v<Invoked<F>>) {
        invoke_guarded(std::forward<F>(callable), scope.context());
        return scope.verdict();
    } else {
        // Not put into a result before it is clear that it stays: GCC 12 warns about the error that
        // a result with a value does not hold.
        auto value = invoke_guarded(std::forward<F>(callable), scope.context());
        BOOST_OUTCOME_TRYV(scope.verdict());
        return value;
    }
}

}  // namespace detail
}  // namespace leasehold
