// SASL as a session does it: before anything else on each connection, or not at all.
#include "sdk/wire/auth.hpp"
#include "tests/unit/core/sasl_moves.hpp"
#include "tests/unit/core/session_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wire::Opcode;
using wire::ServerError;

ClientOptions with_sasl() {
    return {
        .session_timeout = 20s,
        .tick = 1s,
        .standalone = true,
        .connect_timeout = 5s,
        .server_version = "3.8.0",
        .sasl = {.mechanism = SaslMechanism::digest_md5, .user = "shop", .password_env = "UNREAD"}};
}

class SessionSasl : public ::testing::Test {
protected:
    /// The mechanism begins, and the server has the session.
    void begin() {
        connect();
        mechanism(says("hello"));
        bench.decode_connect();
        bench.greet();
    }
    void connect() {
        if (connects == 0) {
            bench.session.start(bench.now);
        }
        for (int i = 0; i < 100 && bench.count<Connect>() == connects; ++i) {
            if (bench.count<Resolve>() > resolves) {
                ++resolves;
                bench.session.on_resolved(bench.now, {{"10.0.0.1", 2181, "", "zk-sasl-md5"}});
            } else {
                bench.now = std::max(bench.now, bench.session.next_wakeup());
                bench.session.on_time(bench.now);
            }
        }
        ++connects;
        drops = bench.count<Disconnect>();
        bench.session.on_connected(bench.now);
    }
    [[nodiscard]] bool was_dropped() const { return bench.count<Disconnect>() > drops; }
    void mechanism(result<SaslMove> move) { bench.session.on_sasl(bench.now, std::move(move)); }
    /// The answer to what was sent last, which is returned.
    Opcode server(const std::optional<std::string>& token, ServerError err = ServerError::ok) {
        const auto sent = bench.sent();
        EXPECT_EQ(sent.size(), 1u);
        answer(sent.empty() ? 0 : sent.back().xid, token, err);
        return sent.empty() ? Opcode::notification : sent.back().op;
    }
    void answer(std::int32_t xid, const std::optional<std::string>& token,
                ServerError err = ServerError::ok) {
        bench.feed(wire::encode_reply(wire::ReplyHeader{xid, 0, err}, wire::SaslToken{token}));
    }
    void attach() {
        begin();
        server("nonce");
        mechanism(says_at_last("digest"));
        server(std::nullopt);
    }
    [[nodiscard]] std::string asked() const {
        std::string last;
        for (const Effect& effect : bench.effects) {
            if (const auto* ask = std::get_if<SaslContinue>(&effect)) {
                last = ask->challenge;
            }
        }
        return last;
    }

    SessionBench bench{make_settings("zk1", with_sasl()).value()};
    std::size_t connects = 0;
    std::size_t resolves = 0;
    std::size_t drops = 0;
};

TEST_F(SessionSasl, ComesBeforeAnythingElseOnEachConnection) {
    bench.session.add_auth({"digest", Secret("a:1")});
    for (int i = 0; i < 2; ++i) {
        bench.heard.clear();
        connect();
        EXPECT_THAT(bench.session.outbound(), IsEmpty()) << "the mechanism is not ready yet";
        mechanism(says("hello"));
        bench.decode_connect();
        bench.greet();
        EXPECT_EQ(server("nonce"), Opcode::sasl);
        EXPECT_EQ(asked(), "nonce");
        EXPECT_THAT(bench.sent(), IsEmpty());
        mechanism(says("digest"));
        EXPECT_EQ(server("rspauth"), Opcode::sasl);
        EXPECT_THAT(bench.heard, IsEmpty());
        EXPECT_FALSE(bench.session.is_attached());
        mechanism(is_done());
        EXPECT_THAT(bench.heard, ElementsAre(i == 0 ? "attached" : "re-attached"));
        EXPECT_THAT(ops(bench.sent()), ElementsAre(Opcode::auth, Opcode::ping));
        bench.session.on_disconnected(bench.now, "reset");
    }
    ClientStats stats;
    bench.session.fill(stats, bench.now);
    EXPECT_EQ(stats.sessions, 1u);
    EXPECT_EQ(stats.reconnects, 1u);
}

TEST_F(SessionSasl, NameOfTheServerGoesToTheMechanism) {
    connect();
    const auto begun =
        std::find_if(bench.effects.begin(), bench.effects.end(),
                     [](const Effect& each) { return std::holds_alternative<SaslBegin>(each); });
    ASSERT_NE(begun, bench.effects.end());
    EXPECT_EQ(std::get<SaslBegin>(*begun).server, "zk-sasl-md5");
}

