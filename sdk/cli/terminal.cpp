#include "sdk/cli/terminal.hpp"

#include <unistd.h>

namespace leasehold::cli {

Terminal::Terminal() noexcept
    : x_is_ours(::isatty(STDIN_FILENO) == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) {
    x_has_modes = x_is_ours && ::tcgetattr(STDIN_FILENO, &x_modes) == 0;
}

void Terminal::give_to(pid_t group) noexcept {
    if (x_is_ours && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp() &&
        ::tcsetpgrp(STDIN_FILENO, group) == 0) {
        x_given_to = group;
    }
}

void Terminal::take_back() noexcept {
    if (x_given_to != 0 && ::tcgetpgrp(STDIN_FILENO) == x_given_to) {
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
