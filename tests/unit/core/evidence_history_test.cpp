// The safe deadline against its definition, evaluated by brute force over random histories.
#include "sdk/core/evidence.hpp"
#include "sdk/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

struct Request {
    Instant sent;
    std::optional<Instant> replied;
    bool is_attach = false;
};

/// Everything that happened on one connection, its connect request first.
struct Connection {
    Duration granted{};
    bool creates_session = false;
    std::vector<Request> requests;
};

/// The definition, word by word and without any state kept between two evaluations.
class Definition {
public:
    explicit Definition(const LeaseTiming& timing) : x_timing(timing) {}

    [[nodiscard]] Instant safe_deadline(const std::vector<Connection>& connections) const {
        const auto session = std::find_if(connections.rbegin(), connections.rend(),
                                          [](const auto& c) { return c.creates_session; });
        Duration timeout = session->granted;
        for (auto later_one = session.base(); later_one != connections.end(); ++later_one) {
            timeout = std::min(timeout, later_one->granted);
        }
        const Duration usable = usable_timeout(x_timing, timeout);
        Instant deadline = session->requests.front().sent + usable;
        for (auto connection = std::prev(session.base()); connection != connections.end();
             ++connection) {
            for (std::size_t i = 0; i < connection->requests.size(); ++i) {
                if (counts(*connection, i)) {
                    deadline = std::max(deadline,
                                        connection->requests[i].sent + usable - x_timing.delta());
                }
            }
        }
        return deadline;
    }

private:
    [[nodiscard]] Duration step() const {
        const Duration ticks = x_timing.tick * x_timing.sync_limit;
        return (x_timing.delta() - ticks - x_timing.tick / 2) / 2;
    }

    /// The last moment up to which a reply to this request is no gap.
    [[nodiscard]] Instant in_time_until(const Connection& connection, std::size_t request) const {
        const Instant sent = connection.requests[request].sent;
        if (connection.requests[request].is_attach) {
            return sent + x_timing.ack_gap;
        }
        std::size_t before = request;
        while (before > 0 && connection.requests[before].sent == sent) {
            --before;
        }
        const Instant earlier = connection.requests[before].sent;
        // After a silence there is none.
        const Instant previous = sent - earlier > x_timing.tick ? sent : earlier;
        return std::min(sent + x_timing.ack_gap, previous + step());
    }

    [[nodiscard]] bool counts(const Connection& connection, std::size_t request) const {
        const Request& asked = connection.requests[request];
        if (!asked.replied) {
            return false;
        }
        if (asked.is_attach) {
            return *asked.replied - asked.sent <= x_timing.ack_gap;  // touches the leader itself
        }
        const auto is_void_for = [&](Instant gap_begin, std::optional<Instant> gap_end) {
            const bool is_known = gap_begin < *asked.replied;
            const bool is_over = gap_end && *gap_end <= *asked.replied;
            return is_known && (!is_over || asked.sent < *gap_end + x_timing.delta());
        };
        for (std::size_t i = 0; i < connection.requests.size(); ++i) {
            const Request& other = connection.requests[i];
            const Instant in_time = in_time_until(connection, i);
            if ((!other.replied || *other.replied > in_time) &&
                is_void_for(in_time, other.replied)) {
                return false;  // unanswered for too long, or this very reply is slow
            }
            const bool is_last = i + 1 == connection.requests.size();
            const auto next =
                is_last ? std::nullopt : std::optional(connection.requests[i + 1].sent);
            if ((!next || *next - other.sent > x_timing.tick) &&
                is_void_for(other.sent + x_timing.tick, next)) {
                return false;  // silence
            }
        }
        return true;
    }

    LeaseTiming x_timing;
};

/// Drives Evidence through a random history as a session would, and writes the history down.
class History {
public:
    History(const LeaseTiming& timing, std::uint64_t seed, Duration least_spacing)
        : x_timing(timing), x_random(seed), x_least_spacing(least_spacing), x_evidence(timing) {
        attach(true);
    }

    void step() {
        const auto what = x_random.below(400);
        if (what == 0) {
            x_now += up_to(x_timing.delta());
            attach(x_random.below(3) == 0);
        } else if (what < 4) {
            x_now += up_to(3 * x_timing.tick);  // stopped
        } else if (oldest() && x_reply_due[x_answered] <= x_send_due) {
            reply();
        } else {
            send();
        }
    }

    [[nodiscard]] const Evidence& evidence() const { return x_evidence; }
    [[nodiscard]] const std::vector<Connection>& connections() const { return x_connections; }

private:
    Duration up_to(Duration most) {
        return Duration{static_cast<std::int64_t>(
            x_random.below(static_cast<std::uint64_t>(most.count()) + 1))};
    }

