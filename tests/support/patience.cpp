#include "tests/support/patience.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace leasehold::support {

namespace {

constexpr std::chrono::milliseconds poll_period{5};

}  // namespace

double time_factor() {
    static const double factor = [] {
        const char* text = std::getenv("LEASEHOLD_TEST_TIME_FACTOR");
        return text == nullptr ? 1.0 : std::clamp(std::strtod(text, nullptr), 1.0, 100.0);
    }();
    return factor;
}

std::chrono::milliseconds patient(std::chrono::milliseconds limit) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(limit * time_factor());
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const Instant end = BootClock::now() + patient(limit);
    while (true) {
        // The time is read before the condition: it is asked once more after the end.
        const bool is_over = BootClock::now() >= end;
        if (condition()) {
            return true;
        }
        if (is_over) {
            return false;
        }
        std::this_thread::sleep_for(poll_period);
    }
}

bool stays(const std::function<bool()>& condition, std::chrono::milliseconds period) {
    const Instant end = BootClock::now() + period;
    while (true) {
        const bool is_over = BootClock::now() >= end;
        if (!condition()) {
            return false;
        }
        if (is_over) {
            return true;
        }
        std::this_thread::sleep_for(poll_period);
    }
}

void wait_until(Instant when) {
    while (BootClock::now() < when) {
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

std::int64_t in_ms(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace leasehold::support
