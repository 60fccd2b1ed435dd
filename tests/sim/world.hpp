// What the parts of a simulated world share: one clock, one source of chance, one list of what is
// to come, and the ensemble.
#pragma once

#include "sdk/core/random.hpp"
#include "sdk/server/ensemble.hpp"
#include "tests/sim/event_queue.hpp"
#include "tests/sim/journal.hpp"
#include "tests/sim/observer.hpp"
#include "tests/sim/plan.hpp"
#include "tests/sim/tally.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace leasehold::sim {

struct World {
    static constexpr Duration quickest_patience = std::chrono::milliseconds{1500};

    World(Plan given, bool is_traced);

    void at(Instant when, std::function<void()> what) {
        events.add(when < now ? now : when, std::move(what));
    }
    void after(Duration delay, std::function<void()> what) { at(now + delay, std::move(what)); }

    [[nodiscard]] bool chance(std::uint64_t percent) { return random.below(100) < percent; }
    [[nodiscard]] Duration up_to(Duration longest) {
        return Duration{static_cast<std::int64_t>(
            random.below(static_cast<std::uint64_t>(longest.count()) + 1))};
    }

    template <class Tell>
    void note(Tell tell) {
        journal.note(now, std::move(tell));
    }
    void violated(std::string what) { journal.violated(now, std::move(what)); }
    /// One more of this kind, which also goes into the trace.
    void strike(Fault fault) {
        tally.count(fault);
        journal.hash.mix(static_cast<std::uint64_t>(fault) + 0xfa000000u);
    }

    /// In this time a few requests come and go.
    [[nodiscard]] Duration rush() const { return patience - quickest_patience; }

    /// True while users act and faults strike.
    [[nodiscard]] bool is_active() const { return now < active_until; }

    const Plan plan;
    /// What an undisturbed client needs at most for anything: a handful of round trips.
    const Duration patience;
    Instant now = genesis;
    Instant active_until;
    core::Random random;
    EventQueue events;
    Journal journal;
    Tally tally;
    server::Ensemble ensemble;
    Observer observer;
    /// Since when no trouble among the servers is going on, and max while one is.
    Instant servers_calm_since = genesis;
    /// Connections are refused by all servers until then: no file descriptors left.
    Instant no_descriptors_until = Instant::min();
};

}  // namespace leasehold::sim
