// The safe deadline against a model of what it is about: a client, a follower and its leader, with
// one silent cut between the two servers, and everything else late that may be late.
#include "sdk/core/evidence.hpp"
#include "sdk/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::core {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr Duration tick = 1s;

struct Pause {
    Duration begin{};
    Duration length{};

    [[nodiscard]] Duration after(Duration when) const {
        return when >= begin && when < begin + length ? begin + length : when;
    }
};

/// Everything that goes wrong in one run. Times from the creation of the session.
struct Faults {
    Duration cut{};      ///< nothing passes between follower and leader from here on
    Duration phase{};    ///< of the leader's pings
    Duration spacing{};  ///< of our own, tick/2 to a tick
    Pause to_follower;   ///< what we send in the first tick arrives at the end
    Pause to_client;     ///< what the follower sends arrives at the end
    Pause follower[2];   ///< stopped; what arrives waits in its buffers
    Pause client;        ///< stopped

    friend std::ostream& operator<<(std::ostream& out, const Faults& faults) {
        const auto ms = [](Duration time) { return time / 1ms; };
        const auto pause = [&](const Pause& p) -> std::string {
            return std::to_string(ms(p.begin)) + "+" + std::to_string(ms(p.length)) + " ";
        };
        return out << "cut " << ms(faults.cut) << " phase " << ms(faults.phase) << " spacing "
                   << ms(faults.spacing) << " to_follower " << pause(faults.to_follower)
                   << "to_client " << pause(faults.to_client) << "follower "
                   << pause(faults.follower[0]) << pause(faults.follower[1]) << "client "
                   << pause(faults.client);
    }
};

/// One run. Its result is the largest A minus the leader's last touch of the session, which must
/// not exceed Delta: the leader expires the session T after that touch, and D is A + T - Delta.
class Run {
public:
    Run(const LeaseTiming& timing, const Faults& faults)
        : x_timing(timing), x_faults(faults), x_evidence(timing) {}

    [[nodiscard]] Duration overshoot() {
        x_evidence.on_session_created(Instant{}, Instant{1ms}, 1000h);
        at(x_faults.phase, [this] { leader_ping(); });
        at(1ms, [this] { send(); });
        while (!x_agenda.empty()) {
            const auto next = x_agenda.begin();
            x_now = std::max(x_now, next->first.first);
            const std::function<void()> step = std::move(next->second);
            x_agenda.erase(next);
            step();
        }
        return x_overshoot;
    }

private:
    void at(Duration when, std::function<void()> step) {
        x_agenda.emplace(std::pair{when, x_order++}, std::move(step));
    }

    [[nodiscard]] Duration follower_awake(Duration when) const {
        for (int pass = 0; pass < 2; ++pass) {
            when = x_faults.follower[1].after(x_faults.follower[0].after(when));
        }
        return when;
    }

    [[nodiscard]] bool is_serving() {
        x_closed = x_closed || x_now > x_heard + x_timing.sync_limit * tick;
        return !x_closed;
    }

    void leader_ping() {
        if (x_now >= x_faults.cut) {
            return;
        }
        at(follower_awake(x_now), [this] {
            if (!is_serving()) {
                return;
            }
            x_heard = x_now;
            if (x_touched && x_now < x_faults.cut) {
                x_leader_touched = x_now;
            }
            x_touched = false;
        });
        at(x_now + tick / 2, [this] { leader_ping(); });
    }

    void send() {
        const Duration end = x_faults.cut + x_timing.delta() + 4 * tick;
        if (const Duration awake = x_faults.client.after(x_now); awake > x_now) {
            return at(awake, [this] { send(); });
        }
        if (x_now > end) {
            return;
        }
        x_evidence.on_time(Instant{x_now}, oldest());
        x_evidence.on_sent(Instant{x_now});
        x_unanswered.push_back(Instant{x_now});
        // First in, first out: nothing overtakes on a connection.
        x_arrived = std::max({x_arrived, x_now, x_faults.to_follower.after(x_now)});
        at(x_arrived,
           [this, sent = x_now] { at(follower_awake(x_now), [this, sent] { serve(sent); }); });
        at(x_now + x_faults.spacing, [this] { send(); });
    }

    void serve(Duration sent) {
        if (!is_serving()) {
            return;
        }
        x_touched = true;
        x_replied = std::max({x_replied, x_now, x_faults.to_client.after(x_now)});
        at(x_replied,
           [this, sent] { at(x_faults.client.after(x_now), [this, sent] { receive(sent); }); });
    }

    void receive(Duration sent) {
        x_evidence.on_time(Instant{x_now}, oldest());
        x_unanswered.pop_front();
        x_evidence.on_ack(Instant{sent}, Instant{x_now});
        if (x_now > x_faults.cut) {
            x_overshoot =
                std::max(x_overshoot, x_evidence.newest()->time_since_epoch() - x_leader_touched);
        }
    }

    [[nodiscard]] std::optional<Instant> oldest() const {
        return x_unanswered.empty() ? std::nullopt : std::optional(x_unanswered.front());
    }

