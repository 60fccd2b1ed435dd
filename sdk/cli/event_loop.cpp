#include "sdk/cli/event_loop.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace leasehold::cli {

void Nudge::notify() const noexcept {
    const std::uint64_t one = 1;
    while (::write(x_descriptor.number(), &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void Nudge::clear() const noexcept {
    std::uint64_t count = 0;
    while (::read(x_descriptor.number(), &count, sizeof count) < 0 && errno == EINTR) {
    }
}

Descriptor make_boot_timer() noexcept {
    Descriptor timer(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
    if (timer.number() < 0) {
        timer = Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    }
    return timer;
}

void set_boot_timer(const Descriptor& timer, Instant when) noexcept {
    itimerspec setting{};
    if (when != Instant::max()) {
        // A distance means the same on every clock that the timer may be on, and an instant does
        // not. Zero would disarm it; a past instant fires at once.
        const Instant now = BootClock::now();
        const Duration distance = when > now ? when - now : Duration{1};
        const auto seconds = std::chrono::floor<std::chrono::seconds>(distance);
        setting.it_value.tv_sec = seconds.count();
        setting.it_value.tv_nsec = (distance - seconds).count();
    }
    ::timerfd_settime(timer.number(), 0, &setting, nullptr);
}

result<EventLoop> EventLoop::make(const Signals& signals) {
    EventLoop loop(signals);
    Descriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (event.number() < 0) {
        return system_failure("eventfd");
    }
    loop.x_nudge = std::make_shared<Nudge>(std::move(event));
    loop.x_timer = make_boot_timer();
    if (loop.x_timer.number() < 0) {
        return system_failure("timerfd_create");
    }
    return loop;
}

int EventLoop::wait(Instant until) {
    set_boot_timer(x_timer, until);
    std::array<pollfd, 3> watched{pollfd{x_signals->descriptor(), POLLIN, 0},
                                  pollfd{x_nudge->descriptor(), POLLIN, 0},
                                  pollfd{x_timer.number(), POLLIN, 0}};
    ::poll(watched.data(), watched.size(), -1);
    // Before the caller looks at what was announced, so that no nudge is lost.
    x_nudge->clear();
    return x_signals->take();
}

}  // namespace leasehold::cli
