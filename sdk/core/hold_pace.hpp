// How long holds last, path by path, so that a wait that cannot end in time is refused early.
#pragma once

#include <leasehold/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace leasehold::core {

/// How long holds of one path last, as far as this process has seen.
struct HoldPace {
    Duration average{};
    int samples = 0;

    void add(Duration hold);
    /// What `ahead` holds will take; nothing while too little was seen to say.
    [[nodiscard]] std::optional<Duration> estimate(std::size_t ahead) const;
};

/// The paces of the paths that were held last.
class HoldPaces {
public:
    static constexpr std::size_t max_paths = 1024;

    void add(const std::string& path, Duration hold);
    [[nodiscard]] HoldPace of(const std::string& path) const;

private:
    struct Entry {
        HoldPace pace;
        std::uint64_t used = 0;
    };
    std::map<std::string, Entry> x_entries;
    std::map<std::uint64_t, std::string> x_by_use;  ///< the longest unused first
    std::uint64_t x_uses = 0;
};

}  // namespace leasehold::core
