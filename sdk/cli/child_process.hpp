// The command: a process in a group of its own that cannot outlive us, and that is reaped together
// with everything it left behind in that group.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/cli/descriptors.hpp"
#include "sdk/cli/executable.hpp"
#include "sdk/cli/signals.hpp"
#include "sdk/cli/terminal.hpp"
#include "sdk/cli/watcher.hpp"

#include <optional>
#include <sys/types.h>
#include <utility>

namespace leasehold::cli {

/// What it is started with; all of it outlives the child.
struct Surroundings {
    const InheritedDescriptors& descriptors;
    const Signals& signals;
    Terminal& terminal;
    Watcher& watcher;
};

/// How the command ended.
struct ChildEnd {
    int status;  ///< its exit code, or the signal that ended it
    bool by_signal;
    int exec_errno;  ///< not 0: the command could not be executed

    /// As a shell has it: 128 + n for signal n, 126 and 127 for what cannot be executed.
    [[nodiscard]] int exit_code() const noexcept;
};

class ChildProcess {
public:
    /// Forks and executes. To be called from the main thread: when the thread that forked ends, the
    /// kernel kills the child. That the command cannot be executed shows when it has ended.
    [[nodiscard]] static result<ChildProcess> start(Executable& executable, Surroundings around);

    ChildProcess(ChildProcess&& other) noexcept
        : x_around(other.x_around),
          x_pid(std::exchange(other.x_pid, 0)),
          x_channel(std::move(other.x_channel)),
          x_is_stopped(other.x_is_stopped),
          x_is_ending(other.x_is_ending),
          x_end(other.x_end) {}
    ChildProcess& operator=(ChildProcess&&) = delete;
    /// Kills and reaps what is left.
    ~ChildProcess();

    /// To every process of the group. A stopped one is continued, so that it can act on it.
    void send(int signal) noexcept;

    /// Looks at what happened to the child, without waiting. Once it has ended, what is left of its
    /// group is killed. True when all of it is reaped.
    [[nodiscard]] bool update() noexcept;
    /// Stopped by Ctrl-Z or SIGSTOP; the terminal is ours meanwhile.
    [[nodiscard]] bool is_stopped() const noexcept { return x_is_stopped; }
    /// Once `update` returned true.
    [[nodiscard]] ChildEnd end() const noexcept { return *x_end; }

private:
    ChildProcess(Surroundings around, pid_t pid, Descriptor channel) noexcept
        : x_around(around), x_pid(pid), x_channel(std::move(channel)) {}

    void follow_stops() noexcept;
    void begin_ending() noexcept;
    [[nodiscard]] bool reap_group() noexcept;
    [[nodiscard]] int exec_failure() const noexcept;

    Surroundings x_around;
    pid_t x_pid;  // and the number of its group
    Descriptor x_channel;
    bool x_is_stopped = false;
    bool x_is_ending = false;
    std::optional<ChildEnd> x_end;
};

}  // namespace leasehold::cli
