#include "tests/sim/world.hpp"

namespace leasehold::sim {

World::World(Plan given, bool is_traced)
    : plan(std::move(given)),
      active_until(genesis + plan.active),
      random(plan.seed ^ 0x6c65617365u),
      journal(is_traced),
      ensemble(plan.ensemble),
      observer(journal, tally,
               {.locks = plan.locks,
                .has_foreign_deletes = plan.has_foreign_deletes,
                .can_remove_watches = plan.can_remove_watches,
                .max_pending = plan.max_pending,
                .max_local_grants = plan.max_local_grants}) {}

}  // namespace leasehold::sim
