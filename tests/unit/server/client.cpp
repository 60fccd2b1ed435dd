#include "tests/unit/server/client.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::server {

void Bench::run_until(Instant end) {
    for (Instant next = ensemble.next_wakeup(); next <= end; next = ensemble.next_wakeup()) {
        now = std::max(now, next);
        ensemble.on_time(now);
    }
    now = end;
}

void Client::connect(std::int32_t timeout_ms) {
    send_connect(timeout_ms);
    x_bench.settle();
    pull();
}

void Client::connect_to(ServerId server, std::int32_t timeout_ms) {
    x_server = server;
    connect(timeout_ms);
}

void Client::send_connect(std::int32_t timeout_ms) {
    id = x_bench.ensemble.accept(x_bench.now, x_server).value_or(0);
    x_is_open = id != 0;
    x_awaits_welcome = true;
    welcome.reset();
    x_input = std::make_unique<wire::FrameSplitter>();
    x_replies.clear();
    send_bytes(wire::encode_frame(wire::ConnectRequest{.last_zxid_seen = last_zxid,
                                                       .timeout_ms = timeout_ms,
                                                       .session_id = session,
                                                       .password = password}));
}

void Client::hang_up() {
    x_bench.ensemble.hang_up(x_bench.now, id);
    x_is_open = false;
}

void Client::ping() {
    send_bytes(wire::encode_request(wire::ping_xid, wire::PingRequest{}));
}

void Client::send_bytes(std::string_view bytes) {
    x_bench.ensemble.receive(x_bench.now, id, bytes);
}

void Client::pull() {
    const Ensemble::Output output = x_bench.ensemble.take_output(id);
    raw += output.bytes;
    if (x_input != nullptr) {
        x_input->feed(output.bytes);
        for (;;) {
            const auto frame = x_input->next();
            if (!frame || !frame.value()) {
                break;
            }
            take_frame(*frame.value());
        }
    }
    x_is_open = x_is_open && !output.is_closed;
}

void Client::take_frame(std::string_view frame) {
    if (x_awaits_welcome) {
        x_awaits_welcome = false;
        const auto response = wire::decode<wire::ConnectResponse>(frame);
        if (response) {
            welcome = response.value();
        }
        if (welcome && welcome->session_id != 0) {
            session = welcome->session_id;
            password = welcome->password;
        }
        return;
    }
    const wire::ReplyView view = wire::split_reply(frame).value();
    Reply reply{view.header, std::string(view.body)};
    if (view.header.xid == wire::notification_xid) {
        x_events.push_back(std::move(reply));
        return;
    }
    if (view.header.zxid > 0) {
        last_zxid = std::max(last_zxid, view.header.zxid);
    }
    if (view.header.xid == wire::ping_xid) {
        ++x_pongs;
    } else {
        x_replies.push_back(std::move(reply));
    }
}

std::optional<Reply> Client::next_reply() {
    x_bench.settle();
    pull();
    if (x_replies.empty()) {
        return std::nullopt;
    }
    Reply reply = std::move(x_replies.front());
    x_replies.pop_front();
    return reply;
}

bool Client::take_pong() {
    x_bench.settle();
    pull();
    return std::exchange(x_pongs, 0) != 0;
}

std::vector<wire::WatcherEvent> Client::take_events() {
    x_bench.settle();
    pull();
    std::vector<wire::WatcherEvent> events;
    for (const Reply& each : std::exchange(x_events, {})) {
        events.push_back(each.as<wire::WatcherEvent>());
    }
    return events;
}

std::vector<std::int64_t> Client::take_event_zxids() {
    x_bench.settle();
    pull();
    std::vector<std::int64_t> zxids;
    for (const Reply& each : std::exchange(x_events, {})) {
        zxids.push_back(each.header.zxid);
    }
    return zxids;
}

bool Client::is_closed() {
    x_bench.settle();
    pull();
    return !x_is_open;
}

ServerError Client::create(const std::string& path, CreateMode mode) {
    return error_of(create_request(path, mode));
}

std::string Client::created(const std::string& path, CreateMode mode) {
    const Reply reply = ask(create_request(path, mode));
    return reply.header.err == ServerError::ok ? reply.as<wire::CreateReply>().path : "";
}

std::optional<wire::Stat> Client::stat(const std::string& path, bool watch) {
    const Reply reply = ask(wire::ExistsRequest{path, watch});
    if (reply.header.err != ServerError::ok) {
        return std::nullopt;
    }
    return reply.as<wire::ExistsReply>().stat;
}

wire::CreateRequest create_request(std::string path, CreateMode mode, std::string data) {
    return {std::move(path), std::move(data), anyone(), mode};
}

std::vector<wire::Acl> anyone(std::int32_t perms) {
    return {wire::Acl{perms, "world", "anyone"}};
}

}  // namespace leasehold::server
