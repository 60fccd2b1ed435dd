// A client of the model that the tests of sdk/server drive: requests in, replies out, no waiting.
#pragma once

#include "sdk/server/ensemble.hpp"
#include "sdk/wire/auth.hpp"
#include "sdk/wire/connect.hpp"
#include "sdk/wire/frame.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/session.hpp"
#include "sdk/wire/watch.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::server {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::CreateMode;
using wire::Opcode;
using wire::ServerError;

struct Reply {
    wire::ReplyHeader header;
    std::string body;

    template <class Body>
    [[nodiscard]] Body as() const {
        return wire::decode<Body>(body).value();
    }
};

/// The ensemble and its clock. Time passes only in run_until.
class Bench {
public:
    explicit Bench(EnsembleOptions options = {}) : ensemble(std::move(options)) {
        ensemble.on_time(now);
    }

    void run_until(Instant end);
    void run_for(Duration span) { run_until(now + span); }
    /// Whatever takes no time.
    void settle() { run_for(Duration{}); }

    Instant now{seconds{100}};
    Ensemble ensemble;
};

class Client {
public:
    explicit Client(Bench& bench, ServerId server = 0) : x_bench(bench), x_server(server) {}

    /// A new session, or the one there was.
    void connect(std::int32_t timeout_ms = 10'000);
    void connect_to(ServerId server, std::int32_t timeout_ms = 10'000);
    void send_connect(std::int32_t timeout_ms = 10'000);
    void hang_up();

    template <class Body>
    std::int32_t send(const Body& body) {
        return send(Body::op, body);
    }
    template <class Body>
    std::int32_t send(Opcode op, const Body& body) {
        send_bytes(wire::encode_request(++x_xid, op, body));
        return x_xid;
    }
    void ping();
    void send_bytes(std::string_view bytes);

    /// Sends, and takes the reply that takes no time. Events that come before it are kept.
    template <class Body>
    Reply ask(const Body& body) {
        return ask(Body::op, body);
    }
    template <class Body>
    Reply ask(Opcode op, const Body& body) {
        send(op, body);
        return next_reply().value_or(Reply{{0, 0, ServerError::connection_loss}, {}});
    }
    template <class Body>
    ServerError error_of(const Body& body) {
        return ask(body).header.err;
    }

    ServerError create(const std::string& path, CreateMode mode = CreateMode::persistent);
    [[nodiscard]] std::string created(const std::string& path, CreateMode mode);
    std::optional<wire::Stat> stat(const std::string& path, bool watch = false);

    /// Reads what has come.
    void pull();
    std::optional<Reply> next_reply();
    /// Of a ping.
    bool take_pong();
    std::vector<wire::WatcherEvent> take_events();
    std::vector<std::int64_t> take_event_zxids();
    [[nodiscard]] bool is_closed();

    ConnectionId id = 0;
    std::int64_t session = 0;
    std::string password = std::string(wire::password_size, '\0');
    std::int64_t last_zxid = 0;
    std::optional<wire::ConnectResponse> welcome;
    std::string raw;  ///< bytes that are no frames, such as a four-letter answer

private:
    void take_frame(std::string_view frame);

    Bench& x_bench;
    ServerId x_server;
    std::int32_t x_xid = 0;
    bool x_is_open = false;
    bool x_awaits_welcome = false;
    std::unique_ptr<wire::FrameSplitter> x_input;
    std::deque<Reply> x_replies;
    std::deque<Reply> x_events;
    std::size_t x_pongs = 0;
};

[[nodiscard]] wire::CreateRequest create_request(std::string path,
                                                 CreateMode mode = CreateMode::persistent,
                                                 std::string data = "d");
[[nodiscard]] std::vector<wire::Acl> anyone(std::int32_t perms = wire::perms::all);

}  // namespace leasehold::server
