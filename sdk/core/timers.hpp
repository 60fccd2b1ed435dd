// The timers of the engine's parts, told apart by what is due and for whom.
#pragma once

#include "sdk/core/timer_queue.hpp"

#include <boost/container_hash/hash.hpp>

#include <cstddef>
#include <cstdint>

namespace leasehold::core {

/// In the order in which timers of the same instant are handled: what ends a lease goes first.
enum class TimerKind : std::uint8_t {
    lease_end,    ///< id: the lease
    lease_stop,   ///< id: the lease; its call deadline
    node_hold,    ///< id: the lease; the node may stay no longer (hold_until_return)
    wait_end,     ///< id: the acquisition
    holder_read,  ///< id: the acquisition; read who holds the lock, for the refusal's text
    lock_delay,   ///< id: the acquisition; it need not hold back any longer
    keep_end,     ///< id: the released lease; its lock has been kept long enough
    reap,         ///< id: the condemned node
    orphan,       ///< id: the condemned node
    request_end,  ///< id: the raw request
};

struct TimerKey {
    TimerKind kind;
    std::uint64_t id;

    friend auto operator<=>(const TimerKey&, const TimerKey&) = default;
    friend std::size_t hash_value(const TimerKey& key) noexcept {
        std::size_t seed = static_cast<std::size_t>(key.kind);
        boost::hash_combine(seed, key.id);
        return seed;
    }
};

using Timers = TimerQueue<TimerKey>;

}  // namespace leasehold::core
