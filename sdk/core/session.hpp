// One ZooKeeper session over whatever connections it takes: connecting and re-attaching, request
// numbers, replies in order, pings, and the evidence that the session is alive.
#pragma once

#include <leasehold/state.hpp>

#include "sdk/core/dialer.hpp"
#include "sdk/core/effect.hpp"
#include "sdk/core/evidence.hpp"
#include "sdk/core/random.hpp"
#include "sdk/core/sasl_exchange.hpp"
#include "sdk/core/secret.hpp"
#include "sdk/core/server_probe.hpp"
#include "sdk/core/settings.hpp"
#include "sdk/core/unique_function.hpp"
#include "sdk/wire/connect.hpp"
#include "sdk/wire/frame.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/watch.hpp"

#include <boost/circular_buffer.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::core {

/// How a written request ended.
struct Response {
    std::error_code failure{};  ///< no reply came, or none that could be read
    wire::ServerError err = wire::ServerError::ok;
    std::int64_t zxid = 0;
    std::string_view body{};  ///< lives as long as the call

    [[nodiscard]] bool ok() const { return !failure && err == wire::ServerError::ok; }
};
using ResponseHandler = UniqueFunction<void(Instant now, const Response&)>;

/// What a session tells the engine. Calls come from within the session's own functions.
class SessionListener {
public:
    virtual ~SessionListener() = default;

    /// Requests can be written. Comes after the credentials were written.
    virtual void on_attached(Instant now, bool is_new_session) = 0;
    /// The connection is gone, and every outstanding request was answered as lost.
    virtual void on_detached(Instant now) = 0;
    /// The session is gone for good, and with it everything it held.
    virtual void on_expired(Instant now) = 0;
    /// We gave the session up, because servers refuse our SASL credentials: what it held stays
    /// until it expires.
    virtual void on_abandoned(Instant now, const Error& why) = 0;
    virtual void on_watch_event(Instant now, const wire::WatcherEvent& event) = 0;
    /// The safe deadline may have moved, or the state may have changed.
    virtual void on_evidence(Instant now) = 0;
    /// Whether something waits for the safe deadline to move, and for nothing else.
    [[nodiscard]] virtual bool awaits_evidence() const = 0;
    /// The server refuses our credentials, or wants some.
    virtual void on_auth_failed(Instant now, const Error& why) = 0;
};

/// The number behind `xid`: from 1 on again behind the last, never one of the reserved ones.
[[nodiscard]] std::int32_t xid_after(std::int32_t xid);

class Session {
public:
    Session(const Settings& settings, Random& random, SessionListener& listener,
            std::vector<Effect>& effects);

    void start(Instant now);
    void on_time(Instant now);
    void on_resolved(Instant now, std::vector<Endpoint> endpoints);
    void on_connected(Instant now);
    /// The answer to SaslBegin and SaslContinue; a late one is ignored.
    void on_sasl(Instant now, result<SaslMove> move);
    void on_bytes(Instant now, std::string_view bytes);
    /// `code` is errc::no_server unless the shell knows better.
    void on_disconnected(Instant now, std::string_view why, errc code = errc::no_server);

    /// Appends one request; the handler is called exactly once. Only while attached.
    template <class Body>
    void send(Instant now, const Body& body, ResponseHandler handler) {
        send(now, Body::op, body, std::move(handler));
    }
    template <class Body>
    void send(Instant now, wire::Opcode op, const Body& body, ResponseHandler handler) {
        append(next_xid(), op, body);
        remember(now, op, std::move(handler));
    }

    /// Whether locks are held or wanted: what Evidence::on_need() is told.
    void need_evidence(Instant now, bool is_needed);
    /// When something has to be written so that the safe deadline moves; max() if nothing has to.
    [[nodiscard]] Instant next_heartbeat() const;
    void add_auth(Credential credential);
    [[nodiscard]] bool has_credentials() const { return !x_credentials.empty(); }
    /// Closes the session and tells the shell Closed, at the latest at `deadline`.
    void close(Instant now, Instant deadline);
    /// Closes this session and opens another one.
    void renew(Instant now);

    [[nodiscard]] bool is_attached() const {
        return x_stage == Stage::open && x_purpose == Purpose::attach;
    }
    [[nodiscard]] bool is_stopped() const { return x_stage == Stage::stopped; }
    [[nodiscard]] bool is_closing() const { return x_close_by.has_value(); }
    /// renew() was written: the session may end at any instant, whatever its safe deadline says.
    [[nodiscard]] bool is_renewing() const { return x_is_renewing; }
    /// After the close: the server confirmed it, and the session with all its nodes is gone.
    [[nodiscard]] bool was_closed_cleanly() const { return x_was_closed_cleanly; }
    [[nodiscard]] std::int64_t id() const { return x_id; }
    [[nodiscard]] std::int64_t last_zxid() const { return x_last_zxid; }
    /// 3.4 unless something better is known.
    [[nodiscard]] ServerVersion server_version() const { return x_version; }
    [[nodiscard]] const Evidence& evidence() const { return x_evidence; }
    [[nodiscard]] ClientState state() const;
    [[nodiscard]] Instant next_wakeup() const;
    [[nodiscard]] std::string& outbound() { return x_outbound; }
    [[nodiscard]] std::size_t outstanding() const { return x_outstanding.size(); }
    /// Why the last connection attempt failed, for a person.
    [[nodiscard]] const std::string& last_trouble() const { return x_trouble; }
    /// no_server, or protocol_error, tls_failed, auth_failed, not_permitted if that is why.
    [[nodiscard]] errc trouble_code() const { return x_trouble_code; }
    void fill(ClientStats& stats, Instant now) const;

private:
    /// With SASL there is `preparing` before the greeting, until the mechanism can begin, and
    /// `authenticating` behind it.
    enum class Stage {
        idle,
        resolving,
        connecting,
        preparing,
        greeting,
        authenticating,
        open,
        stopped
    };
    enum class Purpose { probe, trial, attach };
    struct Outstanding {
        std::int32_t xid;
        wire::Opcode op;
        Instant sent;
        ResponseHandler handler;
    };

