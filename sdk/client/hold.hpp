// What one handle of a granted lock and the I/O thread share about it.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>
#include <leasehold/lock.hpp>
#include <leasehold/state.hpp>

#include "sdk/client/lock_request.hpp"
#include "sdk/client/wait_list.hpp"
#include "sdk/core/effect.hpp"
#include "sdk/core/lease.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace leasehold::detail {

class ClientImpl;

class Hold : public std::enable_shared_from_this<Hold> {
public:
    Hold(std::shared_ptr<ClientImpl> impl, core::OperationId id, const core::Grant& grant,
         SharedLockRequest request);

    struct OneMore {};
    /// One more handle to the lease of `other`: all that is a handle's own begins anew.
    Hold(OneMore, const Hold& other);

    /// The handle that the user gets; there is one for each Hold.
    [[nodiscard]] static ScopedLock make_lock(std::shared_ptr<Hold> hold) {
        return ScopedLock(std::move(hold));
    }
    /// Of a handle, for who guards a call by other means than ScopedLock::call.
    [[nodiscard]] static std::shared_ptr<Hold> of(const ScopedLock& lock) { return lock.x_hold; }

    // ---- any thread ----

    [[nodiscard]] bool valid() const noexcept;
    [[nodiscard]] bool is_forked() const noexcept;
    [[nodiscard]] Instant deadline() const noexcept;
    [[nodiscard]] Instant call_deadline() const noexcept;
    [[nodiscard]] std::int64_t token() const noexcept { return x_lease->token; }
    /// As it is now: a downgrade changes it.
    [[nodiscard]] LockKind kind() const noexcept { return x_lease->kind; }
    [[nodiscard]] const std::string& path() const noexcept { return x_request->path(); }
    [[nodiscard]] std::span<const std::string> paths() const noexcept {
        return terms().set.empty() ? std::span(&path(), 1)
                                   : std::span<const std::string>(terms().set);
    }
    [[nodiscard]] std::span<const std::string> nodes() const noexcept {
        return x_nodes.empty() ? std::span<const std::string>(x_lease->nodes) : x_nodes;
    }
    [[nodiscard]] bool is_shortened() const noexcept { return x_is_shortened; }
    [[nodiscard]] std::stop_token stop_token() const;
    [[nodiscard]] core::OperationId id() const noexcept { return x_id; }
    [[nodiscard]] const std::shared_ptr<ClientImpl>& impl() const noexcept { return x_impl; }

    /// Success while the lease lives, else why it does not.
    [[nodiscard]] result<void> verdict() const;
    /// Why a call is being stopped although the lease may live a little longer.
    [[nodiscard]] Error why_stopped() const;
    /// Makes every handle invalid at once; the engine learns of it in its own time.
    void invalidate(Loss why) noexcept;

    void begin_call() noexcept { x_lease->active_calls.fetch_add(1); }
    void end_call();

    /// Calls `post_stop`, here or on the I/O thread, when the stop is due; it only posts.
    std::uint64_t add_stop_listener(std::function<void()> post_stop);
    void remove_stop_listener(std::uint64_t id);
    [[nodiscard]] bool is_stop_due() const;

    void set_jeopardy_handler(std::function<void(bool)> handler);
    void set_asked_handler(std::function<void()> handler);

    // ---- the I/O thread ----

    void on_stop_due();
    void on_ended(Loss loss);
    void on_node_gone(const result<void>& outcome);
    void on_jeopardy(bool in_jeopardy);
    void on_asked();
    void on_extended(Instant budget_end);

    void wait_lost(core::OperationId id, Sink<Loss> sink);
    void wait_gone(core::OperationId id, Sink<void> sink);
    void cancel_wait(core::OperationId id);

private:
    [[nodiscard]] const HoldTerms& terms() const noexcept { return x_request->terms; }
    [[nodiscard]] bool is_over() const noexcept { return x_over.load() >= 0; }
    [[nodiscard]] Loss likely_loss() const;
    void tell_jeopardy(std::unique_lock<std::mutex>& lock);
    void call_jeopardy_handler();
    void tell_asked();

    const std::shared_ptr<ClientImpl> x_impl;
    const std::shared_ptr<core::Lease> x_lease;
    const core::OperationId x_id;
    const SharedLockRequest x_request;
    const std::vector<std::string> x_nodes;  ///< relative to the chroot; empty without one
    const bool x_is_shortened;
    const int x_fork_generation;
    std::atomic<int> x_over{-1};  ///< a Loss once we ended it ourselves
    std::atomic<Instant::rep> x_budget_end;
    std::atomic<int> x_loss{-1};  ///< a Loss once it is known

    /// Who wants to be told of what.
    struct Listeners {
        /// Without a state until somebody wants a token: then nobody has to be told, on a thread of
        /// theirs.
        std::stop_source stop{std::nostopstate};
        std::uint64_t next_stop_listener = 1;
        std::map<std::uint64_t, std::function<void()>> stop_listeners{};
        std::shared_ptr<const std::function<void(bool)>> jeopardy_handler{};
        bool told_jeopardy = false;
        bool is_telling = false;
        std::function<void()> asked_handler{};
    };
    [[nodiscard]] Listeners& listeners() const;

    mutable std::mutex x_mutex;  ///< guards what follows
    bool x_is_stop_due = false;
    bool x_in_jeopardy = false;
    bool x_is_asked = false;
    mutable std::unique_ptr<Listeners> x_listeners;  ///< most locks have none

    // of the I/O thread
    WaitList<Loss> x_lost;
    WaitList<void> x_gone;
    std::optional<result<void>> x_gone_outcome;
};

}  // namespace leasehold::detail
