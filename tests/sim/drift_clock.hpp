// A client's boot clock in a simulated world: steady, but at a rate of its own.
#pragma once

#include <leasehold/clock.hpp>

#include <cstdint>

namespace leasehold::sim {

/// Reads `epoch_reading` at `epoch` and runs `drift_ppm` parts per million fast (or slow) from
/// there. True time is that of the servers, so the drift is the relative rate that A1 bounds.
class DriftClock {
public:
    DriftClock(Instant epoch, Instant epoch_reading, std::int64_t drift_ppm)
        : x_epoch(epoch), x_epoch_reading(epoch_reading), x_drift_ppm(drift_ppm) {}

    [[nodiscard]] Instant read(Instant truth) const {
        const std::int64_t elapsed = (truth - x_epoch).count();
        return x_epoch_reading + Duration{elapsed + elapsed * x_drift_ppm / million};
    }

    /// The first instant at which the clock shows `reading` or more; never before the epoch.
    [[nodiscard]] Instant truth_of(Instant reading) const {
        if (reading >= Instant::max() - horizon) {
            return Instant::max();
        }
        if (reading <= x_epoch_reading) {
            return x_epoch;
        }
        const std::int64_t shown = (reading - x_epoch_reading).count();
        const std::int64_t gain = shown * x_drift_ppm / (million + x_drift_ppm);
        Instant truth = x_epoch + Duration{shown - gain};
        // The divisions round; walk the rest.
        while (read(truth) >= reading) {
            truth -= grain;
        }
        while (read(truth) < reading) {
            truth += Duration{1};
        }
        return truth;
    }

private:
    static constexpr std::int64_t million = 1'000'000;
    static constexpr Duration grain{2};
    static constexpr Duration horizon = std::chrono::hours{24 * 365};

    Instant x_epoch;
    Instant x_epoch_reading;
    std::int64_t x_drift_ppm;
};

}  // namespace leasehold::sim
