// A granted lock: it knows its own deadline, tells when it is lost, and is released when it goes
// out of scope.
//
// A lock is no promise that an effect begun while it is valid lands while it is valid. For that
// the resource has to check the fencing token.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/detail/async_call.hpp>
#include <leasehold/detail/completion.hpp>
#include <leasehold/error.hpp>
#include <leasehold/guard.hpp>
#include <leasehold/options.hpp>
#include <leasehold/state.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace leasehold {

/// A granted lock. Move-only; not bound to a thread.
///
/// The destructor releases the lock and returns at once; the deletion goes on behind it and is
/// repeated until the server has confirmed it. A handle that was moved from, or whose client is
/// gone, is invalid and harmless. In a forked child every handle is invalid, its operations answer
/// errc::forked, and its destructor does nothing.
///
/// Every `async_` function, and `lost`, takes any completion token; handlers run on their own
/// executor, else on the client's callback thread; never inside the call itself.
///
/// Thread safety: const functions may be called from any number of threads at once; moving and
/// destroying need the usual exclusion.
class ScopedLock {
public:
    ScopedLock(ScopedLock&&) noexcept;
    ScopedLock& operator=(ScopedLock&&) noexcept;
    ~ScopedLock();

    /// One more handle to the same hold: same token, deadline and node, released by itself; the
    /// lock is released when the last of its handles is. So a function that needs the lock can be
    /// given one of its own by a caller who holds it. Each handle has its own stop token and
    /// jeopardy handler; an extension is for all of them.
    /// Errors: budget_exceeded or lock_lost (the lock has ended), overloaded (1024 handles are
    /// out), closed, forked.
    [[nodiscard]] result<ScopedLock> again() const;

    /// True while nobody else can hold the lock. Once false it never turns true again. Costs one
    /// atomic load and a clock read; right on the first instruction after a SIGSTOP.
    [[nodiscard]] bool valid() const noexcept;
    explicit operator bool() const noexcept { return valid(); }

    /// Until when the lock is valid: the end of the budget, or the safe deadline if that is nearer;
    /// it may still move up to the end of the budget. Instant::min() once it ended.
    [[nodiscard]] Instant deadline() const noexcept;
    /// From now to `deadline()`; zero once it ended.
    [[nodiscard]] Duration remaining() const noexcept;

    /// The fencing token: positive, and larger than every earlier exclusive holder's of this path.
    /// A resource remembers the largest it has seen and refuses smaller ones. 0, which every
    /// resource has to refuse, for a shared hold: nothing orders those who share, so they read.
    [[nodiscard]] std::int64_t token() const noexcept;
    /// What it shuts out; `downgrade` changes it.
    [[nodiscard]] LockKind kind() const noexcept;
    /// The lock path, as it was given to `lock`; and the path of our node below it, as the raw
    /// client takes it (relative to the chroot).
    [[nodiscard]] std::string_view path() const noexcept;
    [[nodiscard]] std::string_view node() const noexcept;
    /// Of a set all lock paths, as they were given, and our nodes, one on each; `path` and `node`
    /// are the first. Valid for as long as the handle is.
    [[nodiscard]] std::span<const std::string> paths() const noexcept;
    [[nodiscard]] std::span<const std::string> nodes() const noexcept;
    /// The safe deadline was nearer than the budget when the lock was granted.
    [[nodiscard]] bool is_shortened() const noexcept;

    /// Stop is requested at the call deadline (`reserve` before the lease deadline), and when the
    /// lock is lost or released. Stop callbacks run on the client's notifier thread; one that never
    /// returns delays other notifications, but no heartbeat and no release.
    [[nodiscard]] std::stop_token stop_token() const noexcept;

    /// `handler(true)` when there is no fresh evidence and the deadline no longer moves,
    /// `handler(false)` when there is again. Called on the notifier thread; at once if the lock is
    /// in jeopardy already. Replaces the handler before. It must not throw (std::terminate).
    void on_jeopardy(std::function<void(bool)> handler) const;

    /// Called once when somebody asks us to let go (Client::request_release, Curator's Revoker), on
    /// the notifier thread; at once if somebody has already. It is only asked: whoever can should
    /// release soon. The request is heard where our own node is watched: with
    /// LockOptions::watch_own_node, and where the lock was not free. Replaces the handler before.
    /// It must not throw (std::terminate).
    void on_requested(std::function<void()> handler) const;

    /// Completes when the lock has ended, however it ended; at once if it has.
    /// Handler: `void(result<Loss>)`. Cancellation (any type): errc::cancelled, the lock stays.
    /// Errors: cancelled, forked, overloaded.
    template <CompletionToken<Loss> Token>
    auto lost(Token&& token) const {
        return detail::initiate<Loss>(std::forward<Token>(token), prepare_lost());
    }

    /// Gives the lock a new budget, counted from now, and returns the new deadline. Refused by the
    /// same arithmetic as the acquisition (errc::budget_refused); the lock is then as it was.
    /// Errors: budget_refused, lock_lost, invalid_argument, closed, forked, would_deadlock.
    /// Cancellation (any type): errc::cancelled; the lock may have been extended.
    [[nodiscard]] result<Instant> extend(milliseconds budget) const;
    template <CompletionToken<Instant> Token>
    auto async_extend(milliseconds budget, Token&& token) const {
        return detail::initiate<Instant>(std::forward<Token>(token), prepare_extend(budget));
    }

