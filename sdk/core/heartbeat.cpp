#include "sdk/core/heartbeat.hpp"

#include "sdk/core/path.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/record.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <variant>

namespace leasehold::core {

void Heartbeat::send(Instant now) {
    std::vector<std::string> nodes = nodes_in_turn();
    wire::MultiRequest request;
    request.ops.reserve(nodes.size());
    for (const std::string& node : nodes) {
        request.ops.push_back({.body = wire::CheckRequest{.path = node}});
    }
    x_is_under_way = true;
    x_session.send(
        now, request,
        [this, sent = now, checked = std::move(nodes)](Instant when, const Response& response) {
            on_answer(when, sent, checked, response);
        });
}

/// Those of the leases behind the last one that was checked, as many as fit; from the first one on
/// when all were had.
std::vector<std::string> Heartbeat::nodes_in_turn() {
    std::vector<std::string> nodes;
    std::size_t bytes = 0;
    const std::vector<OperationId> leases = x_leases.ids();
    auto next = std::upper_bound(leases.begin(), leases.end(), x_last_checked);
    for (; next != leases.end() && bytes < max_bytes; ++next) {
        if (const Lease* lease = x_leases.live_lease(*next)) {
            for (const std::string& node : lease->nodes) {
                nodes.push_back(node);
                bytes += node.size();
            }
        }
    }
    x_last_checked = next == leases.end() ? 0 : *std::prev(next);
    return nodes;
}

void Heartbeat::on_answer(Instant now, Instant sent, const std::vector<std::string>& nodes,
                          const Response& response) {
    x_is_under_way = false;
    if (!response.failure && x_session.evidence().last_commit() < sent) {
        x_not_before = x_session.evidence().next_ping();
    }
    if (response.ok()) {
        report_missing(now, nodes, response);
    }
}

/// A multi that failed says at which check. A node that is not there was deleted by somebody else:
/// our own deletes are of leases that have ended.
void Heartbeat::report_missing(Instant now, const std::vector<std::string>& nodes,
                               const Response& response) {
    const auto reply = wire::decode<wire::MultiReply>(response.body);
    if (!reply || reply.value().results.size() != nodes.size()) {
        return;
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto* error = std::get_if<wire::MultiError>(&reply.value().results[i].body);
        if (error != nullptr && error->err == wire::ServerError::no_node) {
            const auto [parent, name] = split_path(nodes[i]);
            return x_lanes.on_node_deleted(now, parent, name);
        }
    }
}

}  // namespace leasehold::core
