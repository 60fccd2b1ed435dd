#include "sdk/core/session.hpp"

#include "sdk/core/text.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/session.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace leasehold::core {

namespace {

constexpr std::string_view server_is_late = "no answer within the connect timeout";
constexpr std::string_view mechanism_is_late =
    "SASL could not be begun or continued within the connect timeout; with gssapi: see that a KDC "
    "of the realm answers";

/// With what is wrong with a certificate, and what to do about it.
constexpr std::size_t most_of_a_reason = 600;

std::string event_of(errc code) {
    switch (code) {
        case errc::tls_failed: return "tls_failed";
        case errc::auth_failed: return "auth_failed";
        default: return "connect_failed";
    }
}

}  // namespace

Session::Session(const Settings& settings, Random& random, SessionListener& listener,
                 std::vector<Effect>& effects)
    : x_settings(settings),
      x_listener(listener),
      x_effects(effects),
      x_random(random),
      x_dialer(settings, Random{random.next()}),
      x_evidence(settings.timing),
      x_credentials(settings.credentials),
      x_splitter(wire::FrameLimits{.frame = settings.max_frame_bytes}) {}

// ---- the session itself -------------------------------------------------------------------------

void Session::on_connect_answer(Instant now, std::string_view frame) {
    const auto answer = wire::decode_connect_answer(frame);
    if (!answer) {
        return protocol_error(now, wire::describe(answer.error()));
    }
    const auto* response = std::get_if<wire::ConnectResponse>(&answer.value());
    if (response == nullptr) {
        return fail_attempt(now, "the server is read-only");
    }
    if (response->timeout_ms == 0) {
        if (x_purpose == Purpose::attach && x_id != 0) {
            return expire(now, "the server says that the session expired");
        }
        return fail_attempt(now, "the server refused to open a session");
    }
    if (response->timeout_ms < 0 || response->session_id == 0 ||
        response->password.size() != wire::password_size) {
        return protocol_error(now, "a connect response that no server sends");
    }
    if (response->read_only.value_or(false)) {
        return fail_attempt(now, "the server is read-only");
    }
    if (x_purpose == Purpose::trial) {
        return x_sasl ? authenticate() : open(now);
    }
    if (x_id != 0 && (response->session_id != x_id || response->password != x_password)) {
        return expire(now, "the server answered with another session than ours");
    }
    adopt(now, *response);
}

void Session::adopt(Instant now, const wire::ConnectResponse& response) {
    // A server whose minimum is above what was asked grants more; the smaller one is always safe.
    const Duration granted = std::min<Duration>(std::chrono::milliseconds{response.timeout_ms},
                                                x_settings.session_timeout);
    if (x_id == 0) {
        x_id = response.session_id;
        x_password = response.password;
        ++x_sessions;
        x_evidence.on_session_created(x_greeted, now, granted);
    } else {
        x_evidence.on_reattached(x_greeted, now, granted);
    }
    x_connection_zxid = 0;
    if (!x_sasl) {
        return open(now);
    }
    authenticate();
    x_listener.on_evidence(now);  // a smaller timeout counts at once
}

/// Requests may be written.
void Session::open(Instant now) {
    x_stage = Stage::open;
    if (x_purpose == Purpose::attach) {
        return attach(now);
    }
    write_credentials();
    try_container(now);
}

void Session::attach(Instant now) {
    const bool is_new = !std::exchange(x_was_attached, true);
    x_reattached += is_new ? 0 : 1;
    x_give_up = Instant::max();
    x_dialer.on_attached(now);
    x_trouble.clear();
    x_trouble_code = errc::no_server;
    log(LogLevel::info, is_new ? "session_opened" : "session_reattached",
        {{"server", x_endpoint.host + ":" + std::to_string(x_endpoint.port)},
         {"session", shorten_session(x_id)},
         {"timeout", format_duration(x_evidence.session_timeout())}});
    write_credentials();
    if (x_close_by) {
        return write_close(now);
    }
    x_listener.on_attached(now, is_new);
    ping(now);
    x_listener.on_evidence(now);
}

void Session::expire(Instant now, std::string_view why) {
    forget_session("session_expired", why);
    x_listener.on_expired(now);
    if (x_close_by) {
        return finish_close(success());
    }
    fail_attempt(now, why);
}

void Session::forget_session(std::string event, std::string_view why) {
    log(LogLevel::warning, std::move(event),
        {{"session", shorten_session(x_id)}, {"why", std::string(why)}});
    x_id = 0;
    x_password.clear();
    x_was_attached = false;
    x_evidence.on_session_ended();
}

// ---- the end of a connection --------------------------------------------------------------------

