#include "tests/sim/tally.hpp"

#include <numeric>

namespace leasehold::sim {

std::string_view to_string(Fault fault) {
    constexpr std::array<std::string_view, fault_kinds> names{
        "loss",
        "half-open",
        "reset",
        "delay",
        "reorder",
        "split",
        "request lost",
        "create reply lost",
        "delete reply lost",
        "multi reply lost",
        "close reply lost",
        "server kill",
        "server restart",
        "server pause",
        "leader change",
        "deposed leader",
        "partition",
        "session moved",
        "expiry",
        "expiry at once",
        "smaller timeout",
        "read-only",
        "other session",
        "zxid ahead",
        "client pause",
        "clock drift",
        "late timer",
        "early timer",
        "refused connect",
        "ignored connect",
        "fd exhaustion",
        "failed resolve",
        "cancel",
        "death",
        "foreign write",
        "foreign delete",
    };
    return names[static_cast<std::size_t>(fault)];
}

std::string_view to_string(Deed deed) {
    constexpr std::array<std::string_view, deed_kinds> names{
        "asked",
        "granted",
        "granted, shortened",
        "granted locally",
        "elected",
        "granted, permit",
        "permit, had to wait",
        "granted, shared",
        "shared together",
        "shared, had to wait",
        "waited for sharers",
        "granted, set",
        "set, had to wait",
        "downgraded",
        "beside a downgraded",
        "upgraded",
        "upgrade refused",
        "refused",
        "extended",
        "released",
        "granted, kept",
        "released with a mark",
        "granted after a delay",
        "ended by budget",
        "ended by deadline",
        "ended with session",
        "ended by deletion",
        "raw request",
        "watch fired",
        "closed",
    };
    return names[static_cast<std::size_t>(deed)];
}

void Tally::add(const Tally& other) {
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        faults[i] += other.faults[i];
    }
    for (std::size_t i = 0; i < deed_kinds; ++i) {
        deeds[i] += other.deeds[i];
    }
}

std::uint64_t Tally::all_faults() const {
    return std::accumulate(faults.begin(), faults.end(), std::uint64_t{0});
}

}  // namespace leasehold::sim
