// What the system charges for waking a thread that waits for descriptors, as a client's does.
#pragma once

#include "bench/contestants/commands.hpp"

namespace leasehold::bench {

/// "wakes COUNT": how long the write took each time that woke it, in microseconds.
[[nodiscard]] Commands waking();

}  // namespace leasehold::bench