void Session::on_disconnected(Instant now, std::string_view why, errc code) {
    switch (x_stage) {
        case Stage::idle:
        case Stage::resolving:
        case Stage::stopped: return;
        case Stage::connecting:
        case Stage::preparing:
        case Stage::authenticating:
        case Stage::greeting:
            // With TLS 1.3 our certificate is refused behind the handshake.
            if (x_purpose == Purpose::probe && x_stage == Stage::greeting &&
                code != errc::tls_failed) {
                x_probe.on_end();
                return leave_probe(now);
            }
            return fail_attempt(now, why, code);
        case Stage::open:
            if (x_purpose == Purpose::trial) {
                return leave_trial(now);
            }
            return drop_connection(now, why);
    }
}

/// An attempt that did not end in an attached session.
void Session::fail_attempt(Instant now, std::string_view why, errc code) {
    const std::string server = x_endpoint.host + ":" + std::to_string(x_endpoint.port);
    const std::string reason = escape(why, most_of_a_reason);
    const bool is_down = code == errc::no_server || code == errc::protocol_error;
    log(is_down ? LogLevel::info : LogLevel::error, event_of(code),
        {{"server", server}, {"why", reason}});
    x_trouble = server + ": " + reason;
    // What breaks the protocol is no server that is merely down, whatever the next attempt says.
    if (code != errc::no_server || x_trouble_code != errc::protocol_error) {
        x_trouble_code = code;
    }
    drop_connection(now, why);
}

void Session::protocol_error(Instant now, std::string_view what) {
    log(LogLevel::error, "protocol_error", {{"what", std::string(what)}});
    const std::string why = "protocol error: " + std::string(what);
    is_attached() ? drop_connection(now, why) : fail_attempt(now, why);
    x_trouble_code = errc::protocol_error;
}

void Session::drop_connection(Instant now, std::string_view why) {
    if (is_attached()) {
        log(LogLevel::warning, "disconnected", {{"why", escape(why)}});
        x_trouble = escape(why);
        x_dialer.on_lost(now);
    } else {
        x_dialer.on_failed(now);
    }
    x_effects.emplace_back(Disconnect{});
    forget_connection(now);
    if (x_stage == Stage::idle && x_close_by && !x_was_attached) {
        return finish_close(success());  // a new session would only be closed again
    }
    if (x_stage == Stage::idle) {
        x_dial_at = now;
        dial(now);
    }
}

/// Nothing of a dead connection may reach the next one: bytes not yet written are discarded, and
/// every outstanding request ends as lost.
void Session::forget_connection(Instant now) {
    const bool was_attached = is_attached();
    const bool was_authenticating =
        x_stage == Stage::authenticating && x_purpose == Purpose::attach;
    x_stage = Stage::idle;
    x_give_up = Instant::max();
    wipe(x_outbound);
    x_pings.clear();
    x_auths = 0;
    x_sasl.reset();
    x_sasl_token = Secret();
    if (was_attached || was_authenticating) {
        x_evidence.on_disconnected();
    }
    boost::circular_buffer<Outstanding> lost;
    lost.swap(x_outstanding);
    for (Outstanding& request : lost) {
        request.handler(now, Response{.failure = errc::connection_lost});
    }
    if (was_attached && x_stage != Stage::stopped) {
        x_listener.on_detached(now);
        x_listener.on_evidence(now);
    }
}

void Session::close(Instant now, Instant deadline) {
    if (x_stage == Stage::stopped || x_close_by) {
        return;
    }
    x_close_by = deadline;
    const bool may_have_session =
        x_was_attached || (x_purpose == Purpose::attach &&
                           (x_stage == Stage::greeting || x_stage == Stage::authenticating));
    if (!may_have_session) {
        return finish_close(success());
    }
    if (is_attached()) {
        write_close(now);
    }
}

void Session::renew(Instant now) {
    if (is_attached() && !x_close_by && !x_is_renewing) {
        x_is_renewing = true;
        send(now, wire::CloseSessionRequest{}, [this](Instant when, const Response& response) {
            x_is_renewing = false;
            if (response.ok()) {
                expire(when, "closed to get rid of a node that could not be deleted");
            }
        });
    }
}

void Session::write_close(Instant now) {
    // Without a reply nobody can tell whether the session is gone (3.4.8 with Netty never delivers
    // it, only the end of the stream): the next attach is answered with "expired", or closes anew.
    send(now, wire::CloseSessionRequest{}, [this](Instant, const Response& response) {
        if (!response.failure) {
            finish_close(success());
        }
    });
}

void Session::finish_close(result<void> outcome) {
    if (x_stage == Stage::stopped) {
        return;
    }
    if (x_stage != Stage::idle && x_stage != Stage::resolving) {
        x_effects.emplace_back(Disconnect{});
    }
    x_stage = Stage::stopped;
    x_sasl.reset();
    wipe(x_outbound);
    x_outstanding.clear();
    x_pings.clear();
    x_id = 0;
    x_was_closed_cleanly = outcome.has_value();
    x_effects.emplace_back(Closed{std::move(outcome)});
}

