// A value that a handler on another thread hands to the test.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace leasehold::integration {

/// Copies share the value; handlers keep one of their own. A std::promise on the test's stack could
/// be destroyed while set_value() is still on its way out of it.
template <class T>
class Parcel {
public:
    /// The first one counts.
    void deliver(T value) const {
        const std::lock_guard lock(x_state->mutex);
        if (!x_state->value) {
            x_state->value.emplace(std::move(value));
        }
        x_state->delivered.notify_all();
    }

    /// Waits for the value and takes it out.
    [[nodiscard]] T receive() const {
        std::unique_lock lock(x_state->mutex);
        x_state->delivered.wait(lock, [this] { return x_state->value.has_value(); });
        return std::move(*x_state->value);
    }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable delivered;
        std::optional<T> value;
    };
    std::shared_ptr<State> x_state = std::make_shared<State>();
};

}  // namespace leasehold::integration
