#include "sdk/net/clock.hpp"

#include <leasehold/clock.hpp>

#include <atomic>

namespace leasehold {

namespace {

constexpr clockid_t not_chosen = -1;

/// No static of a function, whose guard must not be met in a signal handler.
constinit std::atomic<clockid_t> chosen{not_chosen};

}  // namespace

clockid_t net::lease_clock() noexcept {
    clockid_t clock = chosen.load(std::memory_order_relaxed);
    if (clock == not_chosen) {
        timespec time{};
        clock = ::clock_gettime(CLOCK_BOOTTIME, &time) == 0 ? CLOCK_BOOTTIME : CLOCK_MONOTONIC;
        chosen.store(clock, std::memory_order_relaxed);
    }
    return clock;
}

BootClock::time_point BootClock::now() noexcept {
    timespec time{};
    if (::clock_gettime(net::lease_clock(), &time) != 0) {
        return time_point::max();  // forbidden from now on: whatever has a deadline is over
    }
    return time_point{std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec}};
}

}  // namespace leasehold
