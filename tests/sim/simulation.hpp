// One seed, from the first connection to the last closed session.
#pragma once

#include "tests/sim/network.hpp"
#include "tests/sim/outsider.hpp"
#include "tests/sim/process.hpp"
#include "tests/sim/troubles.hpp"
#include "tests/sim/user.hpp"
#include "tests/sim/world.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leasehold::sim {

struct Outcome {
    std::vector<std::string> violations;
    std::vector<std::string> trace;
    std::uint64_t hash = 0;
    Tally tally;
    Duration simulated{};
    Duration idle{};  ///< nothing was wrong, and nobody waited or held
    std::uint64_t steps = 0;
};

/// Everything is a function of the seed.
[[nodiscard]] Outcome simulate(std::uint64_t seed, bool is_traced = false);

class Simulation {
public:
    Simulation(Plan plan, bool is_traced);
    [[nodiscard]] Outcome run();

private:
    void run_until(Instant end, const std::function<bool()>& is_done = {});
    [[nodiscard]] Instant next_step();
    void step(Instant when);
    void serve();
    void look();
    void check_end();
    void on_commit(Instant at, const server::Transaction& transaction);
    [[nodiscard]] bool is_idle() const;
    [[nodiscard]] bool is_settled() const;
    [[nodiscard]] bool is_over() const;

    World x_world;
    Network x_network;
    Outsider x_outsider;
    std::vector<std::unique_ptr<Process>> x_processes;
    std::vector<std::unique_ptr<User>> x_users;
    Troubles x_troubles;
    std::optional<server::ServerId> x_leader;
    Duration x_idle{};
    std::uint64_t x_steps = 0;
};

}  // namespace leasehold::sim