    /// Turns an exclusive hold into a shared one and lets nobody in between who does not share:
    /// those who share and stand behind it, up to the next exclusive contender, get the lock, too.
    /// Budget and deadline stay. From the call on `kind` is shared and `token` is 0, for all
    /// handles to the hold, whatever the answer; what is fenced has to be written before.
    ///
    /// Completes when the server has confirmed it, or the lock has ended; a lost reply is made good
    /// on the next connection. Doing it twice succeeds. Other libraries, which do not know of it,
    /// wait until the lock is released, as the next caller of this process does who wants it alone.
    /// An upgraded lock becomes upgradable again, and may be upgraded once more.
    /// Errors: invalid_argument (it is not exclusive, or a set), budget_exceeded, lock_lost,
    /// not_permitted or the server's own (others still take it for exclusive), overloaded, closed,
    /// forked, would_deadlock. Cancellation (any type): errc::cancelled; the downgrade goes on.
    result<void> downgrade() const;
    template <CompletionToken<void> Token>
    auto async_downgrade(Token&& token) const {
        return detail::initiate<void>(std::forward<Token>(token), prepare_downgrade());
    }

    /// Makes an upgradable lock exclusive, for all handles to it: waits until those have gone who
    /// share it, and lets nobody in between. Then `kind` is exclusive and `token` larger than that
    /// of every exclusive holder before. Budget, deadline and place stay; if it fails, so does the
    /// share. `downgrade` makes it upgradable again. 63 times at most for one hold.
    ///
    /// Errors: wait_expired, invalid_argument (not upgradable, exclusive already, or being
    /// upgraded), budget_exceeded or lock_lost (the lock ended), mixed_queue, unsupported (too
    /// often), not_permitted, overloaded, closed, forked, would_deadlock, or the server's own.
    /// Cancellation (any type): errc::cancelled; the share is kept.
    result<void> upgrade(const UpgradeOptions& options = {}) const;
    template <CompletionToken<void> Token>
    auto async_upgrade(const UpgradeOptions& options, Token&& token) const {
        return detail::initiate<void>(std::forward<Token>(token), prepare_upgrade(options));
    }

    /// Ends the lock now, and completes when its node is known to be gone. Whatever the answer, the
    /// handle is invalid and the deletion is repeated until the server has confirmed it. While
    /// other handles to the same hold are out (`again`), only this one ends, and the answer comes
    /// at once. Releasing twice, or a lock that was lost, succeeds once the node is gone. Errors:
    /// timed_out (the node may stand a little longer), closed, forked, would_deadlock. Cancellation
    /// (any type): errc::cancelled; the release goes on.
    result<void> release(milliseconds timeout = milliseconds{5'000});
    template <CompletionToken<void> Token>
    auto async_release(Token&& token) {
        return detail::initiate<void>(std::forward<Token>(token), prepare_release());
    }

    /// Runs `f(const CallContext&)`, or `f()`, on this thread, and returns when it does.
    ///
    /// Returns result<R> for a callable that returns R or result<R>, result<void> for void. If the
    /// lock ended before `f` came back, the answer is errc::budget_exceeded (it was the budget) or
    /// errc::lock_lost (it was anything else) instead of what `f` returned. A lock that has ended
    /// already is refused in the same way, and `f` does not run.
    ///
    /// An exception of `f` passes through to the caller; the call counts as returned.
    /// A callable that never returns delays nobody else: with OnBudget::release the node is deleted
    /// at the budget, with hold_until_return at `max_hold`.
    template <class F>
    auto call(F&& f) const -> detail::GuardedResult<F> {
        return detail::run_guarded(x_hold, std::forward<F>(f));
    }

    /// Runs a coroutine under the lock: a boost::asio::awaitable, or a callable that returns one,
    /// given the CallContext or nothing. Completes when the coroutine ends.
    ///
    /// The coroutine runs on a strand over the handler's executor (the system executor if it has
    /// none) and is cancelled there, with all types, at the call deadline or when the lock is lost;
    /// cancellation of the whole operation is forwarded to it.
    ///
    /// Handler: `void(result<R>)` for an awaitable of R or result<R>. Errors: those of `call`,
    /// which also answer a coroutine that ended because of our cancellation; cancelled, if the
    /// caller cancelled; the code of a std::system_error that it threw; call_failed for anything
    /// else.
    ///
    /// The calling file includes <boost/asio/awaitable.hpp> and <boost/asio/co_spawn.hpp>.
    template <detail::IsAwaitable Awaitable, class Token>
    auto async_call(Awaitable operation, Token&& token) const {
        return detail::initiate_call(x_hold, std::move(operation), std::forward<Token>(token));
    }
    template <detail::MakesAwaitable F, class Token>
    auto async_call(F make_operation, Token&& token) const {
        return detail::initiate_call(x_hold, std::move(make_operation), std::forward<Token>(token));
    }

private:
    friend class detail::Hold;
    explicit ScopedLock(std::shared_ptr<detail::Hold> hold) noexcept;

    [[nodiscard]] detail::Start<Loss> prepare_lost() const;
    [[nodiscard]] detail::Start<Instant> prepare_extend(milliseconds budget) const;
    [[nodiscard]] detail::Start<void> prepare_downgrade() const;
    [[nodiscard]] detail::Start<void> prepare_upgrade(const UpgradeOptions& options) const;
    [[nodiscard]] detail::Start<void> prepare_release();
    void drop() noexcept;

    std::shared_ptr<detail::Hold> x_hold;
};

}  // namespace leasehold
