// The model of ZooKeeper against ZooKeeper: the same random conversations get the same replies and
// the same events, or whatever is tested on the model proves nothing.
//
// LEASEHOLD_SCRIPTS says how many (default 1000), LEASEHOLD_SCRIPT which one alone.
#include "sdk/server/ensemble.hpp"
#include "tests/differential/conversation.hpp"
#include "tests/support/descriptor.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/zookeeper_servers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>

namespace leasehold::differential {
namespace {

using namespace std::chrono_literals;

class RealTransport : public Transport {
public:
    explicit RealTransport(std::uint16_t port) : x_port(port) {}

    Connection connect() override {
        x_sockets.emplace(++x_last, support::connect_to_loopback(x_port));
        return x_last;
    }
    void send(Connection connection, std::string_view bytes) override {
        if (!support::send_all(x_sockets.at(connection), bytes)) {
            throw std::runtime_error("the server has closed the connection");
        }
    }
    std::string receive(Connection connection) override {
        auto bytes = support::receive(x_sockets.at(connection), support::patient(10s));
        if (!bytes) {
            throw std::runtime_error("the server does not answer");
        }
        return std::move(*bytes);
    }
    void hang_up(Connection connection) override { x_sockets.erase(connection); }

private:
    std::uint16_t x_port;
    Connection x_last = 0;
    std::map<Connection, support::Descriptor> x_sockets;
};

class ModelTransport : public Transport {
public:
    ModelTransport()
        : x_model({.tick = 2s,
                   .max_session_timeout = 60s,
                   .has_ttl_nodes = true,
                   .container_check_interval = 24h}) {}

    Connection connect() override { return x_model.accept(x_now, 0).value(); }
    void send(Connection connection, std::string_view bytes) override {
        x_now += 1ms;
        x_model.on_time(x_now);
        x_model.receive(x_now, connection, bytes);
        x_model.on_time(x_now);
    }
    std::string receive(Connection connection) override {
        const auto output = x_model.take_output(connection);
        if (output.bytes.empty() && !output.is_closed && !x_closed.contains(connection)) {
            throw std::runtime_error("the model does not answer");
        }
        if (output.is_closed) {
            x_closed.insert(connection);
        }
        return output.bytes;
    }
    void hang_up(Connection connection) override { x_model.hang_up(x_now, connection); }

private:
    server::Ensemble x_model;
    Instant x_now{1000s};
    std::set<Connection> x_closed;
};

std::vector<std::string> transcript_of(Conversation& conversation, const Script& script) {
    try {
        return conversation.run(script);
    } catch (const std::exception& failure) {
        return {std::string("failed: ") + failure.what()};
    }
}

/// Where they part, with so many lines of what came before.
std::string difference(const std::vector<std::string>& real, const std::vector<std::string>& model,
                       std::size_t limit) {
    std::size_t at = 0;
    while (at < real.size() && at < model.size() && real[at] == model[at]) {
        ++at;
    }
    const auto line_of = [](const std::vector<std::string>& lines, std::size_t i) {
        constexpr std::size_t width = 500;
        const std::string line = i < lines.size() ? lines[i] : "nothing";
        return (line.size() > width ? line.substr(0, width) + "..." : line) + "\n";
    };
    std::string text;
    for (std::size_t i = at > limit ? at - limit : 0; i < at; ++i) {
        text += "  both:  " + line_of(real, i);
    }
    for (std::size_t i = at; i < std::min(at + 3, std::max(real.size(), model.size())); ++i) {
        text += "  real:  " + line_of(real, i);
        text += "  model: " + line_of(model, i);
    }
    return text;
}

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// A real server and a model, both as they are when new, and who talks to them.
struct Pair {
    support::ZooKeeperEnsemble servers{
        support::ServerOptions{.tick = 2s, .jvm = {"-Dznode.container.checkIntervalMs=86400000"}}};
    RealTransport to_real{servers.server().port()};
    ModelTransport to_model;
    Conversation real{to_real};
    Conversation model{to_model};
};

TEST(Differential, RandomConversationsGetTheSameAnswersFromTheModelAndFromZooKeeper) {
    constexpr std::size_t enough = 10;
    const std::uint64_t only = number_from_environment("LEASEHOLD_SCRIPT", 0);
    const std::uint64_t count = number_from_environment("LEASEHOLD_SCRIPTS", 1000);
    const std::uint64_t first = only != 0 ? only : 1;
    const std::uint64_t last = only != 0 ? only : count;
    std::size_t lines = 0;
    std::size_t differences = 0;
    auto pair = std::make_unique<Pair>();
    for (std::uint64_t seed = first; seed <= last && differences < enough; ++seed) {
        const Script script = make_script(seed);
        const auto said = transcript_of(pair->real, script);
        const auto modelled = transcript_of(pair->model, script);
        lines += said.size();
        if (said != modelled) {
            ++differences;
            ADD_FAILURE() << "script " << seed << ":\n"
                          << difference(said, modelled, only != 0 ? 1000 : 30);
            pair = std::make_unique<Pair>();  // what this script left differs too
        } else if (said.size() == 1) {
            ADD_FAILURE() << "script " << seed << ": " << said.front();
        }
    }
    std::cout << last - first + 1 << " scripts, " << lines << " lines, " << differences
              << " differences\n";
}

}  // namespace
}  // namespace leasehold::differential
