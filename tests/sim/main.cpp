// The simulator's command line; './dev sim --help' shows what it takes.
#include "tests/sim/runner.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#ifdef LEASEHOLD_SIM_MUTANTS
#include "tests/sim/mutants.hpp"
#endif

namespace leasehold::sim {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Arguments {
    std::optional<std::uint64_t> seeds{};
    std::optional<std::uint64_t> seed{};
    std::optional<std::uint64_t> minutes{};
    unsigned jobs = std::max(1u, std::thread::hardware_concurrency());
    std::string mutant{};
    bool is_mutants = false;
};

[[noreturn]] void refuse(const std::string& what) {
    std::fprintf(stderr, "sim: %s; './dev sim --help' tells what there is\n", what.c_str());
    std::exit(64);
}

std::uint64_t number(std::string_view option, std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        refuse(std::string(option) + " takes a number, not '" + std::string(text) + "'");
    }
    return value;
}

Arguments parse(int count, char** words) {
    Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string_view option = words[i];
        if (option == "--mutants") {
            arguments.is_mutants = true;
            continue;
        }
        if (i + 1 == count) {
            refuse("'" + std::string(option) + "' is no option, or lacks its value");
        }
        const std::string_view value = words[++i];
        if (option == "--seeds") {
            arguments.seeds = number(option, value);
        } else if (option == "--seed") {
            arguments.seed = number(option, value);
        } else if (option == "--minutes") {
            arguments.minutes = number(option, value);
        } else if (option == "--jobs") {
            arguments.jobs =
                static_cast<unsigned>(std::max<std::uint64_t>(1, number(option, value)));
        } else if (option == "--mutant") {
            arguments.mutant = value;
        } else {
            refuse("no option '" + std::string(option) + "'");
        }
    }
    return arguments;
}

void print_violated(const Report::Violated& violated) {
    std::printf("seed %llu:\n", static_cast<unsigned long long>(violated.seed));
    for (const std::string& what : violated.what) {
        std::printf("  %s\n", what.c_str());
    }
}

int replay(std::uint64_t seed) {
    const Outcome outcome = simulate(seed, true);
    for (const std::string& line : outcome.trace) {
        std::printf("%s\n", line.c_str());
    }
    if (!outcome.violations.empty()) {
        print_violated({seed, outcome.violations});
    }
    std::printf("%llu steps, %zu violations, trace %016llx\n",
                static_cast<unsigned long long>(outcome.steps), outcome.violations.size(),
                static_cast<unsigned long long>(outcome.hash));
    return outcome.violations.empty() ? 0 : 1;
}

void print_counts(const Report& report, Clock::duration took) {
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        std::printf("  %-20s %12llu\n", std::string(to_string(static_cast<Fault>(i))).c_str(),
                    static_cast<unsigned long long>(report.tally.faults[i]));
    }
    std::printf("beside them:\n");
    for (std::size_t i = 0; i < deed_kinds; ++i) {
        std::printf("  %-20s %12llu\n", std::string(to_string(static_cast<Deed>(i))).c_str(),
                    static_cast<unsigned long long>(report.tally.deeds[i]));
    }
    const auto ms = std::max<std::int64_t>(1, took / 1ms);
    const auto simulated = std::max<std::int64_t>(1, report.simulated / 1s);
    std::printf("%lld s, %lld times real time, %lld steps a seed, idle %lld %%\n",
                static_cast<long long>(ms / 1000), static_cast<long long>(simulated * 1000 / ms),
                static_cast<long long>(report.steps / std::max<std::uint64_t>(1, report.seeds)),
                static_cast<long long>(report.idle / 1s * 100 / simulated));
}

int run_seeds(const Arguments& arguments) {
    Job job{.first = arguments.seed.value_or(1), .threads = arguments.jobs};
    job.seeds = arguments.seeds.value_or(
        arguments.minutes ? std::numeric_limits<std::uint64_t>::max() : 3000);
    const auto begin = Clock::now();
    if (arguments.minutes) {
        job.until = begin + std::chrono::minutes{*arguments.minutes};
    }
    auto next_word = begin + 10s;
    const Report report = run(job, [&](std::uint64_t done) {
        if (const auto now = Clock::now(); now >= next_word) {
            next_word = now + 10s;
            std::fprintf(stderr, "%llu seeds after %lld s\n", static_cast<unsigned long long>(done),
                         static_cast<long long>((now - begin) / 1s));
        }
    });
    std::printf("faults:\n");
    print_counts(report, Clock::now() - begin);
    constexpr std::size_t most_printed = 20;
    for (std::size_t i = 0; i < report.violated.size() && i < most_printed; ++i) {
        print_violated(report.violated[i]);
    }
    std::printf("%s\n", rarest(report).c_str());
    const auto rare = rare_kinds(report);
    for (const std::string& kind : rare) {
        std::printf("the schedule is too mild: '%s' came about less than once in 100 seeds\n",
                    kind.c_str());
    }
    std::printf("%s\n", summary(report).c_str());
    return report.violated.empty() && rare.empty() ? 0 : 1;
}

int main(int count, char** words) {
    const Arguments arguments = parse(count, words);
#ifdef LEASEHOLD_SIM_MUTANTS
    if (arguments.is_mutants) {
        return hunt_mutants(arguments.jobs, arguments.mutant) ? 0 : 1;
    }
    if (!arguments.mutant.empty() && !switch_on(arguments.mutant)) {
        refuse("no mutant '" + arguments.mutant + "'");
    }
#else
    if (arguments.is_mutants || !arguments.mutant.empty()) {
        refuse("mutants are in another build");
    }
#endif
    if (arguments.seed && !arguments.seeds && !arguments.minutes) {
        return replay(*arguments.seed);
    }
    return run_seeds(arguments);
}

}  // namespace
}  // namespace leasehold::sim

int main(int count, char** words) {
    return leasehold::sim::main(count, words);
}
