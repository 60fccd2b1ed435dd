// The figures of the service and of its client, as Prometheus reads them.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/state.hpp>

#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <string>
#include <string_view>

namespace order_service {

/// Thread safety: may be used from any number of threads.
class Metrics {
public:
    Metrics();

    void answered(std::string_view route, unsigned status);
    /// How a payment ended: "paid", or the code of its refusal.
    void ended(const std::string& outcome);
    void waited(leasehold::Duration duration) { x_wait.Observe(seconds(duration)); }
    void held(leasehold::Duration duration) { x_hold.Observe(seconds(duration)); }
    void charged(leasehold::Duration duration) { x_gateway.Observe(seconds(duration)); }

    /// In Prometheus' text format.
    [[nodiscard]] std::string text(const leasehold::ClientStats& stats) const;

private:
    static double seconds(leasehold::Duration duration);

    prometheus::Registry x_registry;
    prometheus::Family<prometheus::Counter>& x_requests;
    prometheus::Family<prometheus::Counter>& x_payments;
    prometheus::Histogram& x_wait;
    prometheus::Histogram& x_hold;
    prometheus::Histogram& x_gateway;
};

}  // namespace order_service
