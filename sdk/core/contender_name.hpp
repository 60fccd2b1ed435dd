// The grammar of contender names, and the order that ZooKeeper's sequence numbers give them.
#pragma once

#include <leasehold/options.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::core {

/// One child of a lock path that takes part in its queue.
struct Contestant {
    std::int64_t sequence = 0;
    std::string name;

    /// Queue order. Two names never share a number on an honest server; if they do, the name
    /// decides, equally for everybody who looks.
    friend auto operator<=>(const Contestant&, const Contestant&) = default;
};

/// A lock path's children, read as a queue.
struct Listing {
    std::vector<Contestant> queue;  ///< in order
    std::size_t foreign = 0;        ///< children that are no contenders
    bool is_exhausted = false;      ///< some number is outside 0..max_sequence
    bool has_kazoo = false;         ///< some name is of kazoo's grammar
};

/// Where the counter counts as worn out. Servers wrap (up to 3.5) or stick (3.6 and later) at
/// 2^31; the distance leaves room for contenders that have not noticed yet.
inline constexpr std::int64_t max_sequence = 2'147'000'000;

/// What goes in front of the number: `<id>-lock-` or `<id>__lock__`.
[[nodiscard]] std::string contender_prefix(Naming naming, std::string_view id);

/// Fail closed: every name that ends in ten digits contends, whatever stands before them.
/// Numbers that a wrapped counter printed (`-2147483648` to `-000000001`) exhaust the path.
[[nodiscard]] Listing read_listing(std::span<const std::string> children);

/// The number of one name; -1 if it is negative, and nothing if the name is no contender's.
[[nodiscard]] std::optional<std::int64_t> sequence_of(std::string_view name);

}  // namespace leasehold::core
