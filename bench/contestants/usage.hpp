// What a process uses: memory, processor time, and what its client has done.
#pragma once

#include <leasehold/client.hpp>

#include "bench/contestants/commands.hpp"

namespace leasehold::bench {

/// "usage".
[[nodiscard]] Commands usage_of(const Client& client);

}  // namespace leasehold::bench
