#include "tests/sim/runner.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

namespace leasehold::sim {

namespace {

constexpr std::uint64_t seeds_per_firing = 100;  // 1000 in 100 000
/// With fewer seeds than this a rare kind is bad luck.
constexpr std::uint64_t seeds_to_judge = 3000;

template <class Use>
void for_each_kind(const Tally& tally, Use use) {
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        use(to_string(static_cast<Fault>(i)), tally.faults[i]);
    }
    for (std::size_t i = 0; i < deed_kinds; ++i) {
        use(to_string(static_cast<Deed>(i)), tally.deeds[i]);
    }
}

class Pool {
public:
    Pool(const Job& job, const std::function<void(std::uint64_t)>& on_seed)
        : x_job(job), x_on_seed(on_seed) {}

    Report run() {
        std::vector<std::thread> threads;
        for (unsigned i = 1; i < x_job.threads; ++i) {
            threads.emplace_back([this] { work(); });
        }
        work();
        for (std::thread& thread : threads) {
            thread.join();
        }
        std::sort(x_report.violated.begin(), x_report.violated.end(),
                  [](const auto& one, const auto& other) { return one.seed < other.seed; });
        Hash hash;
        for (const std::uint64_t each : x_hashes) {
            hash.mix(each);
        }
        x_report.trace = hash.value();
        x_report.simulated = std::chrono::floor<std::chrono::seconds>(x_simulated);
        x_report.idle = std::chrono::floor<std::chrono::seconds>(x_idle);
        return std::move(x_report);
    }

private:
    [[nodiscard]] bool goes_on() const {
        return !x_is_stopped && (!x_job.until || std::chrono::steady_clock::now() < *x_job.until);
    }

    void work() {
        // Each thread takes the next seed, so that those done are always the first ones.
        for (;;) {
            if (!goes_on()) {
                return;
            }
            const std::uint64_t index = x_next++;
            if (index >= x_job.seeds) {
                return;
            }
            take(index, simulate(x_job.first + index));
        }
    }

    void take(std::uint64_t index, Outcome outcome) {
        const std::scoped_lock lock(x_mutex);
        if (x_hashes.size() <= index) {
            x_hashes.resize(index + 1);
        }
        x_hashes[index] = outcome.hash;
        ++x_report.seeds;
        x_report.steps += outcome.steps;
        x_report.tally.add(outcome.tally);
        x_simulated += std::chrono::duration_cast<std::chrono::microseconds>(outcome.simulated);
        x_idle += std::chrono::duration_cast<std::chrono::microseconds>(outcome.idle);
        if (!outcome.violations.empty()) {
            x_report.violated.push_back({x_job.first + index, std::move(outcome.violations)});
            x_is_stopped = x_is_stopped || x_job.stops_at_violation;
        }
        if (x_on_seed) {
            x_on_seed(x_report.seeds);
        }
    }

    const Job& x_job;
    const std::function<void(std::uint64_t)>& x_on_seed;
    std::atomic<std::uint64_t> x_next{0};
    std::atomic<bool> x_is_stopped{false};
    std::mutex x_mutex;
    Report x_report;
    std::vector<std::uint64_t> x_hashes;
    std::chrono::microseconds x_simulated{};
    std::chrono::microseconds x_idle{};
};

}  // namespace

Report run(const Job& job, const std::function<void(std::uint64_t)>& on_seed) {
    return Pool(job, on_seed).run();
}

std::string summary(const Report& report) {
    const auto tenths = report.simulated.count() * 10 / 86'400;
    std::array<char, 17> trace{};
    std::snprintf(trace.data(), trace.size(), "%016llx",
                  static_cast<unsigned long long>(report.trace));
    return std::to_string(report.seeds) + " seeds, " + std::to_string(tenths / 10) + "." +
           std::to_string(tenths % 10) + " days simulated, " +
           std::to_string(report.tally.all_faults()) + " faults, " +
           std::to_string(report.violated.size()) + " violations, trace " + trace.data();
}

std::vector<std::string> rare_kinds(const Report& report) {
    std::vector<std::string> rare;
    if (report.seeds >= seeds_to_judge) {
        for_each_kind(report.tally, [&](std::string_view kind, std::uint64_t times) {
            if (times < report.seeds / seeds_per_firing) {
                rare.emplace_back(kind);
            }
        });
    }
    return rare;
}

std::string rarest(const Report& report) {
    std::string_view rarest;
    std::uint64_t fewest = std::numeric_limits<std::uint64_t>::max();
    for_each_kind(report.tally, [&](std::string_view kind, std::uint64_t times) {
        if (times < fewest) {
            rarest = kind;
            fewest = times;
        }
    });
    return "the rarest is '" + std::string(rarest) + "', " + std::to_string(fewest) + " times";
}

}  // namespace leasehold::sim
