#include "sdk/cli/child_process.hpp"

#include "sdk/cli/exit_code.hpp"

#include <cerrno>
#include <csignal>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace leasehold::cli {
namespace {

/// In the forked child, where only async-signal-safe calls may be made: waits for the go, and
/// becomes the command.
[[noreturn]] void become(Executable& executable, const Surroundings& around, Channel& channel,
                         pid_t parent) noexcept {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {  // it died before the line above
        ::_exit(exit_code::internal);
    }
    // Our copies of the parent's ends: what waits for them to close must not wait for us.
    channel.ours.reset();
    around.watcher.close_in_child();
    char go = 0;
    if (::recv(channel.theirs.number(), &go, sizeof go, 0) != sizeof go) {
        ::_exit(exit_code::internal);
    }
    around.descriptors.close_others_on_exec();
    around.signals.restore_inherited();
    const int failure = executable.execute();
    ::send(channel.theirs.number(), &failure, sizeof failure, MSG_NOSIGNAL);
    ::_exit(exit_code::of_exec_failure(failure));
}

}  // namespace

int ChildEnd::exit_code() const noexcept {
    if (exec_errno != 0) {
        return exit_code::of_exec_failure(exec_errno);
    }
    return by_signal ? exit_code::signal_base + status : status;
}

result<ChildProcess> ChildProcess::start(Executable& executable, Surroundings around) {
    BOOST_OUTCOME_TRY(Channel channel, make_channel());
    // What the command leaves behind becomes ours, so that we can wait until it is gone.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
        return system_failure("fork");
    }
    if (pid == 0) {
        become(executable, around, channel, parent);
    }
    channel.theirs.reset();
    ::setpgid(pid, pid);  // both sides do it, since neither knows who is first
    ChildProcess child(around, pid, std::move(channel.ours));
    if (!around.watcher.guard(pid)) {
        return Error{errc::call_failed, "the process that watches over the command was killed"};
    }
    around.terminal.give_to(pid);
    const char go = 1;
    if (::send(child.x_channel.number(), &go, sizeof go, MSG_NOSIGNAL) != sizeof go) {
        return system_failure("the new process is gone");
    }
    return child;
}

ChildProcess::~ChildProcess() {
    if (x_pid == 0 || x_end) {
        return;
    }
    // Something of ours failed: there is nothing to learn any more, only to clean up.
    send(SIGKILL);
    x_around.watcher.dismiss();
    while (::waitpid(-x_pid, nullptr, 0) > 0 || errno == EINTR) {
    }
    x_around.terminal.take_back();
}

void ChildProcess::send(int signal) noexcept {
    if (x_is_ending) {
        return;  // its number may not be its own any more
    }
    ::kill(-x_pid, signal);
    if (::getpgid(x_pid) != x_pid) {  // it went to another group of its session
        ::kill(x_pid, signal);
    }
    if (x_is_stopped && signal != SIGTSTP && signal != SIGKILL) {
        ::kill(-x_pid, SIGCONT);
    }
}

bool ChildProcess::update() noexcept {
    if (!x_is_ending) {
        follow_stops();
        siginfo_t info{};
        if (::waitid(P_PID, static_cast<id_t>(x_pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            info.si_pid == 0) {
            return false;
        }
        x_end = ChildEnd{.status = info.si_status,
                         .by_signal = info.si_code != CLD_EXITED,
                         .exec_errno = exec_failure()};
        begin_ending();
    }
    return reap_group();
}

void ChildProcess::follow_stops() noexcept {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(x_pid), &info, WSTOPPED | WCONTINUED | WNOHANG) == 0 &&
           info.si_pid != 0) {
        x_is_stopped = info.si_code != CLD_CONTINUED;
        if (x_is_stopped) {
            x_around.terminal.take_back();
        } else {
            x_around.terminal.give_to(x_pid);
        }
        info.si_pid = 0;
    }
}

/// The child is a zombie, so its number, and its group's, is still its own: the last moment to
/// signal the group, and to call the watcher off.
void ChildProcess::begin_ending() noexcept {
    send(SIGKILL);
    x_is_ending = true;
    x_is_stopped = false;
    x_around.watcher.dismiss();
    x_around.terminal.take_back();
    if (x_end->by_signal) {
        x_around.terminal.restore_modes();
    }
}

/// True when nobody of the group is left. What the child left behind has come to us, its reaper, in
/// the moment in which the child ended; SIGKILL is under way to it.
bool ChildProcess::reap_group() noexcept {
    for (;;) {
        const pid_t reaped = ::waitpid(-x_pid, nullptr, WNOHANG);
        if (reaped == 0) {
            return false;
        }
        if (reaped < 0 && errno != EINTR) {
            // A child that left its group is not found by its group's number.
            ::waitpid(x_pid, nullptr, WNOHANG);
            return true;
        }
    }
}

int ChildProcess::exec_failure() const noexcept {
    int failure = 0;
    const ssize_t size = ::recv(x_channel.number(), &failure, sizeof failure, MSG_DONTWAIT);
    return size == static_cast<ssize_t>(sizeof failure) ? failure : 0;
}

}  // namespace leasehold::cli
