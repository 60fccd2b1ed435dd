// What others act upon in a contender's record, read without protobuf. The marks are fields like
// the others, found without going through the record because they stand at the end of it.
#pragma once

#include <leasehold/clock.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace leasehold::core {

/// Of a contender that had to queue for its permit and has got it: those behind it cannot see from
/// the list that it runs (`runs` in contender.proto). Always the last field.
inline constexpr std::string_view running_mark = "z\x01\x31";

/// Somebody asks the holder to let go (`asked` in contender.proto); before `running_mark`.
inline constexpr std::string_view asked_mark = "r\x01\x31";

/// What Curator's Revoker puts in place of the record to say the same.
inline constexpr std::string_view curator_revocation = "__REVOKE__";

[[nodiscard]] bool is_running(std::string_view record);

/// Whether whoever stands at the node of this data has been asked to let go.
[[nodiscard]] bool is_asked(std::string_view data);

/// One of our records, with the request in it.
[[nodiscard]] std::string with_request(std::string_view record);

inline constexpr std::chrono::milliseconds longest_lock_delay{60'000};

/// How long those who wait behind this record shall hold back if its contender goes without having
/// released the lock (`lock_delay_ms` in contender.proto): what is no record, says nothing of it or
/// says no number asks for nothing, and nobody gets more than the longest.
[[nodiscard]] Duration lock_delay_of(std::string_view record);

}  // namespace leasehold::core
