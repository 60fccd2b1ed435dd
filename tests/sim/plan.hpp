// What one seed stands for: the ensemble, its clients and their clocks, chosen so that everything
// holds that the SDK's promises rest on.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/options.hpp>

#include "sdk/core/settings.hpp"
#include "sdk/server/options.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace leasehold::sim {

// The assumptions of docs/guarantees.md, and where the world keeps to them:
//
//  A1  drift        the servers' clock is true time; each client's runs at most rho off it
//                   (plan.cpp)
//  A2  server clock the ensemble is given true time, which never steps
//  A3  sync_limit   clients are told the ensemble's tick, and its syncLimit or a larger one; those
//                   that go by quorum evidence often a smaller one, too (plan.cpp)
//  A4  timeouts     one ensemble has one minimum and maximum; a smaller timeout is only ever told
//                   to a client while its server goes on with the larger one (network.cpp)
//  A5  deletes      nobody deletes others' nodes, except in the mode that is for that (faults.cpp)
//  A6  boot clock   a paused client's clock goes on (process.cpp)
//  A7  one failure  one trouble among the servers at a time, healed and settled before the next;
//                   links fail in both directions at once (faults.cpp)
//  A8  order        every contender is the engine under test

inline constexpr std::array<Naming, 3> all_namings{Naming::curator, Naming::curator_read_write,
                                                   Naming::kazoo};

struct LinkPlan {
    Duration least_delay = std::chrono::microseconds{100};  ///< one way
    Duration most_delay = std::chrono::milliseconds{2};
    std::uint64_t splits_percent = 5;  ///< of the deliveries, cut into two at any byte
    bool is_crumbled = false;          ///< every delivery comes in pieces of a few bytes
};

struct ProcessPlan {
    core::Settings settings;
    std::int64_t drift_ppm = 0;
    Instant epoch_reading{};
    std::uint64_t engine_seed = 0;
    LinkPlan link;
    Naming naming = Naming::curator;  ///< its habit
};

struct Plan {
    std::uint64_t seed = 0;
    server::EnsembleOptions ensemble;
    Duration session_timeout{};
    std::vector<std::string> locks;
    std::vector<int> permits;  ///< for each lock; 0: it is no semaphore
    std::vector<ProcessPlan> processes;
    Duration slowest_server_delay{};
    Duration active{};                 ///< how long users act and faults strike
    Duration between_acts{};           ///< of one user, at most
    Duration between_faults{};         ///< of one client, at most
    Duration between_troubles{};       ///< of the ensemble, at most
    std::uint64_t quorum_percent = 0;  ///< of the clients go by quorum evidence
    bool has_foreign_deletes = false;
    bool can_remove_watches = true;  ///< and all clients know it
    std::size_t max_pending = 100'000;
    int max_local_grants = 4;
    std::uint64_t most_callers = 4;        ///< who want one lock at once, in one process
    std::uint64_t shared_percent = 0;      ///< of the acquisitions
    std::uint64_t upgradable_percent = 0;  ///< of those that share
    std::uint64_t candidates_percent = 0;  ///< of those that do not share
    std::uint64_t sets_percent = 0;        ///< of all but permits; there are several paths then
    milliseconds lock_delay{};             ///< 0: nobody asks for one
    std::uint64_t delayed_percent = 0;     ///< of the acquisitions ask for it
    std::uint64_t kept_percent = 0;        ///< of those that want one lock for themselves

    [[nodiscard]] int permits_of(const std::string& path) const {
        const auto lock = std::find(locks.begin(), locks.end(), path);
        return lock == locks.end() ? 0 : permits[static_cast<std::size_t>(lock - locks.begin())];
    }
    [[nodiscard]] Duration tick() const { return ensemble.tick; }
    [[nodiscard]] Duration sync_time() const { return ensemble.sync_limit * ensemble.tick; }
};

[[nodiscard]] Plan make_plan(std::uint64_t seed, bool has_foreign_deletes);

}  // namespace leasehold::sim
