#include "sdk/core/hold_pace.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::core {

namespace {

constexpr int samples_to_trust = 8;

}  // namespace

void HoldPace::add(Duration hold) {
    // A weight of 1/8: old enough to ride out one odd hold, young enough to follow a change.
    average = samples == 0 ? hold : average + (hold - average) / 8;
    samples = std::min(samples + 1, samples_to_trust);
}

std::optional<Duration> HoldPace::estimate(std::size_t ahead) const {
    if (samples < samples_to_trust || ahead == 0 || average <= Duration{}) {
        return std::nullopt;
    }
    const auto count = static_cast<std::int64_t>(ahead);
    return average > Duration::max() / count ? Duration::max() : average * count;
}

void HoldPaces::add(const std::string& path, Duration hold) {
    Entry& entry = x_entries[path];
    entry.pace.add(hold);
    if (entry.used != 0 && entry.used == x_uses) {
        return;  // it is the last one already
    }
    auto use = x_by_use.extract(entry.used);
    entry.used = ++x_uses;
    if (use) {
        use.key() = entry.used;
        x_by_use.insert(std::move(use));
    } else {
        x_by_use.emplace(entry.used, path);
    }
    if (x_entries.size() > max_paths) {
        const auto oldest = x_by_use.begin();
        x_entries.erase(oldest->second);
        x_by_use.erase(oldest);
    }
}

HoldPace HoldPaces::of(const std::string& path) const {
    const auto found = x_entries.find(path);
    return found == x_entries.end() ? HoldPace{} : found->second.pace;
}

}  // namespace leasehold::core
