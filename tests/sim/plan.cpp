#include "tests/sim/plan.hpp"

#include "sdk/core/random.hpp"
#include "tests/sim/journal.hpp"

#include <array>
#include <memory>

namespace leasehold::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t rho_ppm = 10'000;  // ClientOptions::clock_drift, 1 %

class Planner {
public:
    Planner(std::uint64_t seed, bool has_foreign_deletes)
        : x_random(seed), x_foreign(has_foreign_deletes) {
        x_plan.seed = seed;
    }

    Plan make() {
        plan_ensemble();
        plan_course();
        const std::uint64_t dice = x_random.below(100);
        const std::size_t clients = dice < 35   ? 2
                                    : dice < 65 ? 3
                                    : dice < 85 ? 4
                                                : 5 + static_cast<std::size_t>(x_random.below(4));
        const bool tells_version = chance(80);
        x_plan.can_remove_watches = tells_version && x_plan.ensemble.release.minor >= 5;
        for (std::size_t i = 0; i < clients; ++i) {
            plan_process(tells_version);
        }
        return std::move(x_plan);
    }

private:
    bool chance(std::uint64_t percent) { return x_random.below(100) < percent; }

    void plan_ensemble() {
        server::EnsembleOptions& ensemble = x_plan.ensemble;
        constexpr std::array<milliseconds, 6> ticks{2000ms, 2000ms, 2000ms, 1000ms, 500ms, 200ms};
        constexpr std::array<server::Release, 4> releases{
            server::Release{3, 8, 0}, server::Release{3, 8, 0}, server::Release{3, 4, 8},
            server::Release{3, 9, 4}};
        ensemble.servers = chance(60) ? 3 : 1;
        ensemble.tick = ticks[x_random.below(ticks.size())];
        ensemble.sync_limit = chance(60) ? 5 : static_cast<int>(2 + x_random.below(3));
        ensemble.release = releases[x_random.below(releases.size())];
        ensemble.expires_at_once = chance(70);
        ensemble.answers_close_session = !(ensemble.release.minor == 4 && chance(50));
        ensemble.answers_four_letter_words = chance(80);
        // Sequence: a random number for each message, the same for every compiler.
        const auto random = std::make_shared<core::Random>(x_random.next());
        // One building, one country, or one ocean; a round trip of a write stays within the gap.
        const std::uint64_t dice = x_random.below(100);
        const std::uint64_t most = dice < 70 ? 2'000'000
                                   : dice < 85
                                       ? 20'000'000
                                       : static_cast<std::uint64_t>(ensemble.tick.count()) / 8;
        x_plan.slowest_server_delay = Duration{static_cast<std::int64_t>(most)};
        ensemble.delay = [random, most](std::size_t, std::size_t) {
            return Duration{100'000 + static_cast<std::int64_t>(random->below(most))};
        };
        // Twenty ticks are the most that a server grants; less only where a lease still fits.
        const std::uint64_t mix = x_random.below(100);
        x_plan.quorum_percent = ensemble.servers == 1 || mix < 50 ? 0 : mix < 70 ? 40 : 100;
        const int ticks_of_session = x_plan.quorum_percent == 100
                                         ? 7 + static_cast<int>(x_random.below(6))
                                     : ensemble.servers == 1 && chance(40) ? 12
                                     : chance(80)                          ? 20
                                                                           : 18;
        x_plan.session_timeout = ticks_of_session * ensemble.tick;
        x_plan.has_foreign_deletes = x_foreign;
    }

    void plan_course() {
        x_plan.max_local_grants = static_cast<int>(1 + x_random.below(4));
        // Long enough for a session to expire while others go on.
        x_plan.active = x_plan.session_timeout * 4;
        x_plan.between_acts = std::max<Duration>(2 * x_plan.tick(), 1s);
        x_plan.between_faults = std::max<Duration>(16 * x_plan.tick(), 8s);
        x_plan.between_troubles = std::max<Duration>(24 * x_plan.tick(), 8s);
        x_plan.max_pending = chance(5) ? 4 : 100'000;
        // Nobody shares, some do, or most: a writer now and then among many readers.
        const std::uint64_t mix = x_random.below(100);
        x_plan.shared_percent = mix < 30 ? 0 : mix < 75 ? 50 : 85;
        x_plan.upgradable_percent = chance(60) ? 0 : 30;
        x_plan.candidates_percent = chance(50) ? 0 : 30;
        x_plan.sets_percent = chance(30) ? 50 : 0;
        const std::uint64_t locks =
            x_plan.sets_percent != 0 ? 6 + x_random.below(4) : x_random.below(10);
        x_plan.locks = {"/one"};
        if (locks >= 6) {
            x_plan.locks.emplace_back("/deep/two");
        }
        if (locks == 9 || (x_plan.sets_percent != 0 && chance(50))) {
            x_plan.locks.emplace_back("/three");
        }
        for (std::size_t i = 0; i < x_plan.locks.size(); ++i) {
            x_plan.permits.push_back(chance(20) ? static_cast<int>(1 + x_random.below(3)) : 0);
        }
        if (chance(50)) {
            constexpr std::array<std::uint64_t, 4> quarters_of_a_tick{1, 4, 12, 24};
            x_plan.lock_delay = std::chrono::floor<milliseconds>(
                x_plan.tick() / 4 *
                static_cast<std::int64_t>(quarters_of_a_tick[x_random.below(4)]));
            x_plan.delayed_percent = chance(50) ? 100 : 50;
        }
        x_plan.kept_percent = chance(50) ? 0 : 60;
        if (chance(20)) {
            make_busy();
        }
    }

    /// Now and then many callers of a process want one lock for themselves.
    void make_busy() {
        x_plan.most_callers = 12;
        x_plan.max_local_grants = 1;
        x_plan.shared_percent = 0;
        x_plan.candidates_percent = 0;
        x_plan.sets_percent = 0;
        x_plan.locks.resize(1);
        x_plan.permits.assign(1, 0);
        x_plan.kept_percent = 80;
    }

    void plan_process(bool tells_version) {
        const server::EnsembleOptions& ensemble = x_plan.ensemble;
        const std::string version = std::to_string(ensemble.release.major) + "." +
                                    std::to_string(ensemble.release.minor) + "." +
                                    std::to_string(ensemble.release.patch);
        ClientOptions options;
        options.session_timeout = x_plan.session_timeout / 1ms * 1ms;
        options.tick = ensemble.tick / 1ms * 1ms;
        options.sync_limit = ensemble.sync_limit;
        options.standalone = ensemble.servers == 1 && chance(70);
        if (!options.standalone && ensemble.sync_limit < 5 && chance(30)) {
            ++options.sync_limit;
        }
        if (chance(x_plan.quorum_percent)) {
            options.lease_evidence = LeaseEvidence::quorum;
            options.sync_limit = chance(50) ? 1 : options.sync_limit;
        }
        options.server_version = tells_version ? std::string_view(version) : std::string_view{};
        options.max_pending = x_plan.max_pending;
        std::string hosts = "s0";
        for (std::size_t i = 1; i < ensemble.servers; ++i) {
            hosts += ",s" + std::to_string(i);
        }
        ProcessPlan process;
        process.settings = core::make_settings(hosts, options).value();
        const auto choices = static_cast<std::uint64_t>(2 * rho_ppm + 1);
        process.drift_ppm = chance(20) ? 0
                            : chance(30)
                                ? (chance(50) ? rho_ppm : -rho_ppm)
                                : static_cast<std::int64_t>(x_random.below(choices)) - rho_ppm;
        process.epoch_reading =
            Instant{1s} + Duration{static_cast<std::int64_t>(x_random.below(1'000'000'000'000))};
        process.engine_seed = x_random.next();
        if (chance(15)) {
            // Slow, but within the ack gap.
            process.link.most_delay = process.settings.timing.ack_gap / 5;
        }
        process.link.is_crumbled = chance(2);
        process.naming =
            chance(60) ? Naming::curator : all_namings[x_random.below(all_namings.size())];
        x_plan.processes.push_back(std::move(process));
    }

    Plan x_plan;
    core::Random x_random;
    bool x_foreign;
};

}  // namespace

Plan make_plan(std::uint64_t seed, bool has_foreign_deletes) {
    return Planner(seed, has_foreign_deletes).make();
}

}  // namespace leasehold::sim
