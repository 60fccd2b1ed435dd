// One process's way to its ZooKeeper ensemble: one session, and every lock of the process on it.
#pragma once

#include <leasehold/contender_info.hpp>
#include <leasehold/detail/completion.hpp>
#include <leasehold/error.hpp>
#include <leasehold/leadership.hpp>
#include <leasehold/lock.hpp>
#include <leasehold/options.hpp>
#include <leasehold/state.hpp>
#include <leasehold/zookeeper.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold {

/// A client: one session with one ensemble, one I/O thread, all locks of the process. Move-only.
///
/// User code never runs on the I/O thread or under a lock of ours. Completions without an executor
/// of their own, the log and the state change handler run on the callback thread; stop callbacks
/// and jeopardy handlers on the notifier thread. Both are started when first needed. A handler that
/// blocks delays what is behind it on its thread, but no heartbeat, no release and no ~Client.
///
/// Every `async_` function takes any completion token (a callback, `use_future`, `deferred`,
/// `use_awaitable`) and completes with `void(result<T>)`; arguments are copied when the function is
/// called. The handler runs on its own executor, whose context has to outlive the operation; never
/// inside the call itself. Per-operation cancellation, of any type, completes with errc::cancelled.
/// A completion handler that throws on a thread of ours ends the program, as a std::thread does.
///
/// Blocking functions may be called from any thread but the I/O thread (errc::would_deadlock).
///
/// Neither a client nor its locks survive fork(): in the child every operation answers errc::forked
/// at once, and destructors do nothing.
///
/// Thread safety: const functions may be called from any number of threads at once; moving,
/// assigning and destroying need the usual exclusion.
class Client {
public:
    /// Checks its arguments, starts the client and returns at once; connecting goes on behind it
    /// and never gives up. Every operation is bounded by its own time limit.
    ///
    /// `hosts` is `host:port,host:port/chroot`; the port defaults to 2181, IPv6 literals stand in
    /// brackets. Errors: invalid_argument; the system's own if no thread or descriptor is to be
    /// had.
    [[nodiscard]] static result<Client> connect(std::string_view hosts,
                                                const ClientOptions& options = {});

    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;

    /// Invalidates all locks, asks the server to close the session, and returns within 1 s whether
    /// or not it answered; operations under way complete with errc::closed. Never throws. No call
    /// of the log handler begins after it. May run inside a callback of this client.
    ~Client();

    /// Waits until the client is connected. Errors: no_server (not within `timeout`), closed,
    /// forked, would_deadlock.
    [[nodiscard]] result<void> wait_connected(milliseconds timeout) const;
    /// The same without a limit.
    template <CompletionToken<void> Token>
    auto async_wait_connected(Token&& token) const {
        return detail::initiate<void>(std::forward<Token>(token), prepare_wait_connected());
    }

    /// Takes the lock at `path`, which is relative to the chroot and is created where it is
    /// missing.
    ///
    /// Answers by the end of `options.wait`, connecting included. Errors: wait_expired, queue_full,
    /// hopeless_wait, budget_refused, queue_too_long, sequence_exhausted, mixed_queue,
    /// not_permitted, no_server, no_chroot, protocol_error, session_expired, invalid_argument,
    /// overloaded, cancelled, closed, forked, would_deadlock. They name the path, and the holder
    /// and our position where known.
    ///
    /// Cancellation (any type): errc::cancelled; a node that was created is deleted, and a lock
    /// that was granted in the same moment is released.
    [[nodiscard]] result<ScopedLock> lock(std::string_view path,
                                          const LockOptions& options = {}) const;
    template <CompletionToken<ScopedLock> Token>
    auto async_lock(std::string_view path, const LockOptions& options, Token&& token) const {
        return detail::initiate<ScopedLock>(std::forward<Token>(token),
                                            prepare_lock(path, LockKind::exclusive, options));
    }

    /// Takes a share of the lock at `path`: any number may hold it together, and nobody holds it
    /// for himself meanwhile. Those who share and those who do not queue together, first come first
    /// served: a share waits for every exclusive contender ahead of it, an exclusive one for
    /// everybody ahead. There is no fencing token.
    ///
    /// Each share has a node of its own, also within one process. Otherwise as `lock`.
    [[nodiscard]] result<ScopedLock> lock_shared(std::string_view path,
                                                 const LockOptions& options = {}) const;
    template <CompletionToken<ScopedLock> Token>
    auto async_lock_shared(std::string_view path, const LockOptions& options, Token&& token) const {
        return detail::initiate<ScopedLock>(std::forward<Token>(token),
                                            prepare_lock(path, LockKind::shared, options));
    }