TEST_F(SessionSasl, NumbersOfRequestsGoOn) {
    attach();
    const std::int32_t before = bench.ask();
    bench.session.on_disconnected(bench.now, "reset");
    begin();
    EXPECT_GT(bench.sent().back().xid, before);
}

TEST_F(SessionSasl, IsNoEvidence) {
    begin();
    const Instant after_connect = bench.session.evidence().safe_deadline();
    bench.pass(100ms);
    server("nonce");
    mechanism(says_at_last("digest"));
    server(std::nullopt);
    EXPECT_EQ(bench.session.evidence().safe_deadline(), after_connect);
}

TEST_F(SessionSasl, SmallerTimeoutCountsBeforeItIsDone) {
    attach();
    bench.session.on_disconnected(bench.now, "reset");
    const Instant before = bench.session.evidence().safe_deadline();
    connect();
    mechanism(says("hello"));
    bench.decode_connect();
    bench.greet(77, std::string(16, 'p'), 5'000);
    EXPECT_LT(bench.session.evidence().safe_deadline(), before);
}

// ---- failures ----

TEST_F(SessionSasl, MechanismThatCannotBeginLeavesTheSessionAlone) {
    connect();
    mechanism(Error{errc::auth_failed, "no ticket"});
    EXPECT_THAT(bench.session.outbound(), IsEmpty()) << "no connect request, which is a touch";
    EXPECT_EQ(bench.session.trouble_code(), errc::auth_failed);
    EXPECT_EQ(bench.session.last_trouble(), "10.0.0.1:2181: no ticket");
    EXPECT_THAT(bench.heard, IsEmpty());
    attach();
    EXPECT_THAT(bench.heard, ElementsAre("attached")) << "a ticket may come any time";
}

TEST_F(SessionSasl, RefusalBeforeTheFirstUseKeepsTheOneSession) {
    begin();
    server(std::nullopt, ServerError::auth_failed);
    EXPECT_TRUE(was_dropped());
    EXPECT_THAT(bench.heard, ElementsAre("SASL failed"));
    EXPECT_EQ(bench.session.trouble_code(), errc::auth_failed);
    EXPECT_THAT(bench.session.last_trouble(), HasSubstr("refuses our SASL credentials"));
    EXPECT_EQ(bench.session.state(), ClientState::connecting);
    connect();
    mechanism(says("hello"));
    EXPECT_EQ(bench.decode_connect().session_id, 77) << "or each attempt would leave one behind";
}

TEST_F(SessionSasl, RefusalOfASessionThatWasUsedGivesItUp) {
    attach();
    bench.session.on_disconnected(bench.now, "reset");
    bench.heard.clear();
    begin();
    server(std::nullopt, ServerError::auth_failed);
    EXPECT_THAT(bench.heard, ElementsAre("SASL failed", "abandoned"));
    EXPECT_EQ(bench.session.evidence().safe_deadline(), Instant::min());
    connect();
    mechanism(says("hello"));
    EXPECT_EQ(bench.decode_connect().session_id, 0);
}

TEST_F(SessionSasl, LostConnectionInTheMiddleIsNoRefusal) {
    attach();
    bench.session.on_disconnected(bench.now, "reset");
    bench.heard.clear();
    begin();
    bench.session.on_disconnected(bench.now, "reset");
    EXPECT_THAT(bench.heard, IsEmpty());
    EXPECT_EQ(bench.session.trouble_code(), errc::no_server);
    EXPECT_EQ(bench.session.state(), ClientState::jeopardy);
    attach();
    EXPECT_THAT(bench.heard, ElementsAre("re-attached"));
}

TEST_F(SessionSasl, LateServer) {
    begin();
    bench.pass(4s);
    EXPECT_FALSE(was_dropped());
    bench.pass(1s);
    EXPECT_TRUE(was_dropped());
    EXPECT_EQ(bench.session.trouble_code(), errc::no_server);
}

TEST_F(SessionSasl, LateMechanism) {
    for (const bool has_begun : {false, true}) {
        connect();
        if (has_begun) {
            mechanism(says("hello"));
            bench.decode_connect();
            bench.greet();
            server("nonce");
        }
        bench.pass(5s);
        EXPECT_TRUE(was_dropped());
        EXPECT_EQ(bench.session.trouble_code(), errc::auth_failed);
        EXPECT_THAT(bench.session.last_trouble(), HasSubstr("KDC"));
        bench.session.outbound().clear();
        mechanism(says("too late"));
        EXPECT_THAT(bench.session.outbound(), IsEmpty());
    }
}

TEST_F(SessionSasl, AnswerOfAnEarlierConnectionIsIgnored) {
    begin();
    server("nonce");
    bench.session.on_disconnected(bench.now, "reset");
    mechanism(is_done());
    EXPECT_THAT(bench.heard, IsEmpty());
    EXPECT_THAT(bench.session.outbound(), IsEmpty());
}

TEST_F(SessionSasl, AnythingButItsNextWordCostsTheConnection) {
    const auto breaks = [this](auto act) {
        begin();
        act();
        EXPECT_TRUE(was_dropped());
        EXPECT_EQ(bench.session.trouble_code(), errc::protocol_error);
        EXPECT_THAT(bench.heard, IsEmpty());
    };
    breaks([&] { answer(bench.sent().back().xid + 1, "nonce"); });
    breaks([&] { bench.answer(wire::ping_xid, 1); });
    breaks([&] { bench.answer(wire::auth_xid, 0); });
    breaks([&] {
        bench.feed(wire::encode_reply(
            wire::ReplyHeader{wire::notification_xid, -1, ServerError::ok},
            wire::WatcherEvent{wire::WatchEventType::deleted, wire::connected_state, "/a"}));
    });
    breaks([&] {
        const std::int32_t xid = bench.sent().back().xid;
        answer(xid, "nonce");
        answer(xid, "again");
    });
    breaks([&] { bench.feed(std::string_view("\0\0\0\2xx", 6)); });
}

TEST_F(SessionSasl, ServerThatSpeaksFirst) {
    connect();
    bench.feed(wire::encode_reply(wire::ReplyHeader{1, 0, ServerError::ok}, wire::SaslToken{}));
    EXPECT_TRUE(was_dropped());
    EXPECT_EQ(bench.session.trouble_code(), errc::protocol_error);
}

// ---- the rest of a session's life ----

TEST_F(SessionSasl, CloseWaitsForItOnlyIfThereIsSomethingToClose) {
    connect();
    bench.session.close(bench.now, bench.now + 1s);
    EXPECT_TRUE(bench.session.is_stopped());
    mechanism(says("too late"));
    EXPECT_THAT(bench.session.outbound(), IsEmpty());
}

TEST_F(SessionSasl, CloseInTheMiddleClosesTheSessionBehindIt) {
    begin();
    bench.session.close(bench.now, bench.now + 1s);
    EXPECT_FALSE(bench.session.is_stopped());
    server("nonce");
    mechanism(says_at_last("digest"));
    server(std::nullopt);
    EXPECT_THAT(ops(bench.sent()), ElementsAre(Opcode::close_session));
}

TEST_F(SessionSasl, CloseAfterARefusalHasNothingToWaitFor) {
    begin();
    bench.session.close(bench.now, bench.now + 1s);
    server(std::nullopt, ServerError::auth_failed);
    EXPECT_TRUE(bench.session.is_stopped());
    EXPECT_TRUE(bench.session.was_closed_cleanly()) << "it never held anything";
}

TEST_F(SessionSasl, CloseOfAGivenUpSessionSaysThatItsNodesStay) {
    attach();
    bench.session.on_disconnected(bench.now, "reset");
    bench.session.close(bench.now, bench.now + 20s);
    begin();
    server(std::nullopt, ServerError::auth_failed);
    EXPECT_TRUE(bench.session.is_stopped());
    EXPECT_FALSE(bench.session.was_closed_cleanly());
}

/// A server may take no request without (enforce.auth.schemes=sasl).
TEST(SessionSaslTrial, GoesBeforeTheTrialToo) {
    ClientOptions options = with_sasl();
    options.server_version = {};
    SessionBench bench(make_settings("zk1", options).value());
    ask_for_version(bench);
    EXPECT_EQ(bench.count<SaslBegin>(), 0u) << "a four-letter word needs none";
    bench.session.on_disconnected(bench.now, "closed");
    bench.session.on_connected(bench.now);
    bench.session.on_sasl(bench.now, says("ticket"));
    bench.decode_connect();
    bench.greet(5, std::string(16, 't'), 2000);
    const auto sent = bench.sent();
    ASSERT_THAT(ops(sent), ElementsAre(Opcode::sasl));
    bench.feed(wire::encode_reply(wire::ReplyHeader{sent.back().xid, 0, ServerError::ok},
                                  wire::SaslToken{"nonce"}));
    bench.session.on_sasl(bench.now, is_done());
    EXPECT_THAT(ops(bench.sent()), ElementsAre(Opcode::create_container));
}

}  // namespace
}  // namespace leasehold::core
