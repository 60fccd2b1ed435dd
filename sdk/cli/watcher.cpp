#include "sdk/cli/watcher.hpp"

#include "sdk/cli/event_loop.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace leasehold::cli {
namespace {

/// What we tell the watcher, whole each time.
struct Order {
    std::int64_t group;  ///< 0: none yet
    std::int64_t kill_at_ns;
};

/// Everything but `keep`, so that no pipe of ours stays open because of the watcher.
void close_all_but(int keep) {
    const auto kept = static_cast<unsigned>(keep);
    const bool closed = (kept == 0 || ::syscall(SYS_close_range, 0U, kept - 1, 0U) == 0) &&
                        ::syscall(SYS_close_range, kept + 1, ~0U, 0U) == 0;
    if (!closed) {  // an old kernel
        for (int number = 0; number < 1024; ++number) {
            if (number != keep) {
                ::close(number);
            }
        }
    }
}

void kill_group(const Order& order) {
    if (order.group > 0) {
        ::kill(static_cast<pid_t>(-order.group), SIGKILL);
    }
}

/// Waits for an order, our end, or the time to kill. False once we are gone.
bool run_once(const Descriptor& channel, const Descriptor& timer, Order& order) {
    pollfd watched[2] = {{channel.number(), POLLIN, 0}, {timer.number(), POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0) {
        return true;
    }
    if (watched[0].revents != 0) {
        // News first: the time that has come may be an old one.
        const ssize_t size = ::recv(channel.number(), &order, sizeof order, 0);
        if (size < 0 && errno == EINTR) {
            return true;
        }
        if (size != static_cast<ssize_t>(sizeof order)) {  // the tool is gone
            kill_group(order);
            return false;
        }
        set_boot_timer(timer, Instant(Duration(order.kill_at_ns)));
        return true;
    }
    kill_group(order);
    set_boot_timer(timer, Instant::max());  // once is enough: what is killed forks no more
    return true;
}

[[noreturn]] void watch(Descriptor channel) {
    // What the terminal and `kill -9 -<our group>` do to us must not happen to the watcher.
    ::setsid();
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    ::prctl(PR_SET_NAME, "leasehold-watch");
    if (::chdir("/") != 0) {
        // Then a mount stays busy for as long as we live.
    }
    close_all_but(channel.number());
    const Descriptor timer = make_boot_timer();
    Order order{.group = 0, .kill_at_ns = 0};
    while (run_once(channel, timer, order)) {
    }
    ::_exit(0);
}

}  // namespace

result<Watcher> Watcher::start() {
    BOOST_OUTCOME_TRY(Channel channel, make_channel());
    const pid_t pid = ::fork();
    if (pid < 0) {
        return system_failure("fork");
    }
    if (pid == 0) {
        channel.ours.reset();
        watch(std::move(channel.theirs));
    }
    return Watcher(std::move(channel.ours), pid);
}

bool Watcher::guard(pid_t group) noexcept {
    x_group = group;
    return tell();
}

bool Watcher::kill_by(Instant when) noexcept {
    if (when == x_kill_at) {
        pollfd channel{x_channel.number(), 0, 0};
        return ::poll(&channel, 1, 0) >= 0 && (channel.revents & (POLLHUP | POLLERR)) == 0;
    }
    x_kill_at = when;
    return tell();
}

bool Watcher::tell() noexcept {
    const Order order{.group = x_group, .kill_at_ns = x_kill_at.time_since_epoch().count()};
    const ssize_t size =
        ::send(x_channel.number(), &order, sizeof order, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) {
        x_kill_at = Instant::min();  // it is slow: to be told again
        return true;
    }
    return size == static_cast<ssize_t>(sizeof order);
}

void Watcher::dismiss() noexcept {
    if (x_pid == 0) {
        return;
    }
    // Not by closing the channel, which means something else, and works on a stopped one as well.
    ::kill(x_pid, SIGKILL);
    while (::waitpid(x_pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    x_pid = 0;
    x_channel.reset();
}

}  // namespace leasehold::cli
