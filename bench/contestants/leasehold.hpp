// What leasehold's contestant does, by subject.
#pragma once

#include <leasehold/leasehold.hpp>

#include "bench/contestants/commands.hpp"
#include "bench/contestants/must.hpp"

#include <string>

namespace leasehold::bench {

/// Which of leasehold's faces takes part, and how it reaches the servers.
struct Entry {
    bool is_coroutine;
    std::string hosts;
    milliseconds tick;
};

/// One more session.
[[nodiscard]] Client connect(const Entry& entry);

/// "many PATH DEPTH COUNT": that many locks, each taken and released over and over.
[[nodiscard]] Command many_command(const Entry& entry, const Client& client);
/// "handoff PATH SESSIONS COUNT HOLD_US": one lock that goes from session to session.
[[nodiscard]] Command handoff_command(const Entry& entry);
/// "hold", "let_go", "enqueue" and "drain": a queue behind a holder. Coroutines wait, whichever the
/// face.
[[nodiscard]] Commands queue_commands(const Client& client);
/// "try PATH COUNT [check_first]": tries on a lock that somebody else holds.
[[nodiscard]] Command try_command(const Client& client);

}  // namespace leasehold::bench
