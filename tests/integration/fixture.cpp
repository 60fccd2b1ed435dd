#include "tests/integration/fixture.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <ostream>
#include <unistd.h>

namespace leasehold::integration {

ZooKeeperEnsemble& one_server() {
    static ZooKeeperEnsemble servers;
    return servers;
}

ZooKeeperEnsemble& one_netty_server() {
    static ZooKeeperEnsemble servers(ServerOptions{.is_netty = true});
    return servers;
}

ZooKeeperEnsemble& three_servers() {
    static ZooKeeperEnsemble servers(ServerOptions{.nodes = 3});
    return servers;
}

void PrintTo(const Flavour& flavour, std::ostream* out) {
    *out << flavour.name;
}

std::string flavour_name(const ::testing::TestParamInfo<Flavour>& info) {
    return info.param.name;
}

ClientOptions standalone_options(milliseconds session_timeout) {
    return {.session_timeout = session_timeout, .tick = 200ms, .standalone = true};
}

ClientOptions ensemble_options(milliseconds session_timeout) {
    return {.session_timeout = session_timeout, .tick = 200ms, .sync_limit = 5};
}

ClientOptions options_for(const Flavour& flavour) {
    return flavour.is_standalone ? standalone_options() : ensemble_options();
}

Client connect(const std::string& hosts, const ClientOptions& options) {
    auto client = Client::connect(hosts, options);
    if (client) {
        if (auto connected = client->wait_connected(patient(15s)); !connected) {
            throw std::runtime_error(connected.error().message());
        }
    }
    return std::move(client).value();
}

std::string fresh_path() {
    static std::atomic<int> count{0};
    return "/it-" + std::to_string(::getpid()) + "-" + std::to_string(++count) + "/lock";
}

std::string existing_path(const Client& client) {
    std::string path = fresh_path();
    const ZooKeeper zookeeper = client.zookeeper();
    (void)zookeeper.create(path.substr(0, path.rfind('/'))).value();
    (void)zookeeper.create(path).value();
    return path;
}

int nodes_under(const Client& observer, const std::string& path) {
    const auto children = observer.zookeeper().children(path);
    if (!children) {
        return children.error() == zk_errc::no_node ? 0 : -1;
    }
    return static_cast<int>(children->names.size());
}

bool becomes_nodes(const Client& observer, const std::string& path, int count) {
    return eventually([&] { return nodes_under(observer, path) == count; });
}

::testing::AssertionResult nothing_left(ZooKeeperEnsemble& servers) {
    std::optional<ServerCounts> last;
    const bool is_clean = eventually([&] {
        last = servers.counts();
        return last && last->sessions == 0 && last->ephemerals == 0 && last->watches == 0;
    });
    if (is_clean) {
        return ::testing::AssertionSuccess();
    }
    if (!last) {
        return ::testing::AssertionFailure() << "the servers do not answer";
    }
    return ::testing::AssertionFailure()
           << last->sessions << " sessions, " << last->ephemerals << " ephemeral nodes, "
           << last->watches << " watches are left";
}

void LogBook::operator()(const LogRecord& record) {
    std::string line(record.event);
    for (const LogField& field : record.fields) {
        line += " " + std::string(field.name) + "=" + std::string(field.value);
    }
    const std::lock_guard lock(x_mutex);
    x_lines.push_back(std::move(line));
}

std::vector<std::string> LogBook::lines() const {
    const std::lock_guard lock(x_mutex);
    return x_lines;
}

bool LogBook::has(std::string_view text) const {
    const std::lock_guard lock(x_mutex);
    return std::any_of(x_lines.begin(), x_lines.end(), [text](const std::string& line) {
        return line.find(text) != std::string::npos;
    });
}

}  // namespace leasehold::integration
