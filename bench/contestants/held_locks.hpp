// Many locks that one process holds at once: taken, extended, asked, and let go together.
#pragma once

#include <leasehold/client.hpp>
#include <leasehold/lock.hpp>

#include "bench/contestants/commands.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace leasehold::bench {

/// So many operations are under way at once where there are many to be done.
inline constexpr int depth = 256;

/// As the driver reads the clock of the leases.
[[nodiscard]] inline std::int64_t nanoseconds(Instant at) {
    return at.time_since_epoch().count();
}

class HeldLocks {
public:
    explicit HeldLocks(const Client& client) : x_client(client) {}

    /// Takes `parent`/0, `parent`/1, ... and keeps them.
    void take(const std::string& parent, int count, milliseconds budget);
    /// Gives all of them a new budget, in one go.
    void extend(milliseconds budget);
    [[nodiscard]] int count_valid() const;
    void release();

    [[nodiscard]] const std::vector<ScopedLock>& all() const { return x_locks; }

private:
    const Client& x_client;
    std::vector<ScopedLock> x_locks;
};

/// "take PARENT COUNT BUDGET_MS", "extend BUDGET_MS", "valid", "release".
[[nodiscard]] Commands commands_of(HeldLocks& held);

}  // namespace leasehold::bench
