// A process that is this program once more in another role, and that dies with us.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace demo {

struct ChildProcess {
    pid_t pid;
    int to_child;    ///< its standard input
    int from_child;  ///< its standard output
};

/// Starts this program again with other arguments. Only before the first thread is started: between
/// fork and exec a child may do next to nothing if there was a second one.
std::optional<ChildProcess> start_again(const std::vector<std::string>& arguments);

/// The exit code, the shell's way (128 + n for a signal), if the child has ended.
std::optional<int> exit_code_of(pid_t pid);

}  // namespace demo
