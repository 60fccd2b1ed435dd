// Locks that nobody holds and their last holder's process keeps: as long as nobody else comes.
#include "tests/sim/observer.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::sim {

void Observer::note_kept(Instant truth, ClientNumber who, const Holding& holding) {
    Queue& nodes = x_locks[holding.lock].nodes;
    const auto node = nodes.find(sequence_of(holding.lease->node()));
    if (holding.loss != Loss::released || holding.keep_idle <= Duration{} ||
        holding.is_delete_written || node == nodes.end() ||
        node->second.name != holding.lease->node()) {
        return;
    }
    node->second.kept_until = local(who, truth) + holding.keep_idle;
    node->second.was_kept = true;
}

void Observer::note_granted_kept(const Holding& holding) {
    Queue& nodes = x_locks[holding.lock].nodes;
    const auto node = nodes.find(sequence_of(holding.lease->node()));
    if (node != nodes.end() && node->second.name == holding.lease->node() &&
        std::exchange(node->second.kept_until, Instant::min()) != Instant::min()) {
        x_tally.count(Deed::granted_kept);
    }
}

/// Whether it may still stand for nobody: its time is not over, and nobody else has been there for
/// long enough to be told of.
bool Observer::is_kept(Instant truth, ClientNumber who, const Node& node, const Lock& lock,
                       Duration patience) const {
    const Instant since = truth - patience;
    return node.kept_until > local(who, since) &&
           std::none_of(lock.nodes.begin(), lock.nodes.end(), [&](const auto& other) {
               return other.second.name != node.name && other.second.since < since;
           });
}

}  // namespace leasehold::sim
