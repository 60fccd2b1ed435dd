// Leadership: one of many leads for as long as there is evidence that nobody else does, and all can
// see who.
#pragma once

#include <leasehold/contender_info.hpp>
#include <leasehold/detail/completion.hpp>
#include <leasehold/error.hpp>
#include <leasehold/lock.hpp>
#include <leasehold/options.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

namespace leasehold {

namespace detail {
class Election;
class LeaderFollower;
}  // namespace detail

/// Leadership of one path, from the election on. A lock (see ScopedLock, also for threads, forks
/// and executors) without a budget: its deadline is the safe deadline and moves on with it, so
/// that without fresh evidence it has ended before anybody else can be elected.
///
/// The destructor resigns and returns at once.
class Leadership {
public:
    /// True while nobody else can lead. Once false it never turns true again.
    [[nodiscard]] bool valid() const noexcept { return x_lock.valid(); }
    explicit operator bool() const noexcept { return valid(); }

    /// Until when we lead if no more evidence comes; Instant::min() once it ended.
    [[nodiscard]] Instant deadline() const noexcept { return x_lock.deadline(); }
    [[nodiscard]] Duration remaining() const noexcept { return x_lock.remaining(); }
    /// The fencing token: larger than that of every earlier leader, and holder, of this path.
    [[nodiscard]] std::int64_t token() const noexcept { return x_lock.token(); }
    [[nodiscard]] std::string_view path() const noexcept { return x_lock.path(); }
    [[nodiscard]] std::string_view node() const noexcept { return x_lock.node(); }

    /// Stop is requested when leadership is about to end for want of evidence (`reserve` before its
    /// deadline), and when it has ended. Evidence that comes later keeps the leadership, but takes
    /// no stop back: who has stopped resigns. Callbacks run on the client's notifier thread.
    [[nodiscard]] std::stop_token stop_token() const noexcept { return x_lock.stop_token(); }
    /// As ScopedLock::on_jeopardy.
    void on_jeopardy(std::function<void(bool)> handler) const {
        x_lock.on_jeopardy(std::move(handler));
    }
    /// As ScopedLock::lost; never with Loss::budget.
    template <CompletionToken<Loss> Token>
    auto lost(Token&& token) const {
        return x_lock.lost(std::forward<Token>(token));
    }

    /// Ends leadership now, and completes when the node is known to be gone; as
    /// ScopedLock::release.
    result<void> resign(milliseconds timeout = milliseconds{5'000}) {
        return x_lock.release(timeout);
    }
    template <CompletionToken<void> Token>
    auto async_resign(Token&& token) {
        return x_lock.async_release(std::forward<Token>(token));
    }

    /// Runs work that only the leader may do; as ScopedLock::call and async_call.
    template <class F>
    auto call(F&& f) const -> detail::GuardedResult<F> {
        return x_lock.call(std::forward<F>(f));
    }
    template <class Operation, class Token>
    auto async_call(Operation operation, Token&& token) const {
        return x_lock.async_call(std::move(operation), std::forward<Token>(token));
    }

private:
    friend class detail::Election;
    explicit Leadership(ScopedLock lock) noexcept : x_lock(std::move(lock)) {}

    ScopedLock x_lock;
};

/// Tells who leads, again and again. The destructor takes its watch off the server, without
/// waiting, and ends a call of `next` that is under way with errc::cancelled.
///
/// It watches the leader's node, or the path while there is none: an election costs each observer
/// two reads, a new candidate costs it none.
///
/// Thread safety: one call at a time.
class LeaderObserver {
public:
    LeaderObserver(LeaderObserver&&) noexcept;
    LeaderObserver& operator=(LeaderObserver&&) noexcept;
    ~LeaderObserver();

    /// The leader; the first call answers with the one there is, or nothing for none, and each
    /// later call when it is another, or tells other things of itself, than what was answered last.
    /// Who led only between two calls may not be seen. Goes on over reconnections and new sessions.
    /// Errors: timed_out (ask again), overloaded (a call is under way), the server's own, closed,
    /// forked, would_deadlock.
    [[nodiscard]] result<std::optional<ContenderInfo>> next(milliseconds timeout);
    /// The same without a limit.
    /// Cancellation (any type): errc::cancelled; nothing is lost for the next call.
    template <CompletionToken<std::optional<ContenderInfo>> Token>
    auto async_next(Token&& token) {
        return detail::initiate<std::optional<ContenderInfo>>(std::forward<Token>(token),
                                                              prepare_next());
    }

private:
    friend class detail::LeaderFollower;
    explicit LeaderObserver(std::shared_ptr<detail::LeaderFollower> follower) noexcept;
    [[nodiscard]] detail::Start<std::optional<ContenderInfo>> prepare_next() const;
    void drop() noexcept;

    std::shared_ptr<detail::LeaderFollower> x_follower;
};

}  // namespace leasehold
