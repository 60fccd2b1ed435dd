// Decides when and where to connect, so that a thousand clients that lost the same server do not
// return in the same instant and keep it down.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/core/effect.hpp"
#include "sdk/core/endpoint.hpp"
#include "sdk/core/random.hpp"
#include "sdk/core/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <variant>
#include <vector>

namespace leasehold::core {

/// Works in rounds: resolve all hosts, shuffle the addresses, try each once,
/// the one tried last in the round before at the end. At most one attempt is
/// in flight. After a failure it waits uniformly from 0 to a bound that doubles from backoff_min to
/// backoff_max ("full jitter") and is reset by an attach; after the loss of an attached connection
/// it waits from 0 to backoff_min. In any one second it starts at most max_connects_per_second.
///
/// Events that do not fit the state are ignored, so a late answer of the shell does no harm.
class Dialer {
public:
    /// Nothing to do until the next event: resolving, connecting or attached.
    struct Idle {};
    /// Ask again at this time.
    struct Wait {
        Instant until;
    };
    using Step = std::variant<Idle, Wait, Resolve, Connect>;

    /// Addresses kept of one resolution; DNS may answer with any number.
    static constexpr std::size_t max_addresses = 1000;
    Dialer(const Settings& settings, Random random);

    /// What to do now. A Resolve or Connect is given once: carry it out and report its end.
    [[nodiscard]] Step next(Instant now);

    /// The end of a Resolve; empty if it failed.
    void on_resolved(Instant now, std::vector<Endpoint> endpoints);
    /// The attempt ended before the session was attached, for whatever reason.
    void on_failed(Instant now);
    void on_attached(Instant now);
    /// The attached connection ended, by the server, the network or ourselves.
    void on_lost(Instant now);
    /// A further connection to the endpoint in hand, which follows a version probe: when it may be
    /// started. It counts as started if that is `now` or before; else ask again then.
    [[nodiscard]] Instant follow_up(Instant now);

    /// Connection attempts started so far.
    [[nodiscard]] std::uint64_t attempts() const { return x_attempts; }

private:
    enum class State { idle, resolving, connecting, attached };

    void back_off(Instant now);
    [[nodiscard]] Duration up_to(Duration bound);
    [[nodiscard]] Instant rate_allows_at() const;
    void record_attempt(Instant now);

    Duration x_backoff_min;
    Duration x_backoff_max;
    std::size_t x_rate;  ///< attempts in any one second
    Random x_random;

    State x_state = State::idle;
    Endpoint x_last;                ///< the last address tried
    std::vector<Endpoint> x_round;  ///< addresses still to be tried in this round, last one first
    Duration x_bound;               ///< of the next back-off
    Instant x_not_before = Instant::min();
    std::deque<Instant> x_recent;  ///< starts of the newest attempts, at most x_rate
    std::uint64_t x_attempts = 0;
};

}  // namespace leasehold::core