    void dial(Instant now);
    void connect(Instant now, Endpoint endpoint);
    void open_transport(Instant now, Purpose purpose);
    void greet(Instant now);
    void leave_probe(Instant now);
    void follow_up(Instant now, Purpose purpose);
    void try_container(Instant now);
    void leave_trial(Instant now);

    void on_connect_answer(Instant now, std::string_view frame);
    void adopt(Instant now, const wire::ConnectResponse& response);
    void attach(Instant now);
    void open(Instant now);
    void expire(Instant now, std::string_view why);
    void forget_session(std::string event, std::string_view why);
    void on_frame(Instant now, std::string_view frame);
    void authenticate();
    void on_sasl_frame(Instant now, std::string_view frame);
    void take_sasl_step(Instant now, SaslExchange::Step step);
    void write_sasl(const Secret& token);
    void fail_sasl(Instant now, const SaslExchange::Failed& failed);
    void on_ping_reply(Instant now, wire::ServerError err);
    void on_session_refused(Instant now, wire::ServerError err);
    void on_reply(Instant now, const wire::ReplyView& reply);
    void on_oversized(Instant now);
    [[nodiscard]] bool accept_zxid(const wire::ReplyHeader& header, const Outstanding& request);
    void acknowledge(Instant now, Instant sent, bool is_commit);
    template <class Change>
    void change_evidence(Instant now, Change change);
    [[nodiscard]] bool wants_to_reattach() const;

    template <class Body>
    void append(std::int32_t xid, wire::Opcode op, const Body& body) {
        if (x_auths > 0) {
            return append_behind_credentials(wire::encode_request(xid, op, body));
        }
        const std::size_t before = x_outbound.size();
        wire::append_request(x_outbound, xid, op, body);
        x_sent += x_outbound.size() - before;
    }
    void ping(Instant now);
    void write_credentials();
    void write_auth(const Credential& credential);
    void append_behind_credentials(const std::string& frame);
    void write_close(Instant now);
    void finish_close(result<void> outcome);
    void drop_connection(Instant now, std::string_view why);
    void forget_connection(Instant now);
    void fail_attempt(Instant now, std::string_view why, errc code = errc::no_server);
    void protocol_error(Instant now, std::string_view what);
    void log(LogLevel level, std::string event,
             std::vector<std::pair<std::string, std::string>> fields);

    std::int32_t next_xid();
    void remember(Instant now, wire::Opcode op, ResponseHandler handler);
    [[nodiscard]] bool is_listening() const;
    [[nodiscard]] std::optional<Instant> oldest_unanswered() const;
    [[nodiscard]] Duration silence_limit() const;
    [[nodiscard]] Instant silent_since() const;

    const Settings& x_settings;
    SessionListener& x_listener;
    std::vector<Effect>& x_effects;
    Random& x_random;
    Dialer x_dialer;
    Evidence x_evidence;
    std::vector<Credential> x_credentials;

    Stage x_stage = Stage::idle;
    Purpose x_purpose = Purpose::attach;
    std::uint64_t x_connection = 0;  // counts connections, so that a loop notices a change
    Endpoint x_endpoint;
    Instant x_dial_at = Instant::max();  // when the dialer wants to be asked again
    std::optional<Purpose> x_follow_up;  // of the connection that waits for the rate cap
    Instant x_give_up = Instant::max();  // of the current stage
    Instant x_heard = Instant::min();    // last byte from the server
    Instant x_replied = Instant::min();  // last byte of a reply to a request
    Instant x_greeted = Instant::min();  // when the connect request was written
    std::optional<Instant> x_close_by;
    bool x_was_closed_cleanly = false;
    bool x_is_renewing = false;
    bool x_is_evidence_needed = false;

    Instant x_turn = Instant::min();           // of the last on_time()
    Instant x_reattach_from = Instant::min();  // for want of evidence; not again before

    std::int64_t x_id = 0;
    std::string x_password;
    bool x_was_attached = false;         // of the session: it may hold something
    std::optional<SaslExchange> x_sasl;  // of the connection
    std::int32_t x_sasl_xid = 0;
    Secret x_sasl_token;  // the first one, until it is sent
    std::int32_t x_xid = 0;
    std::int64_t x_last_zxid = 0;
    std::int64_t x_connection_zxid = 0;                 // largest on this connection
    boost::circular_buffer<Outstanding> x_outstanding;  ///< a ring that grows
    std::deque<Instant> x_pings;
    int x_auths = 0;

    wire::FrameSplitter x_splitter;
    std::string x_outbound;
    ServerProbe x_probe;
    ServerVersion x_version{3, 4, 0};
    ServerVersion x_trial_version{3, 4, 0};
    bool x_was_tried = false;
    struct Known {
        ServerVersion version;
        Instant learned;
    };
    std::map<Endpoint, Known> x_known;
    std::string x_trouble;
    errc x_trouble_code = errc::no_server;

    std::uint64_t x_sessions = 0;
    std::uint64_t x_connects = 0;
    std::uint64_t x_reattached = 0;
    std::uint64_t x_requests = 0;
    std::uint64_t x_pinged = 0;
    std::uint64_t x_sent = 0;
    std::uint64_t x_received = 0;
};

}  // namespace leasehold::core