// ---- time ---------------------------------------------------------------------------------------

void Session::on_time(Instant now) {
    x_turn = now;
    if (x_stage == Stage::stopped) {
        return;
    }
    if (x_close_by && *x_close_by <= now) {
        return finish_close(Error{errc::timed_out,
                                  "the session could not be closed in time; it ends by itself "
                                  "after its timeout"});
    }
    if (x_give_up <= now) {
        if (x_purpose == Purpose::probe && x_stage == Stage::greeting) {
            x_probe.on_end();
            leave_probe(now);
        } else {
            const bool is_ours = x_sasl && x_sasl->is_mechanisms_turn();
            fail_attempt(now, is_ours ? mechanism_is_late : server_is_late,
                         is_ours ? errc::auth_failed : errc::no_server);
        }
    } else if (x_stage == Stage::open && now - silent_since() >= silence_limit()) {
        drop_connection(now, "the server is silent");
    }
    if (is_attached()) {
        const bool had_fresh = x_evidence.has_fresh_evidence();
        x_evidence.on_time(now, oldest_unanswered());
        if (had_fresh != x_evidence.has_fresh_evidence()) {
            x_listener.on_evidence(now);
        }
        if (is_attached() && x_evidence.next_ping() <= now) {
            ping(now);
        }
        if (wants_to_reattach() && x_evidence.is_quarantined(now) && x_reattach_from <= now) {
            x_reattach_from = later(now, x_evidence.quarantine());
            drop_connection(now, "a lock waits for evidence, which this connection cannot give");
        }
    }
    dial(now);
}

/// After a gap a connection is no evidence for a while, and a new one is at once. Once per
/// quarantine, so that an ensemble which is slow again and again is not answered with reconnects.
bool Session::wants_to_reattach() const {
    return is_attached() && !x_close_by && !x_is_renewing && x_listener.awaits_evidence();
}

/// A third of the timeout. Java waits for two thirds, which leaves a session time to move; but
/// leases run out well before their session, and have to move before that.
Duration Session::silence_limit() const {
    return x_purpose == Purpose::trial ? x_settings.connect_timeout
                                       : x_evidence.session_timeout() / 3;
}

/// Answers come in order, those to pings as well: a server that goes on to answer pings, and not
/// what was asked before them, is as good as silent. Another one may do better.
Instant Session::silent_since() const {
    return x_outstanding.empty()
               ? x_heard
               : std::min(x_heard, std::max(x_outstanding.front().sent, x_replied));
}

Instant Session::next_wakeup() const {
    if (x_stage == Stage::stopped) {
        return Instant::max();
    }
    Instant next = std::min(x_give_up, x_close_by.value_or(Instant::max()));
    if (x_stage == Stage::idle) {
        next = std::min(next, x_dial_at);
    }
    if (x_stage == Stage::open) {
        next = std::min(next, later(silent_since(), silence_limit()));
    }
    if (is_attached()) {
        next = std::min({next, x_evidence.next_ping(), x_evidence.next_event(oldest_unanswered())});
        if (wants_to_reattach() && x_evidence.is_quarantined(x_turn)) {
            next = std::min(next, std::max(x_reattach_from, x_turn));
        }
    }
    return next;
}

Instant Session::next_heartbeat() const {
    // Whoever waits is asked last: that takes a look at all of them.
    if (!is_attached() || x_close_by || x_is_renewing ||
        x_evidence.next_heartbeat(true) == Instant::max()) {
        return Instant::max();
    }
    return x_evidence.next_heartbeat(x_listener.awaits_evidence());
}

ClientState Session::state() const {
    if (x_stage == Stage::stopped) {
        return ClientState::closed;
    }
    if (!x_was_attached) {
        return ClientState::connecting;
    }
    return is_attached() && x_evidence.has_fresh_evidence() ? ClientState::connected
                                                            : ClientState::jeopardy;
}

void Session::fill(ClientStats& stats, Instant now) const {
    stats.state = state();
    stats.sessions = x_sessions;
    stats.connects = x_connects;
    stats.reconnects = x_reattached;
    stats.requests = x_requests;
    stats.pings = x_pinged;
    stats.bytes_sent = x_sent;
    stats.bytes_received = x_received;
    stats.pending_requests = x_outstanding.size();
    stats.gaps = x_evidence.gaps();
    stats.session_timeout = x_id != 0 ? x_evidence.session_timeout() : Duration{};
    if (const auto newest = x_evidence.newest()) {
        stats.evidence_age = now - *newest;
    }
    const Instant safe = x_evidence.safe_deadline();
    stats.lease_in_hand = safe > now ? safe - now : Duration{};
}

void Session::log(LogLevel level, std::string event,
                  std::vector<std::pair<std::string, std::string>> fields) {
    x_effects.emplace_back(Log{level, std::move(event), std::move(fields)});
}

}  // namespace leasehold::core
