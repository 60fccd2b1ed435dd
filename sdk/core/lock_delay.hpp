// What a contender's record asks of those who wait behind it: to hold back for a while if it goes
// without having released the lock.
#pragma once

#include <leasehold/clock.hpp>

#include <chrono>
#include <string_view>

namespace leasehold::core {

inline constexpr std::chrono::milliseconds longest_lock_delay{60'000};

/// `lock_delay_ms` of contender.proto, read without protobuf: what is no record, says nothing of it
/// or says no number asks for nothing, and nobody gets more than the longest.
[[nodiscard]] Duration lock_delay_of(std::string_view record);

}  // namespace leasehold::core
