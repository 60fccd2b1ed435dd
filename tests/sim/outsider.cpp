#include "tests/sim/outsider.hpp"

#include "sdk/core/record_marks.hpp"
#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/session.hpp"

#include <utility>

namespace leasehold::sim {

namespace {

constexpr std::int32_t request_xid = 1;
constexpr std::int32_t close_xid = 2;

}  // namespace

void Outsider::ask_for(const std::string& node) {
    x_world.strike(Fault::foreign_write);
    x_world.note([&] { return "somebody asks for " + node; });
    const std::string data(core::curator_revocation);
    begin(wire::encode_request(request_xid, wire::SetDataRequest{.path = node, .data = data}));
}

void Outsider::remove(const std::string& node) {
    x_world.strike(Fault::foreign_delete);
    x_world.note([&] { return "somebody deletes " + node; });
    begin(wire::encode_request(request_xid, wire::RemoveRequest{.path = node}));
}

void Outsider::begin(std::string request) {
    const server::ServerId server = x_world.random.below(x_world.ensemble.size());
    const auto id = x_world.ensemble.accept(x_world.now, server);
    if (!id) {
        return;
    }
    x_deeds[*id] = {std::move(request)};
    wire::ConnectRequest connect;
    connect.timeout_ms =
        static_cast<std::int32_t>(2 * x_world.plan.tick() / std::chrono::milliseconds{1});
    connect.password = std::string(wire::password_size, '\0');
    x_world.ensemble.receive(x_world.now, *id, wire::encode_frame(connect));
}

void Outsider::on_output(server::ConnectionId id, const server::Ensemble::Output& output) {
    const auto deed = x_deeds.find(id);
    if (deed == x_deeds.end()) {
        return;
    }
    if (!std::exchange(deed->second.is_open, true)) {
        x_world.ensemble.receive(x_world.now, id, deed->second.request);
        x_world.ensemble.receive(x_world.now, id,
                                 wire::encode_request(close_xid, wire::CloseSessionRequest{}));
    }
    if (output.is_closed) {
        x_deeds.erase(deed);
    }
}

}  // namespace leasehold::sim