    /// Takes the locks at all `paths`, or none of them: under one budget, with one lease and one
    /// fencing token, which is larger than every earlier exclusive holder's of any of them.
    ///
    /// All stand in their queues from the same instant on, whatever the order in which the paths
    /// are named, so that sets that cross do not wait for each other in a circle; beside them
    /// queues whoever else wants one of the paths. One round trip and one write if all are free;
    /// one write when they are released. A try (`wait` 0) reads first, and writes nothing if one
    /// of them is not free. If the node of one is deleted, the whole set is lost.
    ///
    /// At most 64 paths, none twice and none below another, and together within 1 MiB with their
    /// records and ACLs, or invalid_argument; nothing is written then. Errors name the path that
    /// they are about. Each set has nodes of its own, also within one process. Otherwise as `lock`,
    /// which a set of one path is.
    [[nodiscard]] result<ScopedLock> lock_all(std::span<const std::string> paths,
                                              const LockOptions& options = {}) const;
    [[nodiscard]] result<ScopedLock> lock_all(std::initializer_list<std::string> paths,
                                              const LockOptions& options = {}) const {
        return lock_all(std::span<const std::string>(paths.begin(), paths.size()), options);
    }
    template <CompletionToken<ScopedLock> Token>
    auto async_lock_all(std::span<const std::string> paths, const LockOptions& options,
                        Token&& token) const {
        return detail::initiate<ScopedLock>(std::forward<Token>(token),
                                            prepare_lock_all(paths, options));
    }

    /// Takes an upgradable share of the lock at `path`: it is held together with shares, but one at
    /// a time, and `ScopedLock::upgrade` makes it exclusive without losing its place. For whoever
    /// reads first and may have to write: two shares that both waited to become exclusive would
    /// wait for each other. Otherwise as `lock_shared`.
    [[nodiscard]] result<ScopedLock> lock_upgradable(std::string_view path,
                                                     const LockOptions& options = {}) const;
    template <CompletionToken<ScopedLock> Token>
    auto async_lock_upgradable(std::string_view path, const LockOptions& options,
                               Token&& token) const {
        return detail::initiate<ScopedLock>(std::forward<Token>(token),
                                            prepare_lock(path, LockKind::upgradable, options));
    }

    /// Takes one of the `options.permits` permits of the semaphore at `path`, first come first
    /// served. Each permit has a lease and a token of its own; tokens of permits that are out
    /// together are in no order that a resource could go by.
    ///
    /// The first who uses the path writes the number into its node; whoever asks with another one
    /// gets permits_disagree. Locks and permits need paths of their own (mixed_queue). Otherwise as
    /// `lock`; each permit has a node of its own, also within one process. A permit that had to be
    /// waited for costs one more write, which tells the next one to watch those who run.
    [[nodiscard]] result<ScopedLock> acquire_permit(std::string_view path,
                                                    const LockOptions& options = {}) const;
    template <CompletionToken<ScopedLock> Token>
    auto async_acquire_permit(std::string_view path, const LockOptions& options,
                              Token&& token) const {
        return detail::initiate<ScopedLock>(std::forward<Token>(token),
                                            prepare_lock(path, LockKind::permit, options));
    }

    /// Becomes the leader of `path`: takes the lock there under a lease without a budget, which
    /// rolls on for as long as there is evidence of the session. Whoever takes `path` by `lock`
    /// queues with the candidates, and so do Curator's LeaderSelector and, with that naming,
    /// kazoo's Election; Curator's LeaderLatch does not (mixed_queue).
    ///
    /// A candidate stays one when its session ends or its node is deleted, in a new place. Errors,
    /// cancellation as with `lock`; budget_refused: the session timeout leaves no room for a lease.
    [[nodiscard]] result<Leadership> elect(std::string_view path,
                                           const ElectOptions& options = {}) const;
    template <CompletionToken<Leadership> Token>
    auto async_elect(std::string_view path, const ElectOptions& options, Token&& token) const {
        return detail::initiate<Leadership>(std::forward<Token>(token),
                                            prepare_elect(path, options));
    }

    /// Who leads at `path`: the first of the candidates; nothing if there is none. One who came
    /// first and has not been told yet counts already; whether it still leads, only it can know.
    /// Errors: those of the raw operations.
    [[nodiscard]] result<std::optional<ContenderInfo>> leader(std::string_view path) const;
    template <CompletionToken<std::optional<ContenderInfo>> Token>
    auto async_leader(std::string_view path, Token&& token) const {
        return detail::initiate<std::optional<ContenderInfo>>(std::forward<Token>(token),
                                                              prepare_leader(path));
    }