    LeaseTiming x_timing;
    Faults x_faults;
    Evidence x_evidence;
    std::map<std::pair<Duration, int>, std::function<void()>> x_agenda;
    int x_order = 0;
    Duration x_now{};
    std::deque<Instant> x_unanswered;
    Duration x_arrived{}, x_replied{};  ///< the newest of each direction
    bool x_touched = false;             ///< since the follower's last word to the leader
    Duration x_heard{};                 ///< the follower's last word from the leader
    bool x_closed = false;
    Duration x_leader_touched{};
    Duration x_overshoot = Duration::min();
};

/// Changes a run's faults little by little towards the largest overshoot.
class Adversary {
public:
    Adversary(const LeaseTiming& timing, std::uint64_t seed) : x_timing(timing), x_random(seed) {}

    [[nodiscard]] std::pair<Duration, Faults> worst(int tries) {
        Faults best;
        Duration most = Duration::min();
        for (int i = 0; i < tries; ++i) {
            // A quarter of the tries look around, the others improve on the best.
            Faults faults = i < tries / 4 ? anything() : changed(best);
            if (const Duration overshoot = Run(x_timing, faults).overshoot(); overshoot >= most) {
                most = overshoot;
                best = faults;
            }
        }
        return {most, best};
    }

private:
    Duration up_to(Duration most) {
        return milliseconds{x_random.below(static_cast<std::uint64_t>(most / 1ms) + 1)};
    }

    Pause pause(Duration longest) { return {up_to(x_horizon), up_to(longest)}; }

    Faults anything() {
        const Duration late = x_timing.ack_gap + tick;
        return {.cut = 2 * tick + up_to(x_horizon),
                .phase = up_to(tick / 2),
                .spacing = tick / 2 + up_to(tick / 2),
                .to_follower = pause(late),
                .to_client = pause(late),
                .follower = {pause(late), pause(late)},
                .client = pause(3 * tick)};
    }

    Faults changed(Faults faults) {
        const Faults other = anything();
        for (std::uint64_t changes = x_random.below(4) + 1; changes > 0; --changes) {
            change_one(faults, other, x_random.below(13));
        }
        return faults;
    }

    void change_one(Faults& faults, const Faults& other, std::uint64_t which) {
        switch (which) {
            case 0: return change(faults.cut, other.cut);
            case 1: return change(faults.phase, other.phase, {}, tick / 2);
            case 2: return change(faults.spacing, other.spacing, tick / 2, tick);
            case 3: return change(faults.to_follower.begin, other.to_follower.begin);
            case 4: return change(faults.to_follower.length, other.to_follower.length);
            case 5: return change(faults.to_client.begin, other.to_client.begin);
            case 6: return change(faults.to_client.length, other.to_client.length);
            case 7: return change(faults.follower[0].begin, other.follower[0].begin);
            case 8: return change(faults.follower[0].length, other.follower[0].length);
            case 9: return change(faults.follower[1].begin, other.follower[1].begin);
            case 10: return change(faults.follower[1].length, other.follower[1].length);
            case 11: return change(faults.client.begin, other.client.begin);
            default: return change(faults.client.length, other.client.length);
        }
    }

    void change(Duration& value, Duration other, Duration least = {}, Duration most = 1h) {
        const auto kind = x_random.below(10);
        const Duration stride = kind < 5 ? Duration(50ms) : tick;
        value = kind == 0 ? other : value + up_to(2 * stride) - stride;
        value = std::clamp(value, least, most);
    }

    LeaseTiming x_timing;
    Random x_random;
    Duration x_horizon = 12 * tick;
};

struct Case {
    Duration ack_gap;
    int sync_limit;

    friend std::ostream& operator<<(std::ostream& out, const Case& c) {
        return out << "G " << c.ack_gap / 1ms << " ms, syncLimit " << c.sync_limit;
    }
};

class SafeDeadlineModel : public ::testing::TestWithParam<Case> {};

TEST_P(SafeDeadlineModel, NoFaultsMakeEvidenceOlderThanDelta) {
    const LeaseTiming timing{.tick = tick,
                             .sync_limit = GetParam().sync_limit,
                             .standalone = false,
                             .ack_gap = GetParam().ack_gap,
                             .clock_drift = 0,
                             .margin = {}};
    Duration worst = Duration::min();
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        const auto [overshoot, faults] = Adversary(timing, seed).worst(2500);
        EXPECT_LE(overshoot, timing.delta()) << "seed " << seed << ": " << faults;
        worst = std::max(worst, overshoot);
    }
    // An adversary that stays far below would not notice a rule that is missing.
    EXPECT_GT(worst, timing.delta() - 2 * tick);
}

INSTANTIATE_TEST_SUITE_P(AckGaps, SafeDeadlineModel,
                         ::testing::Values(Case{500ms, 2}, Case{1s, 2}, Case{1s, 5}, Case{4s, 2}));

}  // namespace
}  // namespace leasehold::core
