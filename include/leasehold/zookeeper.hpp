// The znodes themselves: create, read, write, delete and watch them over the client's one session.
#pragma once

#include <leasehold/detail/completion.hpp>
#include <leasehold/error.hpp>
#include <leasehold/options.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold {

namespace detail {
class ClientImpl;
struct MultiOp;
struct WatchState;
}  // namespace detail

/// What the server keeps about one node.
struct Stat {
    std::int64_t czxid = 0;     ///< transaction that created the node
    std::int64_t mzxid = 0;     ///< transaction that last changed its data
    std::int64_t pzxid = 0;     ///< transaction that last changed its list of children
    std::int64_t ctime_ms = 0;  ///< leader's wall clock, since 1970-01-01 UTC; for display
    std::int64_t mtime_ms = 0;
    std::int32_t version = 0;          ///< of the data; what `set` and `remove` compare
    std::int32_t cversion = 0;         ///< creates and deletes below it; not the sequence counter
    std::int32_t aversion = 0;         ///< of the ACL
    std::int64_t ephemeral_owner = 0;  ///< session id of an ephemeral node, else 0
    std::int32_t data_length = 0;
    std::int32_t num_children = 0;

    friend bool operator==(const Stat&, const Stat&) = default;
};

struct NodeData {
    std::string data;
    Stat stat;
};

struct Children {
    std::vector<std::string> names;  ///< in no particular order
    Stat stat;                       ///< of the parent
};

enum class CreateMode {
    persistent,
    ephemeral,
    persistent_sequential,
    ephemeral_sequential,
    container,       ///< removed by the server some time after its last child; servers >= 3.5.1
    ttl,             ///< removed when unmodified and childless for `ttl`; servers >= 3.5.3 that
    ttl_sequential,  ///< allow it
};

/// How a node is created. Views are copied when the function is called.
struct CreateOptions {
    CreateMode mode = CreateMode::persistent;
    /// Empty takes creator-only if credentials were given to the client, else open to the world.
    std::span<const AclEntry> acl{};
    /// With the ttl modes: 1 ms to 2^40-1 ms.
    milliseconds ttl{0};
};

static_assert(std::is_trivially_destructible_v<CreateOptions>);

/// Any version, for `set` and `remove`.
inline constexpr std::int32_t any_version = -1;

enum class WatchEventType {
    created = 1,
    deleted = 2,
    data_changed = 3,
    children_changed = 4,
};

[[nodiscard]] std::string_view to_string(WatchEventType) noexcept;

struct WatchEvent {
    WatchEventType type;
    std::string path;
};

/// One armed watch: fires once. The destructor takes it off the server, without waiting, where the
/// server can do that; else the client keeps it until it fires, and ignores it then.
///
/// A watch outlives reconnections of its session, and ends with the session.
/// Thread safety: distinct watches may be used from different threads; one only from one at a time.
class Watch {
public:
    Watch(Watch&&) noexcept;
    Watch& operator=(Watch&&) noexcept;
    ~Watch();

    /// Waits until the watch fires, or returns what it fired with if it has; with 0 ms, a poll: an
    /// event that came before the answer to an earlier call on this client is seen.
    /// Errors: timed_out (the watch stays armed), session_expired (the watch ended with its
    /// session), closed, would_deadlock, forked.
    [[nodiscard]] result<WatchEvent> wait(milliseconds timeout);

    /// The same without a limit. Handler: `void(result<WatchEvent>)`.
    /// Cancellation (any type): completes with errc::cancelled; the watch stays armed.
    template <CompletionToken<WatchEvent> Token>
    auto async_wait(Token&& token) {
        return detail::initiate<WatchEvent>(std::forward<Token>(token), prepare_wait());
    }

private:
    friend struct detail::WatchState;
    explicit Watch(std::shared_ptr<detail::WatchState>) noexcept;
    [[nodiscard]] detail::Start<WatchEvent> prepare_wait() const;
    void drop() noexcept;

    std::shared_ptr<detail::WatchState> x_state;
};

/// A value together with the watch that will tell of its first change.
template <class T>
struct Watched {
    T value;
    Watch watch;
};

