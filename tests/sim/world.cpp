#include "tests/sim/world.hpp"

#include <algorithm>

namespace leasehold::sim {

namespace {

Duration patience_for(const Plan& plan) {
    Duration slowest = plan.slowest_server_delay;
    for (const ProcessPlan& process : plan.processes) {
        slowest = std::max(slowest, process.link.most_delay);
    }
    return World::quickest_patience + 10 * slowest;
}

}  // namespace

World::World(Plan given, bool is_traced)
    : plan(std::move(given)),
      patience(patience_for(plan)),
      active_until(genesis + plan.active),
      random(plan.seed ^ 0x6c65617365u),
      journal(is_traced),
      ensemble(plan.ensemble),
      observer(journal, tally,
               {.locks = plan.locks,
                .permits = plan.permits,
                .has_foreign_deletes = plan.has_foreign_deletes,
                .can_remove_watches = plan.can_remove_watches,
                .max_pending = plan.max_pending,
                .max_local_grants = plan.max_local_grants,
                .patience = patience,
                .longest_delay = plan.lock_delay}) {}

}  // namespace leasehold::sim
