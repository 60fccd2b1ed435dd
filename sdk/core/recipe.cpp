#include "sdk/core/recipe.hpp"

namespace leasehold::core {

bool Recipe::counts(std::string_view name) const {
    return kind != LockKind::shared || kind_of(name) != LockKind::shared;
}

std::size_t Recipe::excess(std::size_t ahead) const {
    const std::size_t room = kind == LockKind::permit ? static_cast<std::size_t>(permits) - 1 : 0;
    return ahead > room ? ahead - room : 0;
}

std::vector<std::string> Recipe::to_watch(std::span<const Contestant> ahead,
                                          bool is_last_running) const {
    const bool may_any_be_next =
        kind == LockKind::permit && (excess(ahead.size()) == 1 || is_last_running);
    std::vector<std::string> names;
    for (const Contestant& each : may_any_be_next ? ahead : ahead.last(1)) {
        names.push_back(each.name);
    }
    return names;
}

}  // namespace leasehold::core
