// The children of a lock path, whoever has made them, read as a queue.
#include "sdk/core/contender_name.hpp"
#include "sdk/core/recipe.hpp"
#include "tests/fuzz/script.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace leasehold::fuzz {
namespace {

constexpr std::array namings{Naming::curator, Naming::curator_read_write, Naming::kazoo};
constexpr std::array kinds{LockKind::exclusive, LockKind::shared, LockKind::permit,
                           LockKind::upgradable};

/// "%010d", as servers number a node.
std::string numbered(std::string prefix, std::int64_t number) {
    const std::string digits = std::to_string(number);
    return prefix.append(10 - std::min<std::size_t>(10, digits.size()), '0').append(digits);
}

void check_ours(Script& script) {
    const Naming naming = script.one_of(namings);
    const LockKind kind = script.one_of(kinds);
    std::string id;
    while (id.size() < 16) {
        id += "0123456789abcdef"[script.below(16)];
    }
    const auto number = static_cast<std::int64_t>(script.bits(4) & 0x7fffffffU);
    const std::string name = numbered(core::contender_prefix(naming, kind, id), number);
    require(core::is_our_name(name) && core::kind_of(name) == kind, "our own names are known");
    require(core::sequence_of(name) == number, "and their numbers");
    const std::string upgrade =
        numbered(core::upgrade_prefix(naming, name, static_cast<int>(script.byte())), number);
    require(core::upgrade_id(upgrade) == id, "an upgrade's node names its base");
    require(core::kind_of(upgrade) == LockKind::exclusive, "and shuts everybody out");
}

void check_queue(const core::Listing& listing, Script& script) {
    const core::Contestant& own = listing.queue[script.below(listing.queue.size())];
    core::Recipe recipe{.kind = script.one_of(kinds), .permits = 1 + script.byte()};
    if (recipe.kind == LockKind::exclusive && script.coin()) {
        recipe.base = script.one_of(listing.queue).name;
    }
    const auto ahead = recipe.blockers(own, listing);
    for (const core::Contestant& each : ahead) {
        require(each.name != own.name, "nobody is in his own way");
        require(std::find(listing.queue.begin(), listing.queue.end(), each) != listing.queue.end(),
                "who is in the way is in the list");
    }
    if (recipe.base.empty() && recipe.kind == LockKind::exclusive) {
        const auto lower = std::count_if(
            listing.queue.begin(), listing.queue.end(), [&](const core::Contestant& other) {
                return other.sequence <= own.sequence && other.name != own.name;
            });
        require(ahead.size() == static_cast<std::size_t>(lower),
                "everybody with a lower number is in the way of an exclusive contender");
    }
    require(recipe.excess(ahead.size()) <= ahead.size() && recipe.turns(ahead) <= ahead.size(),
            "no more turns than contenders");
    static_cast<void>(recipe.may_be_joined_ahead(own, listing));
    if (recipe.excess(ahead.size()) > 0) {
        for (const std::string& name : recipe.to_watch(ahead, script.coin())) {
            require(std::any_of(ahead.begin(), ahead.end(),
                                [&](const core::Contestant& each) { return each.name == name; }),
                    "only who is in the way is watched");
        }
    }
}

void run(std::string_view input) {
    Script script(input);
    const Naming naming = script.one_of(namings);
    check_ours(script);
    Script choices(script.take(8));
    std::vector<std::string> children;
    while (!script.is_over()) {
        children.emplace_back(script.text());
    }

    const core::Listing listing = core::read_listing(children);
    require(listing.queue.size() + listing.foreign == children.size(), "no child is lost");
    require(std::is_sorted(listing.queue.begin(), listing.queue.end()), "a queue is in order");
    bool is_exhausted = false;
    for (const core::Contestant& each : listing.queue) {
        require(core::sequence_of(each.name) == each.sequence, "a number is its name's");
        is_exhausted |= each.sequence < 0 || each.sequence > core::max_sequence;
    }
    require(is_exhausted == listing.is_exhausted, "a number that servers wrap at is noticed");
    for (const LockKind kind : kinds) {
        static_cast<void>(core::why_not_mix(naming, kind, listing));
    }
    if (!listing.queue.empty()) {
        check_queue(listing, choices);
    }
}

LEASEHOLD_FUZZ_TARGET(contender_names, run)

}  // namespace
}  // namespace leasehold::fuzz
