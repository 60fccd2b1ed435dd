// What comes from the server on an open connection: which bytes answer which request, which of
// them are evidence, and which cost the connection.
#include "sdk/core/session.hpp"
#include "sdk/wire/record.hpp"
#include "sdk/wire/session.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace leasehold::core {

namespace {

bool is_create(wire::Opcode op) {
    return op == wire::Opcode::create || op == wire::Opcode::create2 ||
           op == wire::Opcode::create_container || op == wire::Opcode::create_ttl;
}

bool lists_children(wire::Opcode op) {
    return op == wire::Opcode::get_children || op == wire::Opcode::get_children2;
}

/// What servers propose to each other, and answer when a quorum has it.
bool is_write(wire::Opcode op) {
    return is_create(op) || op == wire::Opcode::remove || op == wire::Opcode::set_data ||
           op == wire::Opcode::set_acl || op == wire::Opcode::multi;
}

/// Answers that do not go through the server's pipeline: they may overtake others, and they do not
/// show that the session is alive.
bool is_out_of_band(const wire::ReplyHeader& header, wire::Opcode op) {
    return op == wire::Opcode::sasl ||
           (header.err == wire::ServerError::unimplemented && header.zxid == -1) ||
           header.err == wire::ServerError::session_closed_require_auth;
}

/// With enableEagerACLCheck (3.6+) a refusal may overtake, too.
bool may_overtake(const wire::ReplyHeader& header, wire::Opcode op) {
    return is_out_of_band(header, op) || header.err == wire::ServerError::no_auth;
}

/// Session-level answers: what they mean for the session is learned by re-attaching.
bool ends_connection(wire::ServerError err) {
    return err == wire::ServerError::session_expired || err == wire::ServerError::session_moved ||
           err == wire::ServerError::session_closed_require_auth;
}

std::string explain_auth_required(const Settings& settings) {
    std::string what = "the server takes requests only from those who have authenticated";
    what += settings.sasl ? ", and not by SASL; see its enforce.auth.schemes"
                          : "; give credentials: sasl, or auth_file";
    return what;
}

}  // namespace

std::int32_t xid_after(std::int32_t xid) {
    return xid == std::numeric_limits<std::int32_t>::max() ? 1 : xid + 1;
}

void Session::on_bytes(Instant now, std::string_view bytes) {
    if (!is_listening()) {
        return;
    }
    x_heard = now;
    x_received += bytes.size();
    if (x_purpose == Purpose::probe) {
        x_probe.on_bytes(bytes);
        return x_probe.is_done() ? leave_probe(now) : void();
    }
    const std::uint64_t connection = x_connection;
    const auto is_same = [&] { return connection == x_connection && is_listening(); };
    x_splitter.feed(bytes);
    while (is_same()) {
        const auto frame = x_splitter.next();
        if (!frame) {
            if (frame.error() == wire::DecodeError::frame_too_large) {
                on_oversized(now);
                continue;
            }
            return protocol_error(now, wire::describe(frame.error()));
        }
        if (!frame.value()) {
            if (x_splitter.buffered() != 0 || x_splitter.is_draining()) {
                x_replied = now;  // a long reply is on its way
            }
            return;
        }
        if (x_stage == Stage::greeting) {
            on_connect_answer(now, *frame.value());
        } else if (x_stage == Stage::open) {
            on_frame(now, *frame.value());
        } else {
            on_sasl_frame(now, *frame.value());
        }
    }
}

bool Session::is_listening() const {
    return x_stage == Stage::preparing || x_stage == Stage::greeting ||
           x_stage == Stage::authenticating || x_stage == Stage::open;
}

void Session::on_frame(Instant now, std::string_view frame) {
    const auto reply = wire::split_reply(frame);
    if (!reply) {
        return protocol_error(now, wire::describe(reply.error()));
    }
    switch (reply.value().header.xid) {
        case wire::notification_xid: {
            const auto event = wire::decode<wire::WatcherEvent>(reply.value().body);
            if (!event) {
                return protocol_error(now, wire::describe(event.error()));
            }
            return x_listener.on_watch_event(now, event.value());
        }
        case wire::ping_xid: return on_ping_reply(now, reply.value().header.err);
        case wire::auth_xid:
            if (x_auths == 0) {
                return protocol_error(now, "an answer to credentials that were not sent");
            }
            --x_auths;
            if (reply.value().header.err != wire::ServerError::ok) {
                log(LogLevel::error, "auth_failed", {});
                x_listener.on_auth_failed(
                    now, {errc::not_permitted,
                          "the server refuses the credentials; check them and try again"});
            }
            return;
        default: return on_reply(now, reply.value());
    }
}

void Session::on_ping_reply(Instant now, wire::ServerError err) {
    if (x_pings.empty()) {
        return protocol_error(now, "an answer to a ping that was not sent");
    }
    const Instant sent = x_pings.front();
    x_pings.pop_front();
    if (ends_connection(err)) {
        return on_session_refused(now, err);
    }
    if (err == wire::ServerError::ok) {
        acknowledge(now, sent, false);
    }
}

