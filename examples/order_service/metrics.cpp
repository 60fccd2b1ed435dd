#include "metrics.hpp"

#include <chrono>
#include <prometheus/counter.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <vector>

namespace order_service {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

const prometheus::Histogram::BucketBoundaries buckets{0.001, 0.003, 0.01, 0.03, 0.1,
                                                      0.3,   1,     2,    5,    10};

prometheus::Histogram& histogram(prometheus::Registry& registry, const char* name,
                                 const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
}

class Families {
public:
    void add(MetricType type, const char* name, const char* help, double value) {
        prometheus::ClientMetric metric;
        metric.counter.value = value;
        metric.gauge.value = value;
        MetricFamily family;
        family.name = std::string("leasehold_") + name;
        family.help = help;
        family.type = type;
        family.metric.push_back(std::move(metric));
        x_all.push_back(std::move(family));
    }
    template <class T>
    void count(const char* name, const char* help, T value) {
        add(MetricType::Counter, name, help, static_cast<double>(value));
    }
    template <class T>
    void gauge(const char* name, const char* help, T value) {
        add(MetricType::Gauge, name, help, static_cast<double>(value));
    }
    std::vector<MetricFamily>& all() { return x_all; }

private:
    std::vector<MetricFamily> x_all;
};

double to_seconds(leasehold::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

Families families_of(const leasehold::ClientStats& stats) {
    Families out;
    const bool is_connected = stats.state == leasehold::ClientState::connected;
    out.gauge("connected", "1: the session has fresh evidence", is_connected ? 1 : 0);
    out.gauge("locks_held", "locks held", stats.locks_held);
    out.gauge("locks_waiting", "acquisitions that wait", stats.locks_waiting);
    out.gauge("pending_requests", "requests not yet answered", stats.pending_requests);
    out.gauge("watches", "watches armed", stats.watches);
    out.gauge("nodes_to_delete", "nodes whose deletion is not confirmed", stats.nodes_to_delete);
    out.gauge("evidence_age_seconds", "since the newest evidence was sent",
              to_seconds(stats.evidence_age));
    out.gauge("lease_in_hand_seconds", "until the safe deadline", to_seconds(stats.lease_in_hand));
    out.count("sessions_total", "sessions opened", stats.sessions);
    out.count("connects_total", "connection attempts", stats.connects);
    out.count("reconnects_total", "re-attachments of a session", stats.reconnects);
    out.count("requests_total", "requests written, pings excluded", stats.requests);
    out.count("bytes_sent_total", "bytes sent", stats.bytes_sent);
    out.count("bytes_received_total", "bytes received", stats.bytes_received);
    out.count("grants_total", "locks granted", stats.grants);
    out.count("local_grants_total", "of these, inside this process", stats.local_grants);
    out.count("refusals_total", "acquisitions without the lock", stats.refusals);
    out.count("overruns_total", "leases that ran into their budget", stats.overruns);
    out.count("losses_total", "leases lost", stats.losses);
    return out;
}

}  // namespace

Metrics::Metrics()
    : x_requests(prometheus::BuildCounter()
                     .Name("order_service_http_requests_total")
                     .Help("HTTP requests answered")
                     .Register(x_registry)),
      x_payments(prometheus::BuildCounter()
                     .Name("order_service_payments_total")
                     .Help("payments by how they ended")
                     .Register(x_registry)),
      x_wait(histogram(x_registry, "order_service_lock_wait_seconds", "from asking to the grant")),
      x_hold(histogram(x_registry, "order_service_lock_hold_seconds",
                       "from the grant to the release")),
      x_gateway(
          histogram(x_registry, "order_service_gateway_seconds", "a charge, however it ended")) {}

double Metrics::seconds(leasehold::Duration duration) {
    return to_seconds(duration);
}

void Metrics::answered(std::string_view route, unsigned status) {
    x_requests.Add({{"route", std::string(route)}, {"status", std::to_string(status)}}).Increment();
}

void Metrics::ended(const std::string& outcome) {
    x_payments.Add({{"outcome", outcome}}).Increment();
}

std::string Metrics::text(const leasehold::ClientStats& stats) const {
    Families families = families_of(stats);
    for (MetricFamily& each : x_registry.Collect()) {
        families.all().push_back(std::move(each));
    }
    return prometheus::TextSerializer().Serialize(families.all());
}

}  // namespace order_service
