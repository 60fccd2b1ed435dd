#include "sdk/core/recipe.hpp"

#include <charconv>
#include <utility>

namespace leasehold::core {

bool Recipe::counts(std::string_view name) const {
    switch (kind) {
        case LockKind::shared:
        case LockKind::upgradable: {
            const LockKind other = kind_of(name);
            const bool shares = other == LockKind::shared || other == LockKind::upgradable;
            return !shares || (kind == other && kind == LockKind::upgradable);
        }
        case LockKind::exclusive:
        case LockKind::permit: return true;
    }
    return true;
}

std::size_t Recipe::excess(std::size_t ahead) const {
    const std::size_t room = kind == LockKind::permit ? static_cast<std::size_t>(permits) - 1 : 0;
    return ahead > room ? ahead - room : 0;
}

std::size_t Recipe::turns(std::span<const Contestant> ahead) const {
    if (kind == LockKind::permit) {
        const auto together = static_cast<std::size_t>(permits);
        return (excess(ahead.size()) + together - 1) / together;
    }
    std::size_t turns = 0;
    bool is_shared = false;
    for (const Contestant& each : ahead) {
        const LockKind each_kind = kind_of(each.name);
        const bool was_shared = std::exchange(
            is_shared, each_kind == LockKind::shared || each_kind == LockKind::upgradable);
        turns += is_shared && was_shared ? 0 : 1;
    }
    return turns;
}

std::vector<std::string> Recipe::to_watch(std::span<const Contestant> ahead,
                                          bool is_last_running) const {
    const bool may_any_be_next =
        kind == LockKind::permit &&
        (excess(ahead.size()) == 1 || is_last_running || !is_our_permit(ahead.back().name));
    std::vector<std::string> names;
    for (const Contestant& each : may_any_be_next ? ahead : ahead.last(1)) {
        names.emplace_back(each.name);
    }
    return names;
}

std::optional<int> permits_in(std::string_view data) {
    int permits = 0;
    std::from_chars(data.data(), data.data() + data.size(), permits);
    return permits > 0 && data == std::to_string(permits) ? std::optional(permits) : std::nullopt;
}

}  // namespace leasehold::core