void Session::on_reply(Instant now, const wire::ReplyView& reply) {
    const wire::ReplyHeader& header = reply.header;
    const auto found =
        std::find_if(x_outstanding.begin(), x_outstanding.end(),
                     [&](const Outstanding& request) { return request.xid == header.xid; });
    if (found == x_outstanding.end()) {
        return protocol_error(now, "a reply to nothing that was asked");
    }
    if (found != x_outstanding.begin() && !may_overtake(header, found->op)) {
        return protocol_error(now, "a reply out of order");
    }
    if (header.err != wire::ServerError::ok && !reply.body.empty() &&
        found->op != wire::Opcode::sasl) {
        return protocol_error(now, "an error with a body");
    }
    if (ends_connection(header.err)) {
        return on_session_refused(now, header.err);
    }
    // A transaction of its own: nothing that this connection has seen is as new.
    const bool is_commit = is_write(found->op) && header.err == wire::ServerError::ok &&
                           header.zxid > x_connection_zxid;
    if (!accept_zxid(header, *found)) {
        return protocol_error(now, "a transaction number that goes back");
    }
    x_replied = now;
    Outstanding request = std::move(*found);
    x_outstanding.erase(found);
    if (x_purpose == Purpose::attach && !is_out_of_band(header, request.op)) {
        acknowledge(now, request.sent, is_commit);
    }
    request.handler(
        now, Response{.failure = {}, .err = header.err, .zxid = header.zxid, .body = reply.body});
}

void Session::on_session_refused(Instant now, wire::ServerError err) {
    if (err != wire::ServerError::session_closed_require_auth) {
        return drop_connection(now, wire::describe(err));
    }
    const Error why(errc::not_permitted, explain_auth_required(x_settings));
    log(LogLevel::error, "auth_required", {{"why", why.context().what}});
    x_listener.on_auth_failed(now, why);
    drop_connection(now, why.context().what);
    x_trouble_code = errc::not_permitted;
}

/// Transactions are numbered in order and replies come in order, so the number never goes back on
/// a connection, and a create is newer than everything seen: the fencing token rests on it.
bool Session::accept_zxid(const wire::ReplyHeader& header, const Outstanding& request) {
    if (header.zxid <= 0 || x_purpose != Purpose::attach || is_out_of_band(header, request.op)) {
        return !(is_create(request.op) && header.err == wire::ServerError::ok &&
                 x_purpose == Purpose::attach);
    }
    const bool is_new_node = is_create(request.op) && header.err == wire::ServerError::ok;
    if (header.zxid < x_connection_zxid || (is_new_node && header.zxid <= x_last_zxid)) {
        return false;
    }
    x_connection_zxid = header.zxid;
    x_last_zxid = std::max(x_last_zxid, header.zxid);
    return true;
}

/// A list that is too long costs the call that asked for it, not the connection: closing would
/// only lead to the same list again.
void Session::on_oversized(Instant now) {
    const auto head = wire::split_reply(x_splitter.oversized_head());
    if (x_stage != Stage::open || !head || x_outstanding.empty() ||
        head.value().header.xid != x_outstanding.front().xid ||
        !lists_children(x_outstanding.front().op)) {
        return protocol_error(now, wire::describe(wire::DecodeError::frame_too_large));
    }
    x_splitter.drain();
    Outstanding request = std::move(x_outstanding.front());
    x_outstanding.pop_front();
    request.handler(now, Response{.failure = errc::queue_too_long});
}

void Session::acknowledge(Instant now, Instant sent, bool is_commit) {
    change_evidence(now, [&] { x_evidence.on_ack(sent, now, is_commit); });
}

void Session::need_evidence(Instant now, bool is_needed) {
    if (std::exchange(x_is_evidence_needed, is_needed) != is_needed) {
        change_evidence(now, [&] { x_evidence.on_need(now, is_needed); });
    }
}

template <class Change>
void Session::change_evidence(Instant now, Change change) {
    const Instant before = x_evidence.safe_deadline();
    const bool had_fresh = x_evidence.has_fresh_evidence();
    change();
    if (before != x_evidence.safe_deadline() || had_fresh != x_evidence.has_fresh_evidence()) {
        x_listener.on_evidence(now);
    }
}

// ---- what is written ----------------------------------------------------------------------------

/// Never restarts within a session, also not on a new connection: followers match commits to
/// waiting requests by session and number alone.
std::int32_t Session::next_xid() {
    x_xid = xid_after(x_xid);
    return x_xid;
}

void Session::remember(Instant now, wire::Opcode op, ResponseHandler handler) {
    if (x_outstanding.full()) {
        x_outstanding.set_capacity(std::max<std::size_t>(16, 2 * x_outstanding.capacity()));
    }
    x_outstanding.push_back({x_xid, op, now, std::move(handler)});
    ++x_requests;
    if (x_purpose == Purpose::attach) {
        x_evidence.on_sent(now);
    }
}

void Session::ping(Instant now) {
    append(wire::ping_xid, wire::Opcode::ping, wire::PingRequest{});
    x_pings.push_back(now);
    ++x_pinged;
    x_evidence.on_sent(now);
}

std::optional<Instant> Session::oldest_unanswered() const {
    std::optional<Instant> oldest;
    if (!x_outstanding.empty()) {
        oldest = x_outstanding.front().sent;
    }
    if (!x_pings.empty() && (!oldest || x_pings.front() < *oldest)) {
        oldest = x_pings.front();
    }
    return oldest;
}

}  // namespace leasehold::core
