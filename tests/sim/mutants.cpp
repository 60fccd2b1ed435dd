#include "tests/sim/mutants.hpp"

#include "tests/sim/mutant.hpp"
#include "tests/sim/runner.hpp"

#include <chrono>
#include <cstdio>
#include <limits>
#include <string_view>

namespace leasehold::sim {

namespace {

using namespace std::chrono_literals;

struct Mutant {
    std::string_view name;
    std::string_view why;
};

constexpr Mutant all[] = {
#include "mutant_list.inc"
};

constexpr auto patience = 60s;

bool hunt(const Mutant& mutant, unsigned threads) {
    awake_mutant = mutant_number(mutant.name);
    const auto begin = std::chrono::steady_clock::now();
    Job job{.threads = threads, .until = begin + patience, .stops_at_violation = true};
    job.seeds = std::numeric_limits<std::uint64_t>::max();
    const Report report = run(job);
    awake_mutant = 0;
    const auto ms = (std::chrono::steady_clock::now() - begin) / 1ms;
    // What is found without the mutant as well is no catch.
    const bool is_caught =
        !report.violated.empty() && simulate(report.violated.front().seed).violations.empty();
    std::printf("%-36s %s after %3lld.%lld s", std::string(mutant.name).c_str(),
                is_caught ? "caught" : "MISSED", static_cast<long long>(ms / 1000),
                static_cast<long long>(ms % 1000 / 100));
    if (!report.violated.empty()) {
        std::printf(", seed %llu: %s",
                    static_cast<unsigned long long>(report.violated.front().seed),
                    report.violated.front().what.front().c_str());
    }
    std::printf("\n");
    std::fflush(stdout);
    return is_caught;
}

}  // namespace

bool switch_on(const std::string& mutant) {
    for (const Mutant& each : all) {
        if (each.name == mutant) {
            awake_mutant = mutant_number(mutant);
            return true;
        }
    }
    return false;
}

bool hunt_mutants(unsigned threads, const std::string& only) {
    std::size_t hunted = 0;
    std::size_t caught = 0;
    for (const Mutant& mutant : all) {
        if (only.empty() || only == mutant.name) {
            ++hunted;
            caught += hunt(mutant, threads) ? 1 : 0;
        }
    }
    std::printf("%zu of %zu caught\n", caught, hunted);
    return hunted != 0 && caught == hunted;
}

}  // namespace leasehold::sim
