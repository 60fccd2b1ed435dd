#include "tests/support/zookeeper_servers.hpp"

#include "tests/support/descriptor.hpp"
#include "tests/support/patience.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace leasehold::support {

namespace {

constexpr std::chrono::seconds start_limit{30};
constexpr int start_attempts = 4;  // somebody else may take a free port before the server binds it

std::string class_path(bool is_netty) {
    std::vector<std::string> jars{"zookeeper.jar", "slf4j-simple.jar"};
    if (is_netty) {
        // The manifest of Debian's zookeeper.jar forgets these: without them the port opens and
        // every connection dies.
        jars.insert(jars.end(), {"netty-codec.jar", "netty-resolver.jar",
                                 "netty-transport-native-unix-common.jar"});
    }
    std::string path;
    for (const std::string& jar : jars) {
        path += (path.empty() ? "" : ":") + std::string("/usr/share/java/") + jar;
    }
    return path;
}

void write_config(const std::filesystem::path& directory, std::uint16_t port,
                  const ServerOptions& options) {
    const auto tick = options.tick.count();
    std::filesystem::create_directories(directory / "data");
    std::ofstream file(directory / "zoo.cfg");
    file << "tickTime=" << tick << "\n"
         << "dataDir=" << (directory / "data").string() << "\n"
         << "clientPort=" << port << "\n"
         << "clientPortAddress=127.0.0.1\n"
         << "admin.enableServer=false\n"
         << "4lw.commands.whitelist=*\n"
         << "maxClientCnxns=0\n"
         << "minSessionTimeout=" << 2 * tick << "\n"
         << "maxSessionTimeout=60000\n"
         << "syncLimit=" << options.sync_limit
         << "\n"
         // Ten seconds: virtual machines that start together on few cores are slow to elect.
         << "initLimit=" << std::max<std::int64_t>(10, 10'000 / tick) << "\n";
    if (options.is_netty) {
        file << "serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory\n";
    }
    for (const auto& [key, value] : options.config) {
        file << key << "=" << value << "\n";
    }
}

}  // namespace

// ---- one server ----

ZooKeeperServer::ZooKeeperServer(std::filesystem::path directory, std::uint16_t port,
                                 ServerOptions options)
    : x_directory(std::move(directory)), x_port(port), x_options(std::move(options)) {}

void ZooKeeperServer::join(int id, const std::vector<std::string>& members) {
    for (std::size_t i = 0; i < members.size(); ++i) {
        x_options.config.emplace_back("server." + std::to_string(i + 1), members[i]);
    }
    std::filesystem::create_directories(x_directory / "data");
    std::ofstream(x_directory / "data" / "myid") << id << "\n";
}

void ZooKeeperServer::start() {
    write_config(x_directory, x_port, x_options);
    std::vector<std::string> argv{
        "java",
        x_options.is_netty ? "-Xmx128m" : "-Xmx64m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dzookeeper.extendedTypesEnabled=true",   // TTL nodes
        "-Dznode.container.checkIntervalMs=1000",  // containers go within the test
        "-Dzookeeper.preAllocSize=1024",           // KiB of log at a time, not 64 MiB
        "-Dzookeeper.forceSync=no",                // a killed process loses nothing
    };
    argv.insert(argv.end(), x_options.jvm.begin(), x_options.jvm.end());
    argv.insert(
        argv.end(),
        {"-cp",
         x_options.class_path.empty() ? class_path(x_options.is_netty) : x_options.class_path,
         "org.apache.zookeeper.server.quorum.QuorumPeerMain", (x_directory / "zoo.cfg").string()});
    x_process.reset();
    x_process.emplace(argv, (x_directory / "log").string());
}

void ZooKeeperServer::kill() {
    x_process.reset();
}

void ZooKeeperServer::pause() {
    x_process.value().pause();
}

void ZooKeeperServer::resume() {
    x_process.value().resume();
}

bool ZooKeeperServer::is_running() {
    return x_process && x_process->is_running();
}

bool ZooKeeperServer::is_serving() {
    return is_running() && !mode().empty();
}

std::string ZooKeeperServer::log() const {
    std::ostringstream text;
    text << std::ifstream(x_directory / "log").rdbuf();
    return text.str();
}

std::string ZooKeeperServer::connect_string() const {
    return "127.0.0.1:" + std::to_string(x_port);
}

// ---- all of them ----

ZooKeeperEnsemble::ZooKeeperEnsemble(ServerOptions options) : x_options(std::move(options)) {
    for (int attempt = 1; !try_start(); ++attempt) {
        if (attempt == start_attempts) {
            throw std::runtime_error("the servers do not start:" + logs());
        }
    }
}

bool ZooKeeperEnsemble::try_start() {
    x_servers.clear();
    x_directories.clear();
    start_nodes();
    const bool is_up = eventually(
        [this] {
            for (ZooKeeperServer& server : x_servers) {
                if (!server.is_running()) {
                    return true;  // a port was taken; no use in waiting
                }
            }
            return is_serving();
        },
        start_limit);
    return is_up && is_serving();
}

void ZooKeeperEnsemble::start_nodes() {
    const auto count = static_cast<std::size_t>(x_options.nodes);
    const std::vector<std::uint16_t> ports = free_ports(3 * count);
    std::vector<std::string> members;
    for (std::size_t i = 0; i < count; ++i) {
        x_directories.push_back(std::make_unique<TemporaryDirectory>());
        x_servers.emplace_back(x_directories.back()->path(), ports[3 * i], x_options);
        members.push_back("127.0.0.1:" + std::to_string(ports[3 * i + 1]) + ":" +
                          std::to_string(ports[3 * i + 2]));
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (count > 1) {
            x_servers[i].join(static_cast<int>(i) + 1, members);
        }
        x_servers[i].start();
    }
}

bool ZooKeeperEnsemble::is_serving() {
    int leaders = 0;
    for (ZooKeeperServer& server : x_servers) {
        const std::string mode = server.is_running() ? server.mode() : "";
        if (mode.empty()) {
            return false;
        }
        leaders += mode == "leader" || mode == "standalone" ? 1 : 0;
    }
    return leaders == 1;
}

void ZooKeeperEnsemble::wait_until_serving() {
    if (!eventually([this] { return is_serving(); }, start_limit)) {
        throw std::runtime_error("the servers do not serve:" + logs());
    }
}

void ZooKeeperEnsemble::heal() {
    for (ZooKeeperServer& server : x_servers) {
        if (server.is_running()) {
            server.resume();
        } else {
            server.start();
        }
    }
    wait_until_serving();
}

std::string ZooKeeperEnsemble::connect_string() const {
    std::string text;
    for (const ZooKeeperServer& server : x_servers) {
        text += (text.empty() ? "" : ",") + server.connect_string();
    }
    return text;
}

std::size_t ZooKeeperEnsemble::leader() {
    std::optional<std::size_t> found;
    const bool is_led = eventually(
        [&] {
            for (std::size_t i = 0; i < size(); ++i) {
                if (x_servers[i].is_running() && x_servers[i].mode() == "leader") {
                    found = i;
                }
            }
            return found.has_value();
        },
        start_limit);
    if (!is_led) {
        throw std::runtime_error("nobody leads:" + logs());
    }
    return *found;
}

std::size_t ZooKeeperEnsemble::a_follower() {
    return (leader() + 1) % size();
}

std::size_t ZooKeeperEnsemble::attached_to() {
    std::optional<std::size_t> found;
    const bool is_attached = eventually([&] {
        for (std::size_t i = 0; i < size(); ++i) {
            if (x_servers[i].is_running() && attached_sessions(x_servers[i].port()) > 0) {
                found = i;
            }
        }
        return found.has_value();
    });
    if (!is_attached) {
        throw std::runtime_error("no client is attached");
    }
    return *found;
}

std::optional<ServerCounts> ZooKeeperEnsemble::counts() {
    std::optional<ServerCounts> sum;
    std::int64_t watches = 0;
    for (ZooKeeperServer& server : x_servers) {
        const auto counts = server.counts();
        if (!counts) {
            return std::nullopt;
        }
        watches += counts->watches;
        if (size() == 1 || server.mode() == "leader") {
            sum = counts;
        }
    }
    if (sum) {
        sum->watches = watches;
    }
    return sum;
}

std::string ZooKeeperEnsemble::logs() {
    std::string text;
    for (const ZooKeeperServer& server : x_servers) {
        text += "\n--- " + server.connect_string() + "\n" + server.log();
    }
    return text;
}

}  // namespace leasehold::support