/// Several changes that the server makes all together or not at all.
///
/// A builder: name it, fill it, hand it over. A bad path or mode is refused by `multi` itself.
/// Thread safety: none.
class Multi {
public:
    Multi();
    Multi(const Multi&);
    Multi(Multi&&) noexcept;
    Multi& operator=(const Multi&);
    Multi& operator=(Multi&&) noexcept;
    ~Multi();

    /// Containers and TTL nodes cannot be part of a multi here: errc::unsupported.
    Multi& create(std::string_view path, std::string_view data = {},
                  const CreateOptions& options = {});
    Multi& set(std::string_view path, std::string_view data, std::int32_t version = any_version);
    Multi& remove(std::string_view path, std::int32_t version = any_version);
    /// Fails the whole unless the node exists in this version.
    Multi& check(std::string_view path, std::int32_t version = any_version);

    [[nodiscard]] std::size_t size() const noexcept;

private:
    friend class ZooKeeper;
    std::vector<detail::MultiOp> x_ops;
};

/// One part of a successful multi.
struct MultiResult {
    std::string path;          ///< of a create: with its sequence number
    std::optional<Stat> stat;  ///< of a set
};

/// The raw operations. A cheap handle that may be copied; it does not keep the client open, and
/// after the client is closed every operation answers errc::closed.
///
/// Paths are relative to the connect string's chroot and are checked by ZooKeeper's rules before a
/// byte is sent (errc::invalid_argument). Arguments are copied when the function is called.
///
/// Time limit: each operation ends by its limit with errc::timed_out, by default the session
/// timeout asked for; `with_timeout` gives a handle with another one.
///
/// Every `async_` function takes any completion token and completes with `void(result<T>)`; on the
/// handler's own executor, else on the client's callback thread; never inside the call itself.
/// Per-operation cancellation (any type): completes with errc::cancelled at once. A request that
/// was written already may still take effect, a queued one is not sent.
///
/// Errors, besides the server's own `zk_errc`: connection_lost (a write was sent and its effect is
/// unknown; reads are repeated by the caller), session_expired, timed_out, no_server, overloaded,
/// closed, forked, unsupported; would_deadlock for a blocking call on the client's I/O thread.
///
/// Thread safety: one handle may be used from any number of threads.
class ZooKeeper {
public:
    /// The same with another time limit for each operation; at least 1 ms.
    [[nodiscard]] ZooKeeper with_timeout(milliseconds timeout) const;

    /// Returns the path of the node that was created, with its sequence number.
    /// errc::unsupported, without sending it, for a mode that the server does not know.
    [[nodiscard]] result<std::string> create(std::string_view path, std::string_view data = {},
                                             const CreateOptions& options = {}) const;
    [[nodiscard]] result<NodeData> get(std::string_view path) const;
    [[nodiscard]] result<Stat> set(std::string_view path, std::string_view data,
                                   std::int32_t version = any_version) const;
    /// Empty if there is no such node.
    [[nodiscard]] result<std::optional<Stat>> exists(std::string_view path) const;
    [[nodiscard]] result<Children> children(std::string_view path) const;
    [[nodiscard]] result<void> remove(std::string_view path,
                                      std::int32_t version = any_version) const;
    /// All or nothing. The error is the first failing part's, and names it.
    [[nodiscard]] result<std::vector<MultiResult>> multi(const Multi& operations) const;
    /// Lets the server that we are connected to catch up with the leader.
    [[nodiscard]] result<void> sync(std::string_view path = "/") const;

    /// Reads that leave a watch. It fires on the first change after the value returned: of the
    /// data (`get_watched`), of the list of names (`children_watched`), or when the node appears,
    /// changes or goes (`exists_watched`). On a failure no watch is left.
    [[nodiscard]] result<Watched<NodeData>> get_watched(std::string_view path) const;
    [[nodiscard]] result<Watched<Children>> children_watched(std::string_view path) const;
    [[nodiscard]] result<Watched<std::optional<Stat>>> exists_watched(std::string_view path) const;

