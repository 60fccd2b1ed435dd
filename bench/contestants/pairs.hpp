// One lock taken and released over and over, for whoever counts what that costs the client.
#pragma once

#include <leasehold/client.hpp>

#include "bench/contestants/commands.hpp"

namespace leasehold::bench {

/// "pairs blocking|coroutine PATH COUNT": that often, with nothing noted that would cost, too.
/// "drops PATH COUNT": how long ~ScopedLock took each time, in microseconds.
[[nodiscard]] Commands pairs_through(const Client& client);

}  // namespace leasehold::bench
