// What the integration tests share: one set of servers per process and kind, clients that fit the
// servers' small ticks, and an observer's view of what is left behind.
#pragma once

#include <leasehold/leasehold.hpp>

#include "tests/support/answers.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/zookeeper_servers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::integration {

using namespace std::chrono_literals;
using namespace leasehold::support;  // the harness is these tests' vocabulary

/// Servers that every test of this process may use, started when first asked for. A test that kills
/// or freezes one starts its own instead.
[[nodiscard]] ZooKeeperEnsemble& one_server();
[[nodiscard]] ZooKeeperEnsemble& one_netty_server();
[[nodiscard]] ZooKeeperEnsemble& three_servers();

/// The kinds of servers for tests that promise the same on all of them.
struct Flavour {
    const char* name;
    ZooKeeperEnsemble& (*servers)();
    bool is_standalone;
};
inline constexpr Flavour flavours[] = {{"Nio", one_server, true},
                                       {"Netty", one_netty_server, true},
                                       {"Ensemble", three_servers, false}};
void PrintTo(const Flavour& flavour, std::ostream* out);
[[nodiscard]] std::string flavour_name(const ::testing::TestParamInfo<Flavour>& info);

/// Options for one standalone server with the harness's tick. The session timeout is long enough
/// for a late thread on a busy machine not to matter; tests about expiry take a shorter one.
[[nodiscard]] ClientOptions standalone_options(milliseconds session_timeout = 10s);
/// The same for an ensemble: with 10 s, 8 s of lease are in hand after each acknowledgement.
[[nodiscard]] ClientOptions ensemble_options(milliseconds session_timeout = 10s);
[[nodiscard]] ClientOptions options_for(const Flavour& flavour);

/// A client that is connected. Throws if it does not get there.
[[nodiscard]] Client connect(const std::string& hosts,
                             const ClientOptions& options = standalone_options());

/// A lock path that nobody used before, with a parent of its own that does not exist either.
[[nodiscard]] std::string fresh_path();
/// A fresh path that exists, as a plain node, so that no request for the parents is needed.
[[nodiscard]] std::string existing_path(const Client& client);

/// Nothing is to happen for so long before it is taken not to happen at all.
inline constexpr milliseconds a_while{150};

template <class T>
[[nodiscard]] bool still_waits(const std::future<T>& answer) {
    return answer.wait_for(a_while) == std::future_status::timeout;
}

/// Two processes' clients on one path, and a third that only looks.
class TwoClients : public ::testing::TestWithParam<Flavour> {
protected:
    Client client() {
        return connect(GetParam().servers().connect_string(), options_for(GetParam()));
    }

    Client us = client();
    Client other = client();
    Client observer = client();
    const std::string path = fresh_path();
};

/// How many nodes stand under the lock path now; 0 if it does not exist. -1 if nobody answers.
[[nodiscard]] int nodes_under(const Client& observer, const std::string& path);
/// Waits until so many stand there.
[[nodiscard]] bool becomes_nodes(const Client& observer, const std::string& path, int count);
/// Waits until the servers hold no session, no ephemeral node and no watch.
[[nodiscard]] ::testing::AssertionResult nothing_left(ZooKeeperEnsemble& servers);

/// Keeps what a client logs. Must outlive the client.
class LogBook {
public:
    void operator()(const LogRecord& record);
    /// The events so far, as "event name=value name=value".
    [[nodiscard]] std::vector<std::string> lines() const;
    [[nodiscard]] bool has(std::string_view text) const;

private:
    mutable std::mutex x_mutex;
    std::vector<std::string> x_lines;
};

}  // namespace leasehold::integration
