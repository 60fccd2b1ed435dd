// How a holder that was exclusive says that it shares from now on: a mark in its node's record.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace leasehold::core {

/// Ends the record of a holder that has become one who shares (`shares` in contender.proto). Those
/// who share and stand behind it read it and pass. Its node keeps its exclusive name, so that
/// whoever knows nothing of the mark waits for it: fail closed. A record never loses it again by
/// its owner's hand.
inline constexpr std::string_view share_mark = "r\x01\x31";

/// Ends the record of a reader that has seen itself between the two nodes of an upgradable holder
/// and waits for the second one, which has this number (`waits` in contender.proto): that one need
/// not wait for it.
[[nodiscard]] std::string wait_mark(std::int64_t upgrade);
[[nodiscard]] bool says_waits(std::string_view name, std::string_view record, std::int64_t upgrade);

/// Whether a holder of this name may say so at all: an exclusive contender that we named.
[[nodiscard]] bool may_say_shared(std::string_view name);

/// Whether it does. The record is read field by field, so that no text in it can pass for the mark;
/// fail closed: what is no record of ours says nothing.
[[nodiscard]] bool says_shared(std::string_view name, std::string_view record);

}  // namespace leasehold::core
