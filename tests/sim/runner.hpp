// Many seeds, on all cores.
#pragma once

#include "tests/sim/simulation.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace leasehold::sim {

struct Job {
    std::uint64_t first = 1;
    std::uint64_t seeds = 1000;
    unsigned threads = 1;
    /// Seeds are begun until then, at most `seeds` of them.
    std::optional<std::chrono::steady_clock::time_point> until{};
    bool stops_at_violation = false;
};

struct Report {
    struct Violated {
        std::uint64_t seed;
        std::vector<std::string> what;
    };

    std::uint64_t seeds = 0;
    std::chrono::seconds simulated{};
    std::chrono::seconds idle{};
    std::uint64_t steps = 0;
    Tally tally;
    std::vector<Violated> violated;  ///< by seed
    std::uint64_t trace = 0;         ///< of all seeds in their order, whoever ran them
};

/// `on_seed` is called for each seed that is done, by one thread at a time.
[[nodiscard]] Report run(const Job& job,
                         const std::function<void(std::uint64_t done)>& on_seed = {});

/// "3000 seeds, 4.1 days simulated, 812345 faults, 0 violations, trace 9f3c…"
[[nodiscard]] std::string summary(const Report& report);

/// What came about so rarely that nobody can claim to have tried it: less than 1000 times in
/// 100 000 seeds.
[[nodiscard]] std::vector<std::string> rare_kinds(const Report& report);

/// "the rarest is 'close reply lost', 118 times"
[[nodiscard]] std::string rarest(const Report& report);

}  // namespace leasehold::sim
