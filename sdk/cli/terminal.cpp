#include "sdk/cli/terminal.hpp"

#include <cerrno>
#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

namespace leasehold::cli {
namespace {

/// Then there is a neighbour in our process group, such as `less`, that needs the terminal more.
bool is_pipe(int descriptor) {
    struct stat status {};
    return ::fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

Terminal::Terminal() noexcept
    : x_is_ours(::isatty(STDIN_FILENO) == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp() &&
                !is_pipe(STDOUT_FILENO) && !is_pipe(STDERR_FILENO)) {
    x_has_modes = x_is_ours && ::tcgetattr(STDIN_FILENO, &x_modes) == 0;
}

void Terminal::give_to(pid_t group) noexcept {
    if (x_is_ours && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp() &&
        ::tcsetpgrp(STDIN_FILENO, group) == 0) {
        x_given_to = group;
    }
}

void Terminal::take_back() noexcept {
    if (x_given_to == 0) {
        return;
    }
    const pid_t now_of = ::tcgetpgrp(STDIN_FILENO);
    // A shell that was killed cannot have taken it back from its job.
    const bool is_nobodys = now_of > 0 && ::kill(-now_of, 0) != 0 && errno == ESRCH;
    if (now_of == x_given_to || is_nobodys) {
        ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
    }
    x_given_to = 0;
}

void Terminal::restore_modes() noexcept {
    if (x_has_modes && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) {
        ::tcsetattr(STDIN_FILENO, TCSADRAIN, &x_modes);
    }
}

}  // namespace leasehold::cli
