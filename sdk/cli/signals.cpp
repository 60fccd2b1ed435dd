#include "sdk/cli/signals.hpp"

#include <algorithm>
#include <array>
#include <sys/signalfd.h>
#include <unistd.h>

namespace leasehold::cli {
namespace {

constexpr std::array requests_to_end{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
constexpr std::array job_control{SIGTSTP, SIGCONT};

sigset_t blocked_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : requests_to_end) {
        sigaddset(&set, number);
    }
    for (const int number : job_control) {
        sigaddset(&set, number);
    }
    sigaddset(&set, SIGCHLD);
    // Blocked, it lets us take the terminal back from the command.
    sigaddset(&set, SIGTTOU);
    return set;
}

}  // namespace

result<Signals> Signals::block() {
    Signals signals;
    const sigset_t set = blocked_signals();
    signals.x_descriptor = Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (signals.x_descriptor.number() < 0) {
        return system_failure("signalfd");
    }
    if (const int failure = ::pthread_sigmask(SIG_BLOCK, &set, &signals.x_inherited_mask);
        failure != 0) {
        errno = failure;
        return system_failure("pthread_sigmask");
    }
    // An inherited "ignore" would have the kernel reap the command behind our back.
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &action, &signals.x_inherited_child);
    // Whoever reads our messages may go; that must not end us, and with us the command.
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, &signals.x_inherited_pipe);
    return signals;
}

int Signals::take() const noexcept {
    signalfd_siginfo info{};
    const ssize_t size = ::read(x_descriptor.number(), &info, sizeof info);
    return size == static_cast<ssize_t>(sizeof info) ? static_cast<int>(info.ssi_signo) : 0;
}

void Signals::restore_inherited() const noexcept {
    ::sigaction(SIGCHLD, &x_inherited_child, nullptr);
    ::sigaction(SIGPIPE, &x_inherited_pipe, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &x_inherited_mask, nullptr);
}

bool is_request_to_end(int number) noexcept {
    return std::find(requests_to_end.begin(), requests_to_end.end(), number) !=
           requests_to_end.end();
}

bool is_job_control(int number) noexcept {
    return std::find(job_control.begin(), job_control.end(), number) != job_control.end();
}

}  // namespace leasehold::cli
