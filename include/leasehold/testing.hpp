// ZooKeeper servers inside a test's own process: started in milliseconds, gone with the test, and
// with switches for everything that may go wrong between a client and its ensemble.
//
// Not part of <leasehold/leasehold.hpp>, and in a target of its own: link leasehold::testing.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>
#include <leasehold/options.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace leasehold::testing {

/// Which requests a fault is meant for. Variants count as the same: a container's create is a
/// create.
enum class Operation {
    any,      ///< but not what clients do by themselves: connect, ping, authenticate, and set their
              ///< watches again
    connect,  ///< opening a session, or attaching to one again
    close_session,
    create,
    remove,
    set,
    get,
    exists,
    children,
    multi,
    sync,
};

struct EmbeddedServerOptions {
    /// 1 is a standalone server, more are an ensemble with elections and a quorum; at most 9.
    std::size_t servers = 1;
    /// tickTime and syncLimit. Small ones make elections and expiry quick.
    milliseconds tick{200};
    int sync_limit = 5;
    /// What is granted lies between these; 0 takes two ticks.
    milliseconds min_session_timeout{0};
    /// Larger than ZooKeeper's twenty ticks, so that clients get what they ask for in spite of the
    /// small tick.
    milliseconds max_session_timeout{60'000};
    /// Of the first server, the others' follow; 0 takes free ones.
    std::uint16_t port = 0;
    /// The ZooKeeper release whose operations and answers are imitated: 3.4.0 to 3.9.9.
    std::string_view version = "3.8.0";
};

static_assert(std::is_trivially_destructible_v<EmbeddedServerOptions>);

/// One or more servers that speak ZooKeeper's protocol, on 127.0.0.1, on one thread.
///
/// They keep what they are told in memory only, and imitate ZooKeeper as its clients see it:
/// sessions and their expiry, ephemeral and sequential nodes, containers, watches, multi, ACLs,
/// elections. Any client may connect, not only leasehold's; nothing is checked about who it is.
///
/// Switches say when they are in effect; all that they do by themselves is done when they return.
/// What a client makes of it takes its time as ever: wait for the client's own state, not for an
/// amount of time. Every switch that takes a server takes all of them by default; a number that
/// there is no server for does nothing.
///
/// Starting it raises this process's soft limit of open files to the hard limit.
///
/// Thread safety: const functions and switches may be called from any number of threads at once;
/// moving, assigning and destroying need the usual exclusion. In a forked child nothing may be
/// called but the destructor, which does nothing there.
class EmbeddedServer {
public:
    static constexpr std::size_t every_server = static_cast<std::size_t>(-1);

    /// The servers are ready when it returns, and an ensemble has its leader. Errors:
    /// invalid_argument; the system's own if the port is taken, or there is no thread or descriptor
    /// to be had.
    [[nodiscard]] static result<EmbeddedServer> start(const EmbeddedServerOptions& options = {});

    EmbeddedServer(EmbeddedServer&&) noexcept;
    EmbeddedServer& operator=(EmbeddedServer&&) noexcept;
    /// Closes all connections and ends the thread, within 1 s.
    ~EmbeddedServer();

    // ---- for clients ----

    /// `127.0.0.1:port,127.0.0.1:port`, for Client::connect; good while the object lives.
    [[nodiscard]] const std::string& connect_string() const noexcept;
    [[nodiscard]] std::uint16_t port(std::size_t server = 0) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept;
    /// Options for a leasehold client of these servers: their tick and syncLimit, whether there is
    /// one alone, and a client that comes back fast. A budget of 10 s, the default, fits into the
    /// session timeout that is taken for 0; a small one is for tests in which the server falls
    /// silent and a lease is to end by it.
    [[nodiscard]] ClientOptions client_options(milliseconds session_timeout = milliseconds{
                                                   0}) const noexcept;

    // ---- sessions ----

    /// Ends a session as if nothing had been heard of it for its timeout: its ephemeral nodes are
    /// deleted, watches on them fire, and its connection is closed. Its client learns of it when it
    /// attaches again. False if there is no such session, or no leader that a quorum follows.
    bool expire_session(std::int64_t session);
    /// The same for all sessions there are; how many.
    std::size_t expire_all_sessions();

    // ---- requests and replies ----

    /// Of the next request of this kind, from whichever client: it is carried out, and the
    /// connection is closed in place of the reply. In effect until such a request comes; called
    /// twice, it is for two requests.
    void drop_next_reply(Operation operation);
    /// The same, but the request is not carried out.
    void drop_next_request(Operation operation);
    /// What drop_next_reply and drop_next_request asked for and has not come yet; 0 says that the
    /// fault has happened.
    [[nodiscard]] std::size_t drops_left() const;
    /// Replies and watch events reach their client this long after they were made, in order;
    /// requests are carried out at once. In effect until another delay is set, also for what is on
    /// its way; 0 lets everything through. A delay below 0 counts as 0.
    void delay(Duration delay);

    // ---- connections ----

    /// Closes all connections there are; what was on its way is lost, in both directions. Sessions
    /// stay, and clients may connect again at once.
    void cut(std::size_t server = every_server);
    /// Connections stay, and nothing passes on them any more, as if a cable had been pulled. New
    /// connections are established, and nobody answers on them. The servers go on, and expire
    /// sessions that they do not hear of. Undone by `false`: what was sent meanwhile arrives.
    void half_open(bool is_half_open = true, std::size_t server = every_server);
    /// New connections are refused; those there are stay. Undone by `false`.
    void refuse_connections(bool is_refusing = true, std::size_t server = every_server);

    // ---- servers ----

    /// Stops a server as SIGSTOP does: its connections stay, it answers nothing, and its clocks
    /// stand still. `resume` lets it do all that has come meanwhile; what has become overdue, such
    /// as the expiry of a session, is done first. Nothing for one that is killed.
    void pause(std::size_t server = every_server);
    void resume(std::size_t server = every_server);
    /// Ends a server as SIGKILL does: its connections are closed, and new ones are refused. What
    /// was committed is not lost, as if it were on its disk.
    void kill(std::size_t server = every_server);
    /// Starts it again, on the same port and with what it had; one that runs is left alone. When
    /// all servers were killed, their sessions live on for another timeout, as with ZooKeeper.
    void restart(std::size_t server = every_server);
    /// Cuts a server from all others; clients still reach it, and it finds out by its ticks that it
    /// has lost its quorum. Undone by `false`.
    void partition(std::size_t server, bool is_partitioned = true);

    // ---- what an observer sees ----

    /// Ids of the sessions there are.
    [[nodiscard]] std::vector<std::int64_t> sessions() const;
    /// Names of the committed children of `path`, sorted; empty if there are none, or no such node.
    [[nodiscard]] std::vector<std::string> nodes(std::string_view path) const;
    /// Paths of all ephemeral nodes, sorted.
    [[nodiscard]] std::vector<std::string> ephemerals() const;
    /// Watches that are armed, on all servers.
    [[nodiscard]] std::size_t watches() const;
    /// Connections of clients, on all servers.
    [[nodiscard]] std::size_t connections() const;
    /// The server that leads, if a quorum follows it; `every_server` if there is none. A standalone
    /// server leads.
    [[nodiscard]] std::size_t leader() const;

private:
    struct Impl;
    explicit EmbeddedServer(std::unique_ptr<Impl> impl) noexcept;

    std::unique_ptr<Impl> x_impl;
};

}  // namespace leasehold::testing
