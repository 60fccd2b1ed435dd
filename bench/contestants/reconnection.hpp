// What a client with many locks and many waiters goes through when its connection is cut.
#pragma once

#include "bench/contestants/commands.hpp"
#include "bench/contestants/held_locks.hpp"

namespace leasehold::bench {

/// "queue PARENT COUNT WAIT_MS": waits for the locks at PARENT/0, ... which somebody else holds.
/// "granted": when all have been granted: how many were refused.
/// "listen": from now on notes how the connection and the held locks fare; once.
/// "recovered": when all locks are known to be safe again, after a cut: when that was, when the
/// client was connected again, and in how many locks had been in jeopardy.
[[nodiscard]] Commands reconnecting_with(const Client& client, const HeldLocks& held);

}  // namespace leasehold::bench
