// What the client's tests share: a fake ZooKeeper behind a real socket, a client of it, and things
// to wait for.
#pragma once

#include <leasehold/leasehold.hpp>

#include "tests/support/patience.hpp"
#include "tests/support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace leasehold::testing_client {

using namespace std::chrono_literals;
using support::eventually;
using support::FakeZooKeeper;
using support::patient;
using support::ScriptedServer;

inline std::string thread_name() {
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    return name.data();
}

/// The threads of this process whose names begin like this.
inline std::vector<pid_t> threads_named(std::string_view beginning) {
    std::vector<pid_t> found;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "comm");
        std::string name;
        std::getline(file, name);
        if (name.starts_with(beginning)) {
            found.push_back(std::stoi(task.path().filename()));
        }
    }
    return found;
}

inline constexpr auto io_thread = "leasehold-io";
inline constexpr auto callback_thread = "leasehold-cb";
inline constexpr auto notifier_thread = "leasehold-note";

/// Something that happens once. May go away while another thread is on its way out of set() or
/// wait().
class Event {
public:
    void set() {
        const auto state = x_state;
        const std::lock_guard lock(state->mutex);
        state->is_set = true;
        state->changed.notify_all();
    }
    [[nodiscard]] bool is_set() const {
        const std::lock_guard lock(x_state->mutex);
        return x_state->is_set;
    }
    /// For code that is to hang until the test lets it go.
    void wait() {
        const auto state = x_state;
        std::unique_lock lock(state->mutex);
        state->changed.wait(lock, [&] { return state->is_set; });
    }
    [[nodiscard]] bool happens(std::chrono::milliseconds limit = 15s) {
        std::unique_lock lock(x_state->mutex);
        return x_state->changed.wait_for(lock, patient(limit), [this] { return x_state->is_set; });
    }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        bool is_set = false;
    };
    std::shared_ptr<State> x_state = std::make_shared<State>();
};

/// Options that fit the fake server's small tick.
inline ClientOptions fast_options() {
    return {.session_timeout = 20s,
            .tick = 200ms,
            .standalone = true,
            .connect_timeout = 1s,
            .backoff_min = 5ms,
            .backoff_max = 50ms,
            .max_connects_per_second = 100,
            .owner = "unit"};
}

class ServedTest : public testing::Test {
protected:
    [[nodiscard]] Client connect(const ClientOptions& options = fast_options()) {
        auto client = Client::connect(x_server.address(), options).value();
        client.wait_connected(patient(15s)).value();
        return client;
    }
    [[nodiscard]] std::size_t sessions() {
        return x_server.with([](FakeZooKeeper& zookeeper) { return zookeeper.sessions(); });
    }
    [[nodiscard]] std::size_t nodes_under(const std::string& path) {
        return x_server.with([&](FakeZooKeeper& zookeeper) {
            const auto* node = zookeeper.tree().find(path);
            return node == nullptr ? 0 : node->children.size();
        });
    }
    [[nodiscard]] std::size_t requests(wire::Opcode op) {
        return x_server.with([&](FakeZooKeeper& zookeeper) { return zookeeper.seen(op).size(); });
    }

    ScriptedServer x_server;
};

}  // namespace leasehold::testing_client
