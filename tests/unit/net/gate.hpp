// For services that answer when the test says so.
#pragma once

#include <condition_variable>
#include <mutex>

namespace leasehold::net {

/// Where calls of other threads wait until the test lets them through.
class Gate {
public:
    void open() {
        const std::lock_guard lock(x_mutex);
        x_is_open = true;
        x_changed.notify_all();
    }
    void pass() {
        std::unique_lock lock(x_mutex);
        x_is_open ? void() : x_changed.wait(lock, [this] { return x_is_open; });
    }

private:
    std::mutex x_mutex;
    std::condition_variable x_changed;
    bool x_is_open = false;
};

}  // namespace leasehold::net
