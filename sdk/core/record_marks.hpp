// What others act upon in a contender's record, read without protobuf. A mark is a protobuf field
// like the others, at the end of the record: `asked_mark` first, and behind it one of those that
// say what became of the contender, which the last field decides.
#pragma once

#include <leasehold/clock.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace leasehold::core {

/// Somebody asks the holder to let go (`asked` in contender.proto).
inline constexpr std::string_view asked_mark = "j\x01\x31";

/// Of a holder that was exclusive and has become one who shares (`shares` in contender.proto).
/// Those who share and stand behind it read it and pass. Its node keeps its exclusive name, so that
/// whoever knows nothing of the mark waits for it: fail closed. A record never loses it again by
/// its owner's hand.
inline constexpr std::string_view share_mark = "r\x01\x31";

/// Of a contender that had to queue for its permit and has got it: those behind it cannot see from
/// the list that it runs (`runs` in contender.proto).
inline constexpr std::string_view running_mark = "z\x01\x31";

/// Of a reader that has seen itself between the two nodes of an upgradable holder and waits for the
/// second one, which has this number (`waits` in contender.proto): that one need not wait for it.
[[nodiscard]] std::string wait_mark(std::int64_t upgrade);
[[nodiscard]] bool says_waits(std::string_view name, std::string_view record, std::int64_t upgrade);

/// What Curator's Revoker puts in place of the record to ask the holder to let go.
inline constexpr std::string_view curator_revocation = "__REVOKE__";

[[nodiscard]] bool is_running(std::string_view record);

/// Whether a holder of this name may say that it shares: an exclusive contender that we named.
[[nodiscard]] bool may_say_shared(std::string_view name);

/// Whether it does. The record is read field by field, so that no text in it can pass for the mark;
/// fail closed: what is no record of ours says nothing.
[[nodiscard]] bool says_shared(std::string_view name, std::string_view record);

/// Whether it may share for all that is known: its record was overwritten, or says so.
[[nodiscard]] bool may_be_shared(std::string_view name, std::string_view record);

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
