// Thousands of random schedules: whatever goes wrong between the engines and their server, no two
// leases are valid together, nobody waits for ever and nothing is left behind.
#include "tests/support/random_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace leasehold::core {
namespace {

using support::RandomRun;

std::uint64_t number_from_environment(const char* name, std::uint64_t fallback) {
    const char* text = std::getenv(name);
    return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

/// Runs a violated seed again, this time telling what happens.
std::string tell(std::uint64_t seed, RandomRun::Options options) {
    options.is_traced = true;
    RandomRun again(seed, options);
    again.run();
    std::string text = "seed " + std::to_string(seed) + "\n";
    for (const std::string& line : again.trace()) {
        text += line + "\n";
    }
    return text;
}

std::map<std::string, std::uint64_t> run_many(std::uint64_t first, std::uint64_t count,
                                              const RandomRun::Options& options) {
    std::map<std::string, std::uint64_t> tally;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        RandomRun run(seed, options);
        run.run();
        if (!run.violations().empty()) {
            ADD_FAILURE() << run.violations().front() << "\n" << tell(seed, options);
            break;
        }
        for (const auto& [what, times] : run.tally()) {
            tally[what] += times;
        }
    }
    return tally;
}

/// LEASEHOLD_SEEDS: how many schedules; LEASEHOLD_SEED: the first one.
TEST(EngineRandom, NoScheduleBreaksAPromise) {
    const std::uint64_t seeds = number_from_environment("LEASEHOLD_SEEDS", 2000);
    const auto tally =
        run_many(number_from_environment("LEASEHOLD_SEED", 1), seeds, RandomRun::Options{});
    if (seeds < 1000) {
        return;
    }
    // A schedule in which nothing goes wrong would prove nothing.
    for (const char* what :
         {"granted", "granted, shortened", "granted locally", "ended: budget", "ended: deadline",
          "ended: released", "ended: closed", "cut", "stall", "pause", "log: session_expired",
          "close_unheard", "freeze_unheard", "cancel", "extend"}) {
        EXPECT_GE(tally.contains(what) ? tally.at(what) : 0, 20u) << what;
    }
    for (const auto& [what, times] : tally) {
        RecordProperty(what, std::to_string(times));
    }
}

/// Nobody promises exclusion then; but tokens still rise, and nobody waits for ever.
TEST(EngineRandom, ForeignDeletesStrandNobody) {
    const std::uint64_t seeds = number_from_environment("LEASEHOLD_SEEDS", 300);
    RandomRun::Options options{.clients = 3};
    options.has_foreign_deletes = true;
    const auto tally = run_many(1'000'001, seeds, options);
    EXPECT_GT(tally.contains("granted") ? tally.at("granted") : 0, 0u);
}

}  // namespace
}  // namespace leasehold::core
