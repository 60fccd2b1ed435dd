// When the command has to go: pure arithmetic over the end of the budget, the safe deadline and the
// grace, so that nothing of ours runs after the ensemble may have given the lock to somebody else.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/options.hpp>

#include <chrono>

namespace leasehold::cli {

/// SIGKILL goes out this long before the safe deadline: time to deliver it and to reap.
inline constexpr std::chrono::milliseconds kill_margin{100};

/// Why the command has to go.
enum class Cause {
    budget,  ///< the budget is used up
    lease,   ///< the lock is lost, or the safe deadline is as near as the grace
};

struct KillPlan {
    Instant term_at;  ///< SIGTERM
    Instant kill_at;  ///< SIGKILL, if it is still there
    Cause cause;

    friend bool operator==(const KillPlan&, const KillPlan&) = default;
};

/// The plan as long as nothing was sent. `lead` is how long before the safe deadline SIGTERM goes
/// out at the latest: the grace, as far as it fits into the lease (`lead_of`).
[[nodiscard]] KillPlan plan_kill(Instant budget_end, Instant safe_deadline, Duration grace,
                                 Duration lead);

/// When SIGKILL follows a SIGTERM that was sent at `terminated_at`. To be asked again as the safe
/// deadline moves.
[[nodiscard]] Instant kill_time(Instant terminated_at, Instant safe_deadline, Duration grace);

/// How far ahead the safe deadline lies right after each acknowledgement: (1-rho)T - Delta - eps.
[[nodiscard]] Duration lease_span(const ClientOptions& options, Duration session_timeout);

/// The grace, but at most three quarters of the span: a longer one could not even be kept in front
/// of a safe deadline that moves as it should, and would end the command before its time.
[[nodiscard]] Duration lead_of(Duration grace, Duration span);

}  // namespace leasehold::cli
