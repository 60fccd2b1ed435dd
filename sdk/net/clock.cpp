#include <leasehold/clock.hpp>

#include <ctime>

namespace leasehold {

BootClock::time_point BootClock::now() noexcept {
    timespec time{};
    if (::clock_gettime(CLOCK_BOOTTIME, &time) != 0) {
        ::clock_gettime(CLOCK_MONOTONIC, &time);
    }
    return time_point{std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec}};
}

}  // namespace leasehold
