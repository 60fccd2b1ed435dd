// Signals as data: they are read from a descriptor in the main loop, so that nothing of ours runs
// inside a handler, and the command gets every setting back as we inherited it.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/cli/descriptors.hpp"

#include <csignal>

namespace leasehold::cli {

/// Keeps the signals that concern us blocked in this thread, and in all that it starts, and hands
/// them out one by one. To be made before any thread is.
///
/// A signal that was ignored when we were started (nohup, a shell's background job) stays ignored,
/// by us and by the command.
class Signals {
public:
    [[nodiscard]] static result<Signals> block();

    /// Readable while a signal is pending.
    [[nodiscard]] int descriptor() const noexcept { return x_descriptor.number(); }
    /// The number of a pending signal, or 0 if there is none.
    [[nodiscard]] int take() const noexcept;

    /// For a forked child: everything as it was before `block`. Async-signal-safe.
    void restore_inherited() const noexcept;

private:
    Signals() = default;

    Descriptor x_descriptor;
    sigset_t x_inherited_mask{};
    struct sigaction x_inherited_child {};
    struct sigaction x_inherited_pipe {};
};

/// Signals that ask a program to end, or carry its own meaning: they are passed on to the command,
/// and end our wait when there is no command yet.
[[nodiscard]] bool is_request_to_end(int number) noexcept;
/// Signals of job control that are passed on to the command and concern us no further.
[[nodiscard]] bool is_job_control(int number) noexcept;

}  // namespace leasehold::cli
