// The terminal that we share with the command: it is in the foreground while it runs, so that it
// can read, and so that Ctrl-C reaches it first.
#pragma once

#include <sys/types.h>
#include <termios.h>

namespace leasehold::cli {

/// Does nothing unless standard input is a terminal, we are in its foreground, and our output does
/// not go into a pipe.
class Terminal {
public:
    Terminal() noexcept;

    [[nodiscard]] bool is_ours_to_give() const noexcept { return x_is_ours; }
    void give_to(pid_t group) noexcept;
    /// Back to us, unless somebody else has taken it meanwhile.
    void take_back() noexcept;
    /// The modes as they were: a command that was killed could not restore them itself.
    void restore_modes() noexcept;

private:
    bool x_is_ours = false;
    bool x_has_modes = false;
    pid_t x_given_to = 0;
    termios x_modes{};
};

}  // namespace leasehold::cli
