// A server on loopback that does what a test says: it is the fake ZooKeeper behind real sockets, or
// it answers bytes with whatever bytes a script makes of them.
#pragma once

#include "tests/support/descriptor.hpp"
#include "tests/support/fake_zookeeper.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace leasehold::support {

/// Listens on a free port from its construction to its destruction, on a thread of its own.
/// Thread safety: all functions may be called from any thread.
class ScriptedServer {
public:
    /// What to answer to the bytes that came on one connection; nothing closes it. Called with no
    /// bytes right after the connection was accepted.
    using Script = std::function<std::optional<std::string>(std::string_view bytes)>;

    /// Serves as a ZooKeeper.
    explicit ScriptedServer(FakeOptions options = {});
    explicit ScriptedServer(Script script);
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return x_port; }
    /// "127.0.0.1:port"
    [[nodiscard]] std::string address() const;

    /// Lets `use` look at the fake ZooKeeper, or tell it what to do next.
    template <class Use>
    auto with(Use use) {
        const std::lock_guard lock(x_mutex);
        const WakeUp after{*this};
        return use(x_zookeeper);
    }
    /// Cuts all connections.
    void cut();
    /// While deaf, connections are accepted and nothing is read from them.
    void set_deaf(bool deaf);
    [[nodiscard]] std::size_t accepted() const;

private:
    struct Peer {
        Descriptor socket;
        std::string outbound;
        bool is_ending = false;  ///< closed once everything is written
    };
    /// The thread looks again at what it has to write, and when.
    struct WakeUp {
        ScriptedServer& server;
        ~WakeUp() { server.wake(); }
    };

    ScriptedServer(FakeOptions options, Script script);
    void run();
    [[nodiscard]] int milliseconds_to_wait() const;
    void accept_one();
    void read(ConnectionId id, Peer& peer);
    void serve(Instant now);
    void write(Peer& peer);
    void wake() const;

    Script x_script;
    Descriptor x_listener;
    std::uint16_t x_port;
    Descriptor x_wake;
    mutable std::mutex x_mutex;
    FakeZooKeeper x_zookeeper;
    std::map<ConnectionId, Peer> x_peers;
    ConnectionId x_next_scripted = 1;
    std::size_t x_accepted = 0;
    bool x_is_deaf = false;
    bool x_is_stopping = false;
    std::thread x_thread;
};

/// Never answers.
[[nodiscard]] ScriptedServer::Script silence();
/// The same bytes for every piece that comes, and before the first if `unasked`.
[[nodiscard]] ScriptedServer::Script always(std::string bytes, bool unasked = false);

}  // namespace leasehold::support
