// Code that never comes back, until the test is over; and the moment at which another client sees a
// node go.
#pragma once

#include "tests/integration/fixture.hpp"

#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <string>

namespace leasehold::integration {

/// Where user code hangs. The destructor lets it go, so that its thread can end; declare it after
/// whatever the hanging thread uses.
class Trap {
public:
    ~Trap() { open(); }
    /// Does not return before open().
    void enter() {
        std::unique_lock lock(x_mutex);
        ++x_inside;
        x_changed.notify_all();
        x_changed.wait(lock, [this] { return x_is_open; });
        --x_inside;
    }
    void open() {
        const std::lock_guard lock(x_mutex);
        x_is_open = true;
        x_changed.notify_all();
    }
    [[nodiscard]] int inside() {
        const std::lock_guard lock(x_mutex);
        return x_inside;
    }

private:
    std::mutex x_mutex;
    std::condition_variable x_changed;
    bool x_is_open = false;
    int x_inside = 0;
};

/// The promise: a node is gone, for others to see, this long after the end of its budget.
inline constexpr milliseconds release_promise{250};

/// Watches a node through a client that has nothing to do with it.
class Farewell {
public:
    Farewell(const Client& observer, std::string_view node)
        : x_watched(observer.zookeeper().get_watched(node).value()) {}

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
