// One standalone ZooKeeper server in memory: bytes in, bytes out, time passed in. It answers as
// real servers were seen to, and misbehaves on request.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/core/settings.hpp"
#include "sdk/wire/connect.hpp"
#include "sdk/wire/frame.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/multi.hpp"
#include "tests/support/fake_tree.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::support {

/// What becomes of a request.
enum class Fate {
    serve,
    close_before,    ///< not executed, and the connection is closed
    close_unheard,   ///< executed, but the connection is closed before the reply
    close_after,     ///< executed and answered, then the connection is closed
    freeze_before,   ///< not executed, and nothing more comes on this connection
    freeze_unheard,  ///< executed, and nothing more comes on this connection, not even the reply
};

struct FakeOptions {
    Duration tick = std::chrono::milliseconds{200};
    Duration min_timeout = std::chrono::milliseconds{400};
    Duration max_timeout = std::chrono::seconds{60};
    core::ServerVersion version{3, 8, 0};
    bool answers_srvr = true;
    bool is_read_only = false;
    bool answers_close = true;  ///< 3.4.8 with Netty does not: only the end of the stream comes
    std::int64_t first_zxid = 0x1'0000'0000;
    /// Whoever knows it has authenticated, by a mechanism of two rounds; empty: there is no SASL.
    std::string sasl_word{};
    bool requires_sasl = false;  ///< of every request
};

/// One request as it arrived.
struct Seen {
    Instant at;
    ConnectionId connection;
    std::int64_t session;
    std::int32_t xid;
    wire::Opcode op;  ///< create_session stands for the connect request
    std::string path;
};

class FakeZooKeeper {
public:
    explicit FakeZooKeeper(FakeOptions given = {});

    // ---- the network's side ----

    [[nodiscard]] ConnectionId accept(Instant now);
    void receive(Instant now, ConnectionId id, std::string_view bytes);
    /// The client's end of the connection is closed.
    void hang_up(ConnectionId id);
    struct Output {
        std::vector<std::string> frames;
        bool is_closed = false;  ///< behind the frames
    };
    [[nodiscard]] Output take_output(ConnectionId id);
    /// Expires sessions.
    void on_time(Instant now);
    [[nodiscard]] Instant next_wakeup() const;
    [[nodiscard]] std::vector<ConnectionId> connections() const;

    // ---- the script's side ----

    FakeOptions options;
    /// The `nth` request with this operation from now on; one entry is used up by it.
    void next(wire::Opcode op, Fate fate, int nth = 1);
    /// The next `times` requests with this operation fail so, and are not executed.
    void fail_next(wire::Opcode op, wire::ServerError err, int times = 1);
    /// Asked for each request that no next() concerns.
    std::function<Fate(wire::Opcode)> choose_fate;
    /// May change each outgoing frame (length included), e.g. to lie.
    std::function<void(wire::Opcode, std::string&)> tamper;
    void expire(Instant now, std::int64_t session);
    /// As if another client did it.
    void remove(Instant now, const std::string& path);
    void write(Instant now, const std::string& path, std::string data);
    /// Returns the path that was made.
    std::string make(Instant now, std::string path,
                     wire::CreateMode mode = wire::CreateMode::persistent, std::string data = {},
                     std::int64_t session = 0);

    // ---- the observer's side ----

    [[nodiscard]] FakeTree& tree() { return x_tree; }
    [[nodiscard]] const FakeWatches& watches() const { return x_watches; }
    [[nodiscard]] std::size_t sessions() const { return x_sessions.size(); }
    /// The session that was attached through this connection, which may be closed by now.
    [[nodiscard]] std::int64_t session_of(ConnectionId id) const;
    /// When the session will be expired; nothing if there is none.
    [[nodiscard]] std::optional<Instant> expiry_of(std::int64_t session) const;
    [[nodiscard]] std::int64_t zxid() const { return x_zxid; }
    [[nodiscard]] const std::vector<Seen>& seen() const { return x_seen; }
    [[nodiscard]] std::vector<Seen> seen(wire::Opcode op) const;
    void forget_seen() { x_seen.clear(); }
    /// Credentials as they arrived, in order: "digest user:password".
    [[nodiscard]] const std::vector<std::string>& credentials() const { return x_credentials; }

private:
    struct Connection {
        wire::FrameSplitter splitter;
        std::string first_bytes;  ///< until it is clear whether they are a four-letter word
        bool is_decided = false;
        bool is_greeted = false;
        bool is_frozen = false;
        bool is_proven = false;  ///< by SASL
        std::int64_t session = 0;
        Duration timeout{};
        Output output;
    };
    struct Session {
        std::string password;
        Duration timeout{};
        Instant expiry;
        ConnectionId connection = 0;
    };
    struct Made {
        wire::ServerError err;
        wire::MultiResult result;
    };

    void greet(Instant now, ConnectionId id, Connection& connection, std::string_view frame);
    void serve(Instant now, ConnectionId id, Connection& connection, std::string_view frame);
    void execute(Instant now, ConnectionId id, Connection& connection,
                 const wire::RequestView& request);
    [[nodiscard]] Made apply(std::int64_t session, const wire::MultiOpBody& op);
    template <class Request>
    void write_one(Connection& connection, const wire::RequestView& request);
    void read(ConnectionId id, Connection& connection, const wire::RequestView& request);
    void multi(Connection& connection, const wire::RequestView& request);
    void authenticate(Connection& connection, const wire::RequestView& request);
    void talk_sasl(Connection& connection, const wire::RequestView& request);
    void set_watches(ConnectionId id, Connection& connection, const wire::RequestView& request);
    void remove_watches(ConnectionId id, Connection& connection, const wire::RequestView& request);
    void refuse_unknown(Connection& connection, const wire::RequestView& request);
    void end_session(std::int64_t session);
    void close(ConnectionId id);
    void tell_changes();
    void tell(ConnectionId id, const wire::WatcherEvent& event);
    void touch(Instant now, const Connection& connection);
    [[nodiscard]] Fate fate_of(wire::Opcode op);
    [[nodiscard]] bool knows(wire::Opcode op) const;
    template <class... Body>
    void reply(Connection& connection, const wire::RequestView& request, wire::ServerError err,
               const Body&... body);
    void send(Connection& connection, wire::Opcode op, std::string frame);

    FakeTree x_tree;
    FakeWatches x_watches;
    std::map<ConnectionId, Connection> x_connections;
    std::map<std::int64_t, Session> x_sessions;
    std::map<ConnectionId, std::int64_t> x_attached;  ///< all there ever were
    ConnectionId x_next_connection = 1;
    std::int64_t x_next_session = 0x1000'0000'0000'0001;
    std::int64_t x_zxid;
    std::vector<Seen> x_seen;
    std::vector<std::string> x_credentials;
    struct Rule {
        wire::Opcode op;
        Fate fate;
        int left;
    };
    std::vector<Rule> x_rules;
    std::vector<std::pair<wire::Opcode, wire::ServerError>> x_failures;
};

}  // namespace leasehold::support
