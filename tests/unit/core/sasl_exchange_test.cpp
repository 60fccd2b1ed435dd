#include "sdk/core/sasl_exchange.hpp"

#include "sdk/wire/auth.hpp"
#include "sdk/wire/record.hpp"
#include "tests/unit/core/sasl_moves.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace leasehold::core {
namespace {

using ::testing::HasSubstr;
using wire::ServerError;
using Step = SaslExchange::Step;

std::string body_of(const std::optional<std::string>& token) {
    std::string bytes;
    wire::Writer writer(bytes);
    encode(writer, wire::SaslToken{token});
    return bytes;
}

/// "sends TOKEN", "asks TOKEN", "done", "failed" or "refused".
std::string text_of(const Step& step) {
    if (const auto* send = std::get_if<SaslExchange::Send>(&step)) {
        return "sends " + std::string(send->token.text());
    }
    if (const auto* ask = std::get_if<SaslExchange::Ask>(&step)) {
        return "asks " + ask->challenge;
    }
    if (const auto* failed = std::get_if<SaslExchange::Failed>(&step)) {
        return failed->is_refusal ? "refused" : "failed";
    }
    return "done";
}

class Sasl : public ::testing::Test {
protected:
    std::string move(result<SaslMove> move) { return note(exchange.on_move(std::move(move))); }
    std::string reply(const std::optional<std::string>& token, ServerError err = ServerError::ok) {
        return note(exchange.on_reply(err, body_of(token)));
    }
    std::string note(Step step) {
        if (const auto* failed = std::get_if<SaslExchange::Failed>(&step)) {
            why = failed->why;
        }
        return text_of(step);
    }

    SaslExchange exchange;
    Error why;
};

TEST_F(Sasl, ServerHasTheLastWord) {
    // DIGEST-MD5: its proof, which the mechanism believes.
    EXPECT_EQ(move(SaslMove{}), "sends ");
    EXPECT_EQ(reply("nonce"), "asks nonce");
    EXPECT_EQ(move(says("digest")), "sends digest");
    EXPECT_EQ(reply("rspauth"), "asks rspauth");
    EXPECT_EQ(move(is_done()), "done");
}

TEST_F(Sasl, ClientHasTheLastWord) {
    // GSSAPI: the server's assent has no token.
    EXPECT_EQ(move(says("ticket")), "sends ticket");
    EXPECT_EQ(reply("ours"), "asks ours");
    EXPECT_EQ(move(says("")), "sends ");
    EXPECT_EQ(reply("layers"), "asks layers");
    EXPECT_EQ(move(says_at_last("none")), "sends none");
    EXPECT_EQ(reply(std::nullopt), "done");
}

TEST_F(Sasl, EmptyTokenIsNotNone) {
    EXPECT_EQ(move(says("ticket")), "sends ticket");
    EXPECT_EQ(reply(""), "asks ");
}

TEST_F(Sasl, ServerThatRefuses) {
    for (const ServerError err :
         {ServerError::auth_failed, ServerError::session_closed_require_auth}) {
        exchange = {};
        move(SaslMove{});
        EXPECT_EQ(reply(std::nullopt, err), "refused");
        EXPECT_EQ(why, errc::auth_failed);
        EXPECT_THAT(why.context().what, HasSubstr("refuses our SASL credentials"));
        EXPECT_FALSE(exchange.is_mechanisms_turn() || exchange.is_servers_turn());
    }
}

TEST_F(Sasl, RefusalOfTheLastWord) {
    move(says("ticket"));
    reply("layers");
    move(says_at_last("none"));
    EXPECT_EQ(reply(std::nullopt, ServerError::auth_failed), "refused");
}

TEST_F(Sasl, ServerThatLetsUsInUnproven) {
    move(SaslMove{});
    EXPECT_EQ(reply(std::nullopt), "refused");
    EXPECT_EQ(why, errc::auth_failed);
    EXPECT_THAT(why.context().what, HasSubstr("goes on without SASL, and we do not"));

    exchange = {};
    move(SaslMove{});
    reply("nonce");
    move(says("digest"));
    EXPECT_EQ(reply(std::nullopt), "refused") << "allowSaslFailedClients, after a wrong password";
}

TEST_F(Sasl, MechanismThatIsDoneBeforeAnythingWasSaidIsNotBelieved) {
    EXPECT_EQ(move(is_done()), "sends ");
    EXPECT_EQ(reply(std::nullopt, ServerError::auth_failed), "refused");
}

TEST_F(Sasl, MechanismThatFails) {
    EXPECT_EQ(move(Error{errc::auth_failed, "no ticket"}), "failed");
    EXPECT_EQ(why.context().what, "no ticket");
    EXPECT_FALSE(exchange.is_servers_turn());
}

TEST_F(Sasl, MechanismThatDoesNotBelieveTheServer) {
    move(SaslMove{});
    reply("nonce");
    move(says("digest"));
    reply("rspauth of somebody else");
    EXPECT_EQ(move(Error{errc::auth_failed, "mutual authentication"}), "failed");
}

// ---- hostile servers ----

TEST_F(Sasl, RoundsWithoutEnd) {
    std::string step = move(SaslMove{});
    int rounds = 0;
    while (step.starts_with("sends")) {
        ASSERT_EQ(reply("more"), "asks more");
        step = move(says("more"));
        ASSERT_LT(++rounds, 100);
    }
    EXPECT_EQ(step, "failed");
    EXPECT_EQ(rounds, SaslExchange::most_rounds);
    EXPECT_EQ(why, errc::protocol_error);
}

TEST_F(Sasl, HugeTokenOfTheServer) {
    move(SaslMove{});
    EXPECT_EQ(reply(std::string(SaslExchange::longest_token + 1, 'x')), "failed");
    EXPECT_EQ(why, errc::protocol_error);
    exchange = {};
    move(SaslMove{});
    EXPECT_THAT(reply(std::string(SaslExchange::longest_token, 'x')), HasSubstr("asks xxx"));
}

TEST_F(Sasl, HugeTokenOfTheMechanism) {
    EXPECT_EQ(move(says(std::string(SaslExchange::longest_token + 1, 'x'))), "failed");
    EXPECT_EQ(why, errc::auth_failed);
}

TEST_F(Sasl, ServerThatSpeaksOnWhenAllIsSaid) {
    move(says("ticket"));
    reply("layers");
    move(says_at_last("none"));
    EXPECT_EQ(reply("and another thing"), "failed");
    EXPECT_EQ(why, errc::protocol_error);
}

TEST_F(Sasl, BrokenReplies) {
    const std::string whole = body_of("nonce");
    for (const std::string& body :
         {std::string(), whole.substr(0, 3), whole.substr(0, whole.size() - 1), whole + "x",
          std::string("\x7f\xff\xff\xff", 4), std::string("\xff\xff\xff\xfe", 4)}) {
        exchange = {};
        move(SaslMove{});
        EXPECT_EQ(note(exchange.on_reply(ServerError::ok, body)), "failed");
        EXPECT_EQ(why, errc::protocol_error);
    }
}

}  // namespace
}  // namespace leasehold::core