    /// Follows who leads at `path`, as `leader` says it; nothing is asked of the server before the
    /// first `next`. Errors: invalid_argument, closed, forked.
    [[nodiscard]] result<LeaderObserver> observe(std::string_view path) const;

    /// Who holds the lock at `path` and who waits for it, in order. Every child whose name ends in
    /// ten digits counts. A path that does not exist has no contenders. Bounded by the session
    /// timeout asked for. Errors: those of the raw operations.
    [[nodiscard]] result<std::vector<ContenderInfo>> contenders(std::string_view path) const;
    template <CompletionToken<std::vector<ContenderInfo>> Token>
    auto async_contenders(std::string_view path, Token&& token) const {
        return detail::initiate<std::vector<ContenderInfo>>(std::forward<Token>(token),
                                                            prepare_contenders(path));
    }

    /// Asks those who hold the lock at `path` to let go, and answers how many have been asked:
    /// holders of this library (`ScopedLock::on_requested`) and those named as Curator's
    /// (`makeRevocable`); others would not understand it. 0: nobody holds it, or none of those.
    /// Whoever is asked does as it likes, and may not listen. Errors: those of the raw operations;
    /// no_auth: the holder's ACL keeps us out. Cancellation (any type): errc::cancelled; some may
    /// have been asked.
    [[nodiscard]] result<std::size_t> request_release(std::string_view path) const;
    template <CompletionToken<std::size_t> Token>
    auto async_request_release(std::string_view path, Token&& token) const {
        return detail::initiate<std::size_t>(std::forward<Token>(token),
                                             prepare_request_release(path));
    }

    /// The raw operations, over the same session.
    [[nodiscard]] ZooKeeper zookeeper() const;

    /// Credentials, e.g. ("digest", "user:password"), for this connection and every later one.
    /// Locks and nodes created afterwards are accessible to their creator only unless an ACL is
    /// given. Kept in memory, never logged. Errors: invalid_argument, closed, forked.
    result<void> add_auth(std::string_view scheme, std::string_view secret) const;

    /// One consistent snapshot, taken between two turns of the I/O thread; after the close the last
    /// one, and in a forked child an empty one.
    [[nodiscard]] ClientStats stats() const;

    [[nodiscard]] ClientState state() const noexcept;
    /// Called on the callback thread after each change, in order; not for the state there is now.
    /// Replaces the handler before; an empty one removes it. It must not throw (std::terminate).
    void on_state_change(std::function<void(ClientState)> handler) const;

    /// Invalidates all locks at once, ends everything under way with errc::closed, and closes the
    /// session; afterwards the server has none of our nodes and watches left.
    /// Errors: timed_out (the session then ends by its timeout), forked, would_deadlock.
    /// Cancellation (any type): errc::cancelled; the close goes on.
    result<void> close(milliseconds timeout = milliseconds{5'000}) const;
    template <CompletionToken<void> Token>
    auto async_close(milliseconds timeout, Token&& token) const {
        return detail::initiate<void>(std::forward<Token>(token), prepare_close(timeout));
    }

private:
    explicit Client(std::shared_ptr<detail::ClientImpl> impl) noexcept;

    [[nodiscard]] detail::Start<void> prepare_wait_connected() const;
    [[nodiscard]] detail::Start<ScopedLock> prepare_lock(std::string_view path, LockKind kind,
                                                         const LockOptions& options) const;
    [[nodiscard]] detail::Start<ScopedLock> prepare_lock_all(std::span<const std::string> paths,
                                                             const LockOptions& options) const;
    [[nodiscard]] detail::Start<Leadership> prepare_elect(std::string_view path,
                                                          const ElectOptions& options) const;
    [[nodiscard]] detail::Start<std::optional<ContenderInfo>> prepare_leader(
        std::string_view path) const;
    [[nodiscard]] detail::Start<std::vector<ContenderInfo>> prepare_contenders(
        std::string_view path) const;
    [[nodiscard]] detail::Start<std::size_t> prepare_request_release(std::string_view path) const;
    [[nodiscard]] detail::Start<void> prepare_close(milliseconds timeout) const;
    void shut_down() noexcept;

    std::shared_ptr<detail::ClientImpl> x_impl;
};

}  // namespace leasehold
