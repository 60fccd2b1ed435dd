// What a connection does to prove who we are, before anything else is written on it.
#include "sdk/core/session.hpp"
#include "sdk/wire/auth.hpp"

#include <utility>

namespace leasehold::core {

// Neither credentials nor SASL are evidence, nor requests that keep a session alive: servers answer
// them beside their pipeline, and touch no session for them.

void Session::add_auth(Credential credential) {
    if (is_attached()) {
        write_auth(credential);
    }
    x_credentials.push_back(std::move(credential));
}

void Session::write_credentials() {
    for (const Credential& credential : x_credentials) {
        write_auth(credential);
    }
}

void Session::write_auth(const Credential& credential) {
    wire::AuthPacket packet{
        .type = 0, .scheme = credential.scheme, .auth = std::string(credential.secret.text())};
    constexpr std::size_t frame_and_lengths = 32;
    make_room(x_outbound, frame_and_lengths + packet.scheme.size() + packet.auth->size());
    const std::size_t before = x_outbound.size();
    wire::append_request(x_outbound, wire::auth_xid, wire::Opcode::auth, packet);
    x_sent += x_outbound.size() - before;
    wipe(*packet.auth);
    ++x_auths;
}

/// What still has credentials in it moves to larger memory without leaving them behind.
void Session::append_behind_credentials(const std::string& frame) {
    make_room(x_outbound, frame.size());
    x_outbound += frame;
    x_sent += frame.size();
}

// ---- SASL ----

void Session::on_sasl(Instant now, result<SaslMove> move) {
    const bool is_expected = x_stage == Stage::preparing || x_stage == Stage::authenticating;
    if (is_expected && x_sasl->is_mechanisms_turn()) {
        take_sasl_step(now, x_sasl->on_move(std::move(move)));
    }
}

/// The session is there, and nobody has said yet whose it is.
void Session::authenticate() {
    x_stage = Stage::authenticating;
    write_sasl(std::exchange(x_sasl_token, Secret()));
}

void Session::on_sasl_frame(Instant now, std::string_view frame) {
    const auto reply = wire::split_reply(frame);
    if (!reply) {
        return protocol_error(now, wire::describe(reply.error()));
    }
    const wire::ReplyHeader& header = reply.value().header;
    if (x_stage == Stage::preparing || !x_sasl->is_servers_turn() || header.xid != x_sasl_xid) {
        return protocol_error(now, "something else than the next word of SASL");
    }
    take_sasl_step(now, x_sasl->on_reply(header.err, reply.value().body));
}

void Session::take_sasl_step(Instant now, SaslExchange::Step step) {
    if (auto* send = std::get_if<SaslExchange::Send>(&step)) {
        if (x_stage == Stage::preparing) {
            x_sasl_token = std::move(send->token);
            return greet(now);
        }
        write_sasl(send->token);
    } else if (auto* ask = std::get_if<SaslExchange::Ask>(&step)) {
        x_effects.emplace_back(SaslContinue{std::move(ask->challenge)});
    } else if (const auto* failed = std::get_if<SaslExchange::Failed>(&step)) {
        fail_sasl(now, *failed);
    } else {
        open(now);
    }
}

void Session::write_sasl(const Secret& token) {
    x_sasl_xid = next_xid();
    wire::SaslToken packet{std::string(token.text())};
    append(x_sasl_xid, wire::Opcode::sasl, packet);
    wipe(*packet.token);
}

void Session::fail_sasl(Instant now, const SaslExchange::Failed& failed) {
    const std::string& what = failed.why.context().what;
    if (failed.why == errc::protocol_error) {
        return protocol_error(now, what);
    }
    if (failed.is_refusal && x_purpose == Purpose::attach) {
        x_listener.on_auth_failed(now, failed.why);
        if (x_was_attached) {
            // Further attempts would only keep alive what we can neither use nor delete.
            forget_session("session_given_up", what);
            x_listener.on_abandoned(now, failed.why);
            if (x_close_by) {
                return finish_close(Error{errc::auth_failed, what});
            }
        }
    }
    fail_attempt(now, what, errc::auth_failed);
}

}  // namespace leasehold::core
