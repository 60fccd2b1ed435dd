// What the main thread waits on: signals, an instant of the boot clock, and a nudge from the SDK's
// threads.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>

#include "sdk/cli/descriptors.hpp"
#include "sdk/cli/signals.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace leasehold::cli {

/// Wakes the main thread. Thread safety: `notify` may be called from any thread, and after the loop
/// is gone.
class Nudge {
public:
    explicit Nudge(Descriptor descriptor) noexcept : x_descriptor(std::move(descriptor)) {}

    void notify() const noexcept;
    void clear() const noexcept;
    [[nodiscard]] int descriptor() const noexcept { return x_descriptor.number(); }

private:
    Descriptor x_descriptor;
};

class EventLoop {
public:
    /// `signals` must outlive the loop.
    [[nodiscard]] static result<EventLoop> make(const Signals& signals);

    /// Blocks until there is a signal, somebody nudges, or `until` has come. Returns the signal, or
    /// 0 otherwise; it may be early, so the caller looks at what it waits for itself.
    [[nodiscard]] int wait(Instant until);

    [[nodiscard]] std::shared_ptr<Nudge> nudge() const noexcept { return x_nudge; }

private:
    explicit EventLoop(const Signals& signals) noexcept : x_signals(&signals) {}

    const Signals* x_signals;
    std::shared_ptr<Nudge> x_nudge;
    Descriptor x_timer;
};

/// The answer of one async operation, put down on a thread of the SDK and taken on the main thread.
template <class T>
class Answer {
public:
    explicit Answer(std::shared_ptr<Nudge> nudge) : x_nudge(std::move(nudge)) {}

    void put(result<T> value) {
        {
            const std::scoped_lock lock(x_mutex);
            x_value.emplace(std::move(value));
        }
        x_nudge->notify();
    }
    [[nodiscard]] std::optional<result<T>> take() {
        const std::scoped_lock lock(x_mutex);
        return std::exchange(x_value, std::nullopt);
    }

private:
    std::shared_ptr<Nudge> x_nudge;
    std::mutex x_mutex;
    std::optional<result<T>> x_value;
};

/// The answer; or the signal that asked us to end before it came; or neither, in time.
template <class T>
struct Awaited {
    std::optional<result<T>> answer{};
    int signal = 0;
};

template <class T>
[[nodiscard]] Awaited<T> await(EventLoop& loop, Answer<T>& answer, Instant until) {
    for (;;) {
        if (auto value = answer.take()) {
            return {.answer = std::move(value)};
        }
        if (BootClock::now() >= until) {
            return {};
        }
        if (const int signal = loop.wait(until); is_request_to_end(signal)) {
            return {.signal = signal};
        }
    }
}

/// A descriptor that turns readable at `when` of the boot clock, which counts suspend: poll()'s own
/// timeout would not. Instant::max() never comes.
[[nodiscard]] Descriptor make_boot_timer() noexcept;
void set_boot_timer(const Descriptor& timer, Instant when) noexcept;

}  // namespace leasehold::cli
