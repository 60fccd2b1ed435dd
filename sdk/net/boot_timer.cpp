#include "sdk/net/boot_timer.hpp"

#include "sdk/net/clock.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <sys/timerfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace leasehold::net {
namespace {

constexpr int flags = TFD_CLOEXEC | TFD_NONBLOCK;

timespec to_timespec(Duration duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
    timespec time{};
    time.tv_sec = static_cast<std::time_t>(seconds.count());
    time.tv_nsec = static_cast<long>((duration - seconds).count());
    return time;
}

}  // namespace

BootTimer::BootTimer(boost::asio::io_context& io, std::function<void()> on_fired)
    : x_descriptor(io), x_on_fired(std::move(on_fired)) {
    int descriptor = ::timerfd_create(lease_clock(), flags);
    if (descriptor < 0) {
        // Then distances are armed instead of instants, which mean the same on either clock.
        x_is_absolute = false;
        descriptor = ::timerfd_create(CLOCK_MONOTONIC, flags);
    }
    if (descriptor < 0) {
        throw std::system_error(errno, std::system_category(), "timerfd_create");
    }
    x_descriptor.assign(descriptor);
    wait();
}

void BootTimer::arm(Instant when) {
    x_armed_for = when;
    if (when < x_set_for) {
        set(when);
    }
}

void BootTimer::set(Instant when) {
    x_set_for = when;
    const Duration value = x_is_absolute ? when.time_since_epoch() : when - BootClock::now();
    itimerspec setting{};
    // All zeros would disarm; an instant that has passed fires at once.
    setting.it_value = to_timespec(std::max(value, Duration{1}));
    ::timerfd_settime(x_descriptor.native_handle(), x_is_absolute ? TFD_TIMER_ABSTIME : 0, &setting,
                      nullptr);
}

void BootTimer::wait() {
    using boost::asio::posix::stream_descriptor;
    x_descriptor.async_wait(stream_descriptor::wait_read, [this](boost::system::error_code error) {
        if (error) {
            return;  // closed
        }
        std::uint64_t expirations = 0;
        const bool fired =
            ::read(x_descriptor.native_handle(), &expirations, sizeof expirations) > 0;
        wait();
        if (fired) {
            on_expired();
        }
    });
}

void BootTimer::on_expired() {
    x_set_for = Instant::max();
    if (x_armed_for <= BootClock::now()) {
        x_armed_for = Instant::max();
        x_on_fired();
    } else if (x_armed_for != Instant::max()) {
        set(x_armed_for);
    }
}

}  // namespace leasehold::net
