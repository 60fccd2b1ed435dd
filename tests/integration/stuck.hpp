// Code that never comes back, until the test is over; and the moment at which another client sees a
// node go.
#pragma once

#include "tests/integration/fixture.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace leasehold::integration {

/// Where user code hangs until the test opens the trap, at the latest in its destructor. Handlers
/// take a door by value: they may be called, and come back, after the test is over.
class Trap {
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        bool is_open = false;
        int inside = 0;
    };

public:
    /// Called with anything; does not return before open().
    class Door {
    public:
        explicit Door(std::shared_ptr<State> state) : x_state(std::move(state)) {}
        template <class... Ignored>
        void operator()(Ignored&&...) const {
            std::unique_lock lock(x_state->mutex);
            ++x_state->inside;
            x_state->changed.wait(lock, [this] { return x_state->is_open; });
            --x_state->inside;
        }

    private:
        std::shared_ptr<State> x_state;
    };

    Trap() = default;
    Trap(const Trap&) = delete;
    Trap& operator=(const Trap&) = delete;
    ~Trap() { open(); }

    [[nodiscard]] Door door() const { return Door(x_state); }
    void open() {
        const std::lock_guard lock(x_state->mutex);
        x_state->is_open = true;
        x_state->changed.notify_all();
    }
    /// How many threads hang in it.
    [[nodiscard]] int inside() const {
        const std::lock_guard lock(x_state->mutex);
        return x_state->inside;
    }

private:
    std::shared_ptr<State> x_state = std::make_shared<State>();
};

/// The promise: a node is gone, for others to see, this long after the end of its budget.
inline constexpr milliseconds release_promise{250};

/// Watches a node through a client that has nothing to do with it.
class Farewell {
public:
    Farewell(const Client& observer, std::string_view node)
        : x_watched(watch(observer.zookeeper(), node)) {}

    /// When the observer heard that the node is gone; nothing if it still stands at the limit.
    [[nodiscard]] std::optional<Instant> wait(milliseconds limit = std::chrono::seconds{15}) {
        const auto event = x_watched.watch.wait(patient(limit));
        const Instant now = BootClock::now();
        if (!event || event->type != WatchEventType::deleted) {
            return std::nullopt;
        }
        return now;
    }

private:
    /// The observer may be on a follower that has not heard of the node yet.
    static Watched<NodeData> watch(const ZooKeeper& zookeeper, std::string_view node) {
        zookeeper.sync().value();
        return zookeeper.get_watched(node).value();
    }

    Watched<NodeData> x_watched;
};

/// Gone not before `due` and at most the promised time after it.
[[nodiscard]] inline ::testing::AssertionResult gone_in_time(std::optional<Instant> gone,
                                                             Instant due) {
    if (!gone) {
        return ::testing::AssertionFailure() << "the node still stands";
    }
    if (*gone < due || *gone > due + release_promise) {
        return ::testing::AssertionFailure()
               << "the node went " << in_ms(*gone - due) << " ms after it was due";
    }
    return ::testing::AssertionSuccess();
}

}  // namespace leasehold::integration
