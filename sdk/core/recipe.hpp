// What a kind of lock means for the queue: who ahead of a contender counts, how many of them have
// to go before it may run, and whom it watches until then. All else is the same for all kinds.
#pragma once

#include <leasehold/options.hpp>

#include "sdk/core/contender_name.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::core {

struct Recipe {
    LockKind kind = LockKind::exclusive;
    int permits = 1;  ///< of a semaphore: how many may run at once

    std::string base{};  ///< of an upgrade: the upgradable holder's node

    /// Whether a contender of this name is in our way, if it is ahead.
    [[nodiscard]] bool counts(std::string_view name) const;
    /// Those in our way, in queue order; see recipe_upgrade.cpp.
    [[nodiscard]] std::vector<Contestant> blockers(const Contestant& own,
                                                   const Listing& listing) const;
    /// Whether somebody who is in our way may not have been when the list was read, although it has
    /// a lower number, or was of no account then: read it again when the last one ahead goes.
    [[nodiscard]] bool may_be_joined_ahead(const Contestant& own, const Listing& listing) const;
    /// Whether a downgraded holder is not in our way.
    [[nodiscard]] bool passes_shared() const {
        return kind == LockKind::shared || kind == LockKind::upgradable;
    }
    /// How many have to go, of so many that are ahead and count.
    [[nodiscard]] std::size_t excess(std::size_t ahead) const;
    /// How many holds have to end one after the other, if so many are ahead and count: those who
    /// hold together are one turn.
    [[nodiscard]] std::size_t turns(std::span<const Contestant> ahead) const;
    /// Whom to watch: whose end or whose start, in time, is the last that we can miss. `ahead`
    /// counts and exceeds; `is_last_running`: the last of them is known to have got its permit.
    ///
    /// A lock waits for the nearest, which waits for those before it. A permit does so too, until
    /// the nearest itself runs or must, or would not show it (Curator's): then any of those ahead
    /// may be the next to go.
    [[nodiscard]] std::vector<std::string> to_watch(std::span<const Contestant> ahead,
                                                    bool is_last_running) const;

    friend bool operator==(const Recipe&, const Recipe&) = default;
};

/// What the data of a semaphore's node says: a positive decimal number as we write it, or nothing
/// that would do.
[[nodiscard]] std::optional<int> permits_in(std::string_view data);

}  // namespace leasehold::core
