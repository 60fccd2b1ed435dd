// Real ZooKeeper servers from Debian's packages, alone or as an ensemble, that a test may kill,
// freeze and restart.
#pragma once

#include "tests/support/child_process.hpp"
#include "tests/support/four_letter.hpp"
#include "tests/support/temporary_directory.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::support {

struct ServerOptions {
    int nodes = 1;
    std::chrono::milliseconds tick{200};
    int sync_limit = 5;
    bool is_netty = false;
    std::string class_path{};                                   ///< default: Debian's jars
    std::vector<std::pair<std::string, std::string>> config{};  ///< further lines of zoo.cfg
    std::vector<std::string> jvm{};                             ///< further options of java
};

/// One server: its configuration, its data, its port and, while it runs, its process.
class ZooKeeperServer {
public:
    ZooKeeperServer(std::filesystem::path directory, std::uint16_t port, ServerOptions options);

    /// Starts the process on the same port and data as before; does not wait.
    void start();
    /// SIGKILL.
    void kill();
    /// SIGSTOP: connections stay, nothing is answered.
    void pause();
    void resume();
    [[nodiscard]] bool is_running();
    [[nodiscard]] bool is_serving();
    /// What the server wrote to its log.
    [[nodiscard]] std::string log() const;

    [[nodiscard]] std::uint16_t port() const { return x_port; }
    [[nodiscard]] std::string connect_string() const;
    [[nodiscard]] std::string mode() const { return mode_of(x_port); }
    [[nodiscard]] std::optional<ServerCounts> counts() const { return server_counts(x_port); }

    /// For an ensemble: the lines "server.N=…" and our own number.
    void join(int id, const std::vector<std::string>& members);

private:
    std::filesystem::path x_directory;
    std::uint16_t x_port;
    ServerOptions x_options;
    std::optional<ChildProcess> x_process;
};

/// All servers of one ensemble (or the one standalone server), started and serving.
/// Throws if they do not serve in time, with what they logged.
class ZooKeeperEnsemble {
public:
    explicit ZooKeeperEnsemble(ServerOptions options = {});

    [[nodiscard]] std::size_t size() const { return x_servers.size(); }
    [[nodiscard]] ZooKeeperServer& server(std::size_t index = 0) { return x_servers.at(index); }
    [[nodiscard]] std::string connect_string() const;

    /// Waits until somebody leads, and says who.
    [[nodiscard]] std::size_t leader();
    /// One of those that follow.
    [[nodiscard]] std::size_t a_follower();
    /// The server that the one client of this ensemble is attached to.
    [[nodiscard]] std::size_t attached_to();
    /// Waits until every server serves. Throws if they do not.
    void wait_until_serving();
    /// Starts again whoever was killed, resumes whoever was paused, and waits until all serve.
    void heal();

    /// Of the whole ensemble: sessions and nodes as the leader has them, watches of all servers.
    [[nodiscard]] std::optional<ServerCounts> counts();

private:
    bool try_start();
    void start_nodes();
    [[nodiscard]] bool is_serving();
    [[nodiscard]] std::string logs();

    ServerOptions x_options;
    std::vector<std::unique_ptr<TemporaryDirectory>> x_directories;
    std::vector<ZooKeeperServer> x_servers;
};

}  // namespace leasehold::support
