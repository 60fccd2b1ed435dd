// A process beside ours that kills the command's process group when we cannot: because we were
// killed ourselves, or because we were stopped when its time was over.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>

#include "sdk/cli/descriptors.hpp"

#include <sys/types.h>
#include <utility>

namespace leasehold::cli {

/// It lives in a session of its own, so that no signal to our process group reaches it, blocks all
/// signals, and keeps nothing open but its channel to us. When the other end of that closes it
/// kills the group that it guards, if any, and is gone; it never outlives us.
class Watcher {
public:
    /// Forks. To be called before any thread exists.
    [[nodiscard]] static result<Watcher> start();

    Watcher(Watcher&& other) noexcept
        : x_channel(std::move(other.x_channel)),
          x_pid(std::exchange(other.x_pid, 0)),
          x_group(other.x_group),
          x_kill_at(other.x_kill_at) {}
    Watcher& operator=(Watcher&&) = delete;
    /// Dismisses it.
    ~Watcher() { dismiss(); }

    /// From now on our end is the group's end. False if the watcher is not there any more.
    [[nodiscard]] bool guard(pid_t group) noexcept;
    /// When the guarded group has to be gone even if we do nothing. Answers as `guard` does.
    [[nodiscard]] bool kill_by(Instant when) noexcept;
    /// Ends it, and waits until it has ended; the group is left alone.
    void dismiss() noexcept;

    /// For a forked child: lets go of our end, which would otherwise keep the watcher waiting.
    void close_in_child() noexcept { x_channel.reset(); }

private:
    Watcher(Descriptor channel, pid_t pid) noexcept : x_channel(std::move(channel)), x_pid(pid) {}
    [[nodiscard]] bool tell() noexcept;

    Descriptor x_channel;
    pid_t x_pid = 0;
    pid_t x_group = 0;
    Instant x_kill_at = Instant::max();
};

}  // namespace leasehold::cli