    Duration latency() {
        return up_to(x_random.below(100) == 0 ? 3 * x_timing.ack_gap / 2 : x_timing.ack_gap / 4);
    }

    void attach(bool creates_session) {
        x_evidence.on_disconnected();
        const Instant sent = x_now;
        x_now += latency();
        const Duration granted = x_random.below(4) == 0 ? 20 * x_timing.tick : 30 * x_timing.tick;
        x_connections.push_back({granted, creates_session, {{sent, x_now, true}}});
        x_answered = 1;
        x_reply_due.assign(1, x_now);
        plan_send();
        if (creates_session) {
            x_evidence.on_session_created(sent, x_now, granted);
        } else {
            x_evidence.on_reattached(sent, x_now, granted);
        }
    }

    std::vector<Request>& requests() { return x_connections.back().requests; }

    [[nodiscard]] std::optional<Instant> oldest() {
        return x_answered < requests().size() ? std::optional(requests()[x_answered].sent)
                                              : std::nullopt;
    }

    void send() {
        x_now = std::max(x_now, x_send_due);
        x_evidence.on_time(x_now, oldest());
        x_evidence.on_sent(x_now);
        requests().push_back({x_now, std::nullopt});
        x_reply_due.push_back(std::max(x_reply_due.back(), x_now + latency()));
        plan_send();
    }

    void plan_send() {
        x_send_due = x_now + x_least_spacing + up_to(x_timing.tick / 2 - x_least_spacing);
    }

    void reply() {
        x_now = std::max(x_now, x_reply_due[x_answered]);
        x_evidence.on_time(x_now, oldest());
        Request& request = requests()[x_answered++];
        request.replied = x_now;
        x_evidence.on_ack(request.sent, x_now);
    }

    LeaseTiming x_timing;
    Random x_random;
    Duration x_least_spacing;
    Evidence x_evidence;
    std::vector<Connection> x_connections;
    std::size_t x_answered = 0;        ///< requests of the newest connection
    std::vector<Instant> x_reply_due;  ///< of all of them
    Instant x_send_due{};
    Instant x_now{1000s};
};

class EvidenceHistory : public ::testing::TestWithParam<Duration> {
protected:
    [[nodiscard]] LeaseTiming timing() const {
        return {.tick = 1s,
                .sync_limit = 3,
                .standalone = false,
                .ack_gap = GetParam(),
                .clock_drift = 0.01,
                .margin = 250ms};
    }
};

TEST_P(EvidenceHistory, DeadlineIsTheOneOfTheDefinition) {
    const Definition definition(timing());
    std::uint64_t gaps = 0;
    std::size_t moves = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        History history(timing(), seed, 100ms);
        Instant before = Instant::min();
        for (int i = 0; i < 160; ++i) {
            history.step();
            const Instant deadline = history.evidence().safe_deadline();
            ASSERT_EQ(deadline, definition.safe_deadline(history.connections()))
                << "seed " << seed << " step " << i;
            moves += deadline > before ? 1 : 0;
            before = deadline;
        }
        gaps += history.evidence().gaps();
    }
    // The histories hold what the definition is about.
    EXPECT_GT(gaps, 20u);
    EXPECT_GT(moves, 500u);
}

TEST_P(EvidenceHistory, DeadlineNeverExceedsTheDefinitionUnderBursts) {
    const Definition definition(timing());
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        History history(timing(), seed, 0ns);
        for (int i = 0; i < 160; ++i) {
            history.step();
            ASSERT_LE(history.evidence().safe_deadline(),
                      definition.safe_deadline(history.connections()))
                << "seed " << seed << " step " << i;
        }
    }
}

TEST_P(EvidenceHistory, DeadlineGoesBackOnlyByASmallerTimeoutOrANewSession) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        History history(timing(), seed, 0ns);
        Instant before = history.evidence().safe_deadline();
        for (int i = 0; i < 160; ++i) {
            const Duration timeout = history.evidence().session_timeout();
            const std::size_t connections = history.connections().size();
            history.step();
            const Instant after = history.evidence().safe_deadline();
            const bool is_new_session = history.connections().size() > connections &&
                                        history.connections().back().creates_session;
            if (!is_new_session && history.evidence().session_timeout() == timeout) {
                ASSERT_GE(after, before) << "seed " << seed << " step " << i;
            }
            before = after;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(AckGaps, EvidenceHistory,
                         ::testing::Values(Duration(500ms), Duration(1s), Duration(4s)));

}  // namespace
}  // namespace leasehold::core
