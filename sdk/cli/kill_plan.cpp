#include "sdk/cli/kill_plan.hpp"

#include <algorithm>

namespace leasehold::cli {

KillPlan plan_kill(Instant budget_end, Instant safe_deadline, Duration grace, Duration lead) {
    const Instant lease_end = safe_deadline - std::max<Duration>(lead, kill_margin);
    const Instant term_at = std::min(budget_end, lease_end);
    return {.term_at = term_at,
            .kill_at = kill_time(term_at, safe_deadline, grace),
            .cause = budget_end <= lease_end ? Cause::budget : Cause::lease};
}

Instant kill_time(Instant terminated_at, Instant safe_deadline, Duration grace) {
    return std::min(terminated_at + grace, safe_deadline - kill_margin);
}

Duration lease_span(const ClientOptions& options, Duration session_timeout) {
    const Duration gap = options.ack_gap == milliseconds{0}
                             ? std::min<Duration>(std::chrono::seconds{2}, options.tick)
                             : Duration{options.ack_gap};
    const Duration delta = options.standalone
                               ? Duration::zero()
                               : Duration{options.tick} * (options.sync_limit + 2) + gap;
    const auto drift = std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::nano>(session_timeout) * options.clock_drift);
    return std::max(session_timeout - drift - delta - options.margin, Duration::zero());
}

Duration lead_of(Duration grace, Duration span) {
    return std::min(grace, span / 4 * 3);
}

}  // namespace leasehold::cli
