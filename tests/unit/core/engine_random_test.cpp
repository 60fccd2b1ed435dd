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

constexpr std::uint64_t shards = 4;

/// In shards, so that ctest can run them side by side.
/// LEASEHOLD_SEEDS: how many schedules in all; LEASEHOLD_SEED: the first one.
class EngineRandom : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(EngineRandom, NoScheduleBreaksAPromise) {
    const std::uint64_t seeds = number_from_environment("LEASEHOLD_SEEDS", 2000) / shards;
    const std::uint64_t first = number_from_environment("LEASEHOLD_SEED", 1);
    const auto tally = run_many(first + GetParam() * seeds, seeds, RandomRun::Options{});
    if (HasFailure() || seeds < 500) {
        return;
    }
    // A schedule in which nothing goes wrong would prove nothing.
    for (const char* what :
         {"granted", "granted, shortened", "granted locally", "ended: budget", "ended: deadline",
          "ended: released", "ended: closed", "cut", "stall", "pause", "log: session_expired",
          "close_unheard", "freeze_unheard", "cancel", "extend"}) {
        EXPECT_GE(tally.contains(what) ? tally.at(what) : 0, 3u) << what;
    }
}

INSTANTIATE_TEST_SUITE_P(Shard, EngineRandom, ::testing::Range(std::uint64_t{0}, shards));

/// Nobody promises exclusion then; but every acquisition is answered, and nothing is left behind.
TEST(EngineRandomForeign, DeletesStrandNobody) {
    const std::uint64_t seeds = number_from_environment("LEASEHOLD_SEEDS", 1200) / shards;
    RandomRun::Options options{.clients = 3};
    options.has_foreign_deletes = true;
    const auto tally = run_many(1'000'001, seeds, options);
    EXPECT_GT(tally.contains("ended: node_deleted") ? tally.at("ended: node_deleted") : 0, 0u);
}

}  // namespace
}  // namespace leasehold::core
