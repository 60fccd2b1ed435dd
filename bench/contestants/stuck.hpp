// Holders that are stuck in their guarded calls, past all budgets; and who sees that their nodes go
// all the same.
#pragma once

#include "bench/contestants/commands.hpp"
#include "bench/contestants/held_locks.hpp"

namespace leasehold::bench {

/// "stick BUDGET_MS": gives each held lock that budget and a thread that is stuck under it; answers
/// when all have ended, with the deadline that each had, and how late a bare timer was for the
/// first.
[[nodiscard]] Commands stuck_under(HeldLocks& held);

/// "watch PARENT COUNT": watches the contenders at PARENT/0, ...; "gone": when each of them went.
[[nodiscard]] Commands watching_from(const Client& client);

}  // namespace leasehold::bench
