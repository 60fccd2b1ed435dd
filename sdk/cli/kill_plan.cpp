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
    const Duration tick{options.tick};
    // What evidence is old, or worth less, when it comes: Delta, or what a proof takes that nobody
    // waits for (1.5 ticks, four beats of a quarter and an eighth; see core::proof_age).
    const Duration deducted = options.standalone ? Duration::zero()
                              : options.lease_evidence == LeaseEvidence::quorum
                                  ? tick / 8 * 21 + gap
                                  : tick * (options.sync_limit + 2) + gap;
    const auto drift = std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::nano>(session_timeout) * options.clock_drift);
    return std::max(session_timeout - drift - deducted - options.margin, Duration::zero());
}

Duration lead_of(Duration grace, Duration span) {
    return std::min(grace, span / 4 * 3);
}

}  // namespace leasehold::cli