    template <CompletionToken<std::string> Token>
    auto async_create(std::string_view path, std::string_view data, const CreateOptions& options,
                      Token&& token) const {
        return detail::initiate<std::string>(std::forward<Token>(token),
                                             prepare_create(path, data, options));
    }
    template <CompletionToken<NodeData> Token>
    auto async_get(std::string_view path, Token&& token) const {
        return detail::initiate<NodeData>(std::forward<Token>(token), prepare_get(path));
    }
    template <CompletionToken<Stat> Token>
    auto async_set(std::string_view path, std::string_view data, std::int32_t version,
                   Token&& token) const {
        return detail::initiate<Stat>(std::forward<Token>(token), prepare_set(path, data, version));
    }
    template <CompletionToken<std::optional<Stat>> Token>
    auto async_exists(std::string_view path, Token&& token) const {
        return detail::initiate<std::optional<Stat>>(std::forward<Token>(token),
                                                     prepare_exists(path));
    }
    template <CompletionToken<Children> Token>
    auto async_children(std::string_view path, Token&& token) const {
        return detail::initiate<Children>(std::forward<Token>(token), prepare_children(path));
    }
    template <CompletionToken<void> Token>
    auto async_remove(std::string_view path, std::int32_t version, Token&& token) const {
        return detail::initiate<void>(std::forward<Token>(token), prepare_remove(path, version));
    }
    template <CompletionToken<std::vector<MultiResult>> Token>
    auto async_multi(const Multi& operations, Token&& token) const {
        return detail::initiate<std::vector<MultiResult>>(std::forward<Token>(token),
                                                          prepare_multi(operations));
    }
    template <CompletionToken<void> Token>
    auto async_sync(std::string_view path, Token&& token) const {
        return detail::initiate<void>(std::forward<Token>(token), prepare_sync(path));
    }
    template <CompletionToken<Watched<NodeData>> Token>
    auto async_get_watched(std::string_view path, Token&& token) const {
        return detail::initiate<Watched<NodeData>>(std::forward<Token>(token),
                                                   prepare_get_watched(path));
    }
    template <CompletionToken<Watched<Children>> Token>
    auto async_children_watched(std::string_view path, Token&& token) const {
        return detail::initiate<Watched<Children>>(std::forward<Token>(token),
                                                   prepare_children_watched(path));
    }
    template <CompletionToken<Watched<std::optional<Stat>>> Token>
    auto async_exists_watched(std::string_view path, Token&& token) const {
        return detail::initiate<Watched<std::optional<Stat>>>(std::forward<Token>(token),
                                                              prepare_exists_watched(path));
    }

private:
    friend class Client;
    ZooKeeper(std::shared_ptr<detail::ClientImpl> impl, milliseconds timeout) noexcept;

    [[nodiscard]] detail::Start<std::string> prepare_create(std::string_view, std::string_view,
                                                            const CreateOptions&) const;
    [[nodiscard]] detail::Start<NodeData> prepare_get(std::string_view) const;
    [[nodiscard]] detail::Start<Stat> prepare_set(std::string_view, std::string_view,
                                                  std::int32_t) const;
    [[nodiscard]] detail::Start<std::optional<Stat>> prepare_exists(std::string_view) const;
    [[nodiscard]] detail::Start<Children> prepare_children(std::string_view) const;
    [[nodiscard]] detail::Start<void> prepare_remove(std::string_view, std::int32_t) const;
    [[nodiscard]] detail::Start<std::vector<MultiResult>> prepare_multi(const Multi&) const;
    [[nodiscard]] detail::Start<void> prepare_sync(std::string_view) const;
    [[nodiscard]] detail::Start<Watched<NodeData>> prepare_get_watched(std::string_view) const;
    [[nodiscard]] detail::Start<Watched<Children>> prepare_children_watched(std::string_view) const;
    [[nodiscard]] detail::Start<Watched<std::optional<Stat>>> prepare_exists_watched(
        std::string_view) const;

    std::shared_ptr<detail::ClientImpl> x_impl;
    milliseconds x_timeout;
};

}  // namespace leasehold
