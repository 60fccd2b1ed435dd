#include "sdk/core/sasl_exchange.hpp"

#include "sdk/wire/auth.hpp"

#include <utility>

namespace leasehold::core {

namespace {

Error refused(wire::ServerError err) {
    return {errc::auth_failed, "the server refuses our SASL credentials (" +
                                   std::string(wire::describe(err)) +
                                   "); correct sasl.user, its password or ticket, or the server's "
                                   "JAAS file"};
}

/// A server whose SASL failed, or is not configured, answers so, and would take our requests.
Error let_in_unproven() {
    return {errc::auth_failed,
            "the server goes on without SASL, and we do not: it has no JAAS configuration, or "
            "allowSaslFailedClients is set there"};
}

Error broken(std::string what) {
    return {errc::protocol_error, "in SASL " + std::move(what)};
}

}  // namespace

SaslExchange::Step SaslExchange::fail(Error why, bool is_refusal) {
    x_turn = Turn::over;
    return Failed{std::move(why), is_refusal};
}

SaslExchange::Step SaslExchange::on_move(result<SaslMove> move) {
    if (!move) {
        return fail(std::move(move).error());
    }
    if (move->token && move->token->text().size() > longest_token) {
        return fail({errc::auth_failed, "the SASL mechanism made a token of more than 64 KiB"});
    }
    x_is_mechanism_done = move->is_done;
    const bool has_more = move->token && !move->token->text().empty();
    if (x_is_mechanism_done && !has_more && x_rounds > 0) {
        x_turn = Turn::over;
        return Done{};
    }
    if (++x_rounds > most_rounds) {
        return fail(broken("the server asks without end"));
    }
    x_turn = Turn::server;
    return Send{move->token ? *std::move(move->token) : Secret()};
}

SaslExchange::Step SaslExchange::on_reply(wire::ServerError err, std::string_view body) {
    if (err != wire::ServerError::ok) {
        return fail(refused(err), true);
    }
    const auto reply = wire::decode<wire::SaslToken>(body);
    if (!reply) {
        return fail(broken(std::string(wire::describe(reply.error()))));
    }
    const std::optional<std::string>& token = reply.value().token;
    if (x_is_mechanism_done) {
        if (token && !token->empty()) {
            return fail(broken("the server speaks on when all is said"));
        }
        x_turn = Turn::over;
        return Done{};
    }
    if (!token) {
        return fail(let_in_unproven(), true);
    }
    if (token->size() > longest_token) {
        return fail(broken("the server sent a token of more than 64 KiB"));
    }
    x_turn = Turn::mechanism;
    return Ask{*token};
}

}  // namespace leasehold::core
