// The grammar of contender names, and the order that ZooKeeper's sequence numbers give them.
#pragma once

#include <leasehold/options.hpp>

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace leasehold::core {

/// One child of a lock path that takes part in its queue. Its name is where it was read from.
struct Contestant {
    std::int64_t sequence = 0;
    std::string_view name{};

    /// Queue order. Two names never share a number on an honest server; if they do, the name
    /// decides, equally for everybody who looks.
    friend auto operator<=>(const Contestant&, const Contestant&) = default;
};

/// Who a lock path's children are, as far as it matters who may queue with whom.
struct Company {
    std::size_t contenders = 0;
    std::size_t foreign = 0;              ///< children that are no contenders
    std::size_t permits = 0;              ///< contenders for permits, Curator's as well
    bool is_exhausted = false;            ///< some number is outside 0..max_sequence
    bool has_kazoo = false;               ///< named as kazoo's locks are
    bool has_foreign_kazoo = false;       ///< of kazoo's locks, and not of ours
    bool has_curator_latch = false;       ///< of Curator's LeaderLatch
    bool has_curator_mutex = false;       ///< of Curator's InterProcessMutex, or go-zookeeper
    bool has_curator_read_write = false;  ///< of Curator's InterProcessReadWriteLock
    bool has_curator_permit = false;      ///< of Curator's InterProcessSemaphoreV2
    bool has_curator_leases = false;      ///< its queue is another: in this path's child `leases`
    bool has_kazoo_permit = false;        ///< of kazoo's Semaphore, whose leases have no numbers
};

/// A lock path's children, read as a queue.
struct Listing : Company {
    boost::container::small_vector<Contestant, 8> queue{};  ///< in order
};

/// The name of a node of ours: what its create asked for, and behind that its number, once the
/// server has told it.
class NodeName {
public:
    NodeName() = default;
    explicit NodeName(std::string prefix)
        : x_text(std::move(prefix)), x_prefix_size(x_text.size()) {}

    /// Identifies the node, even if its number is unknown.
    [[nodiscard]] std::string_view prefix() const {
        return std::string_view(x_text).substr(0, x_prefix_size);
    }
    [[nodiscard]] bool is_known() const { return x_is_known; }
    /// Empty while unknown.
    [[nodiscard]] std::string_view text() const {
        return x_is_known ? std::string_view(x_text) : std::string_view{};
    }
    /// `name` begins with the prefix.
    void learn(std::string_view name) {
        x_text.replace(x_prefix_size, std::string::npos, name.substr(x_prefix_size));
        x_is_known = true;
    }

private:
    std::string x_text;
    std::size_t x_prefix_size = 0;
    bool x_is_known = false;
};

/// Where the counter counts as worn out. Servers wrap (up to 3.5) or stick (3.6 and later) at
/// 2^31; the distance leaves room for contenders that have not noticed yet.
inline constexpr std::int64_t max_sequence = 2'147'000'000;

/// What goes in front of the number, such as `<id>-lock-`; with room for it.
[[nodiscard]] std::string contender_prefix(Naming naming, LockKind kind, std::string_view id);

/// What a contender of this name shuts out. Fail closed: everybody, unless it says that it shares.
[[nodiscard]] LockKind kind_of(std::string_view name);

/// Fail closed: every name that ends in ten digits contends, whatever stands before them.
/// Numbers that a wrapped counter printed (`-2147483648` to `-000000001`) exhaust the path.
[[nodiscard]] Listing read_listing(std::span<const std::string_view> children);
[[nodiscard]] Listing read_listing(std::span<const std::string> children);

/// The number of one name; -1 if it is negative, and nothing if the name is no contender's.
[[nodiscard]] std::optional<std::int64_t> sequence_of(std::string_view name);

/// Whether we named it: an id of ours in front of a kind.
[[nodiscard]] bool is_our_name(std::string_view name);

/// What goes in front of the number of the node by which the upgradable holder of the node `base`
/// becomes exclusive. No two attempts have the same.
[[nodiscard]] std::string upgrade_prefix(Naming naming, std::string_view base, int attempt);

/// The id of such a node, which is that of its base; nothing for any other name.
[[nodiscard]] std::optional<std::string_view> upgrade_id(std::string_view name);

/// Whether we named it, a contender for a permit: only those show when they have got it.
[[nodiscard]] bool is_our_permit(std::string_view name);

/// Why a contender named like this and those in the list must not queue together, if so: they are
/// of a library that would not see it, or not in its place. `permits`: of a semaphore.
[[nodiscard]] std::optional<std::string_view> why_not_mix(Naming naming, LockKind kind,
                                                          const Company& company, int permits = 1);

}  // namespace leasehold::core
