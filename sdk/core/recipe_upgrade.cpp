// Who is in whose way where an upgradable holder becomes exclusive. Its first node U keeps its
// place as one who shares; its second one W is exclusive and stands at the end. See
// docs/architecture.md for why nobody holds beside W and why nobody waits for ever.
#include "sdk/core/recipe.hpp"

#include <algorithm>
#include <iterator>

namespace leasehold::core {

namespace {

bool is_between(const Contestant& low, const Contestant& each, const Contestant& high) {
    return low.sequence < each.sequence && each.sequence < high.sequence;
}

/// The number of the first writer that stands behind U, and so waits for it.
std::int64_t first_writer_behind(const Contestant& base, const Listing& listing) {
    const auto writer =
        std::find_if(listing.queue.begin(), listing.queue.end(), [&](const Contestant& each) {
            return each.sequence > base.sequence && kind_of(each.name) == LockKind::exclusive;
        });
    return writer == listing.queue.end() ? max_sequence : writer->sequence;
}

/// Whoever shares and came before W may hold, unless it waits for a writer that waits for U.
/// Others' readers count always: they take the lock when that writer goes, whether or not W stands.
bool blocks_upgrade(const Contestant& other, const Contestant& base, std::int64_t first_writer) {
    if (other.name == base.name) {
        return false;
    }
    if (other.sequence <= base.sequence) {
        return true;
    }
    if (kind_of(other.name) != LockKind::shared) {
        return false;  // it waits for U
    }
    return !is_our_name(other.name) || other.sequence <= first_writer;
}

/// The W of a pair that has us between its nodes.
const Contestant* upgrade_around(const Contestant& own, const Listing& listing) {
    for (const Contestant& upgrade : listing.queue) {
        const auto id = upgrade_id(upgrade.name);
        const bool is_around =
            id && std::any_of(listing.queue.begin(), listing.queue.end(), [&](const auto& base) {
                return kind_of(base.name) == LockKind::upgradable && base.name.starts_with(*id) &&
                       is_between(base, own, upgrade);
            });
        if (is_around) {
            return &upgrade;
        }
    }
    return nullptr;
}

}  // namespace

std::vector<Contestant> Recipe::blockers(const Contestant& own, const Listing& listing) const {
    const Contestant base_of_ours{sequence_of(base).value_or(0), base};
    const std::int64_t first_writer =
        base.empty() ? max_sequence : first_writer_behind(base_of_ours, listing);
    std::vector<Contestant> ahead;
    std::copy_if(listing.queue.begin(), listing.queue.end(), std::back_inserter(ahead),
                 [&](const Contestant& other) {
                     // Names that share our number cannot come from an honest server; they all
                     // count as ahead.
                     const bool is_ahead = other.sequence <= own.sequence && other.name != own.name;
                     return is_ahead &&
                            (base.empty() ? counts(other.name)
                                          : blocks_upgrade(other, base_of_ours, first_writer));
                 });
    if (kind == LockKind::shared && ahead.empty()) {
        // W may have left us out of account, because a writer between U and us was still there.
        if (const Contestant* upgrade = upgrade_around(own, listing)) {
            ahead.push_back(*upgrade);
        }
    }
    return ahead;
}

/// Curator (5.5 and newer) gives a reader the number of the writer whose thread it is: it stands
/// ahead of us, and may not have been there when we read the list. Whoever saw the writer go finds
/// it there now, since the writer goes last. And a reader behind an upgradable holder has to look
/// whether that is becoming exclusive.
bool Recipe::may_be_joined_ahead(const Contestant& own, const Listing& listing) const {
    if (kind == LockKind::exclusive) {
        return listing.has_curator_read_write;
    }
    return kind == LockKind::shared &&
           std::any_of(listing.queue.begin(), listing.queue.end(), [&](const Contestant& other) {
               return other.sequence < own.sequence && kind_of(other.name) == LockKind::upgradable;
           });
}

}  // namespace leasehold::core
