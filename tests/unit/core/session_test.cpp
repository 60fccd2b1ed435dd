// The life of a session over its connections: opened, re-attached, expired, closed.
#include "tests/unit/core/session_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string password(16, 'p');

TEST(Session, AsksForANewSessionAndNeverForAReadOnlyOne) {
    SessionBench bench;
    const wire::ConnectRequest request = bench.dial();
    EXPECT_EQ(request.session_id, 0);
    EXPECT_EQ(request.last_zxid_seen, 0);
    EXPECT_EQ(request.timeout_ms, 20'000);
    EXPECT_EQ(request.password, std::string(16, '\0'));
    EXPECT_EQ(request.read_only, false);
    EXPECT_FALSE(bench.session.is_attached());
    bench.greet();
    EXPECT_TRUE(bench.session.is_attached());
    EXPECT_EQ(bench.session.id(), 77);
    EXPECT_THAT(bench.heard, ElementsAre("attached"));
}

TEST(Session, ReattachShowsTheSameIdPasswordAndTimeoutAndTheLastZxid) {
    SessionBench bench;
    bench.attach();
    bench.answer(bench.ask(), 123);
    bench.session.on_disconnected(bench.now, "reset");
    const wire::ConnectRequest request = bench.dial();
    EXPECT_EQ(request.session_id, 77);
    EXPECT_EQ(request.password, password);
    EXPECT_EQ(request.timeout_ms, 20'000);
    EXPECT_EQ(request.last_zxid_seen, 123);
    bench.greet();
    EXPECT_THAT(bench.heard, ElementsAre("attached", "detached", "re-attached"));
}

TEST(Session, XidsNeverRestartOnANewConnection) {
    SessionBench bench;
    bench.attach();
    bench.sent();
    const std::int32_t first = bench.ask();
    bench.session.on_disconnected(bench.now, "reset");
    EXPECT_THAT(bench.answers, ElementsAre(make_error_code(errc::connection_lost).message()));
    bench.attach();
    EXPECT_GT(bench.ask(), first);
}

TEST(Session, AnotherIdOrPasswordOnReattachIsAnExpiredSessionNeverAdopted) {
    for (const auto& [id, secret] : {std::pair{std::int64_t{78}, password},
                                     std::pair{std::int64_t{77}, std::string(16, 'q')}}) {
        SessionBench bench;
        bench.attach();
        bench.session.on_disconnected(bench.now, "reset");
        bench.dial();
        bench.greet(id, secret);
        EXPECT_THAT(bench.heard, ElementsAre("attached", "detached", "expired"));
        EXPECT_FALSE(bench.session.is_attached());
        EXPECT_EQ(bench.session.id(), 0);
        EXPECT_EQ(bench.session.evidence().safe_deadline(), Instant::min());
        EXPECT_EQ(bench.dial().session_id, 0);
    }
}

TEST(Session, ExpiryIsWhatTheServerSaysOnReattach) {
    SessionBench bench;
    bench.attach();
    bench.session.on_disconnected(bench.now, "reset");
    bench.dial();
    bench.greet(0, std::string(16, '\0'), 0);
    EXPECT_THAT(bench.heard, ElementsAre("attached", "detached", "expired"));
    const wire::ConnectRequest request = bench.dial();
    EXPECT_EQ(request.session_id, 0);
    EXPECT_EQ(request.password, std::string(16, '\0'));
}

TEST(Session, EndOfTheStreamIsNoExpiry) {
    SessionBench bench;
    bench.attach();
    for (int i = 0; i < 5; ++i) {
        bench.session.on_disconnected(bench.now, "closed");
        EXPECT_EQ(bench.dial().session_id, 77);
    }
    EXPECT_THAT(bench.heard, ElementsAre("attached", "detached"));
}

TEST(Session, ReadOnlyServerIsRefused) {
    SessionBench bench;
    bench.dial();
    bench.feed(wire::encode_frame(wire::ConnectResponse{
        .timeout_ms = 20'000, .session_id = 5, .password = password, .read_only = true}));
    EXPECT_TRUE(bench.was_dropped());
    EXPECT_EQ(bench.session.id(), 0);
    // 3.7 and later without local sessions refuse with a bare header.
    bench.dial();
    bench.feed(wire::encode_reply(wire::ReplyHeader{0, 9, static_cast<wire::ServerError>(-119)}));
    EXPECT_FALSE(bench.session.is_attached());
    EXPECT_THAT(bench.heard, IsEmpty());
}

TEST(Session, ConnectResponsesThatNoServerSendsAreRefused) {
    for (const auto& response :
         {wire::ConnectResponse{.timeout_ms = -1, .session_id = 5, .password = password},
          wire::ConnectResponse{.timeout_ms = 100, .session_id = 0, .password = password},
          wire::ConnectResponse{.timeout_ms = 100, .session_id = 5, .password = "short"},
          wire::ConnectResponse{
              .timeout_ms = 100, .session_id = 5, .password = std::string(17, 'p')}}) {
        SessionBench bench;
        bench.dial();
        bench.feed(wire::encode_frame(response));
        EXPECT_TRUE(bench.was_dropped());
        EXPECT_EQ(bench.session.trouble_code(), errc::protocol_error);
        EXPECT_THAT(bench.heard, IsEmpty());
    }
}

TEST(Session, LargerTimeoutThanAskedCountsForNothing) {
    SessionBench bench;
    bench.dial();
    bench.greet(77, password, 60'000);
    EXPECT_EQ(bench.session.evidence().session_timeout(), Duration{20s});
}

TEST(Session, SmallerTimeoutOnReattachShortensAtOnceAndForEver) {
    SessionBench bench;
    bench.attach();
    const Instant before = bench.session.evidence().safe_deadline();
    bench.session.on_disconnected(bench.now, "reset");
    bench.dial();
    bench.greet(77, password, 5'000);
    EXPECT_LT(bench.session.evidence().safe_deadline(), before);
    bench.session.on_disconnected(bench.now, "reset");
    bench.attach();
    EXPECT_EQ(bench.session.evidence().session_timeout(), Duration{5s});
}

TEST(Session, PingsEveryHalfTickWhateverElseIsIdle) {
    SessionBench bench;
    bench.attach();
    EXPECT_THAT(ops(bench.sent()), ElementsAre(wire::Opcode::ping));
    for (int i = 0; i < 5; ++i) {
        bench.answer(wire::ping_xid, 5);
        EXPECT_EQ(bench.session.next_wakeup(), bench.now + 500ms);
        bench.pass(499ms);
        EXPECT_THAT(bench.sent(), IsEmpty());
        bench.pass(1ms);
        EXPECT_THAT(ops(bench.sent()), ElementsAre(wire::Opcode::ping));
    }
}

TEST(Session, AnsweredPingMovesTheDeadlineByItsSendTime) {
    SessionBench bench;
    bench.attach();
    bench.answer(wire::ping_xid, 5);
    bench.pass(500ms);
    const Instant sent = bench.now;
    bench.pass(300ms);
    bench.answer(wire::ping_xid, 5);
    EXPECT_EQ(bench.session.evidence().newest(), sent);
}

TEST(Session, SilentServerIsGivenUpAfterAThirdOfTheTimeout) {
    SessionBench bench;
    bench.attach();
    const Instant heard = bench.now;
    while (bench.session.is_attached()) {
        bench.now = bench.session.next_wakeup();
        bench.session.on_time(bench.now);
        ASSERT_LE(bench.now, heard + 7s);
    }
    EXPECT_GE(bench.now, heard + 6s);
    EXPECT_EQ(bench.session.id(), 77) << "the session itself may live on";
}

TEST(Session, ServerThatAnswersPingsOnlyIsGivenUpAsWell) {
    SessionBench bench;
    bench.attach();
    bench.answer(wire::ping_xid, 5);
    bench.ask();
    const Instant asked = bench.now;
    while (bench.session.is_attached()) {
        bench.now = bench.session.next_wakeup();
        bench.session.on_time(bench.now);
        ASSERT_LE(bench.now, asked + 7s);
        for (const SessionBench::Frame& frame : bench.sent()) {
            if (frame.op == wire::Opcode::ping) {
                bench.answer(wire::ping_xid, 5);
            }
        }
    }
    EXPECT_GE(bench.now, asked + 6s);
    EXPECT_EQ(bench.answers.size(), 1u);
}

TEST(Session, LongReplyMayTakeItsTime) {
    SessionBench bench;
    bench.attach();
    const std::int32_t xid = bench.ask(wire::GetDataRequest{.path = "/a"});
    const std::string reply = wire::encode_reply(wire::ReplyHeader{xid, 5},
                                                 wire::GetDataReply{.data = std::string(20, 'x')});
    for (const char byte : reply) {
        bench.pass(1s);
        bench.feed({&byte, 1});
    }
    EXPECT_TRUE(bench.session.is_attached());
    EXPECT_EQ(bench.answers.size(), 1u);
}

TEST(Session, XidsBeginAnewBehindTheLastOneAndAreNeverReserved) {
    EXPECT_EQ(xid_after(0), 1);
    EXPECT_EQ(xid_after(0x7ffffffe), 0x7fffffff);
    EXPECT_EQ(xid_after(0x7fffffff), 1);
}

TEST(Session, ServerThatNeverGreetsIsGivenUpAfterTheConnectTimeout) {
    SessionBench bench;
    bench.dial();
    bench.pass(bench.settings.connect_timeout);
    EXPECT_TRUE(bench.was_dropped());
}

TEST(Session, ClosesWithAReply) {
    SessionBench bench;
    bench.attach();
    bench.sent();
    bench.session.close(bench.now, bench.now + 1s);
    const auto frames = bench.sent();
    EXPECT_THAT(ops(frames), ElementsAre(wire::Opcode::close_session));
    bench.answer(frames[0].xid, 9);
    EXPECT_TRUE(bench.session.is_stopped());
    EXPECT_TRUE(bench.session.was_closed_cleanly());
    EXPECT_EQ(bench.count<Closed>(), 1u);
    EXPECT_EQ(bench.session.next_wakeup(), Instant::max());
}

TEST(Session, CloseWhoseReplyIsLostAsksAgainWhetherTheSessionIsGone) {
    SessionBench bench;
    bench.attach();
    bench.session.close(bench.now, bench.now + 5s);
    bench.session.on_disconnected(bench.now, "closed");
    EXPECT_FALSE(bench.session.is_stopped());
    EXPECT_EQ(bench.dial().session_id, 77);
    bench.greet(0, std::string(16, '\0'), 0);
    EXPECT_TRUE(bench.session.was_closed_cleanly());
    EXPECT_EQ(bench.count<Closed>(), 1u);
}

TEST(Session, CloseThatDidNotArriveIsSentAgain) {
    SessionBench bench;
    bench.session.add_auth({"digest", Secret("user:password")});
    bench.attach();
    bench.session.close(bench.now, bench.now + 5s);
    (void)bench.sent();
    bench.session.on_disconnected(bench.now, "reset");
    bench.dial();
    bench.greet();
    const auto frames = bench.sent();
    EXPECT_THAT(ops(frames), ElementsAre(wire::Opcode::auth, wire::Opcode::close_session))
        << "a server may take no request without credentials, not even this one";
    bench.answer(frames[1].xid, 9);
    EXPECT_TRUE(bench.session.was_closed_cleanly());
}

TEST(Session, CloseWhileDisconnectedReattachesToClose) {
    SessionBench bench;
    bench.attach();
    bench.session.on_disconnected(bench.now, "reset");
    bench.session.close(bench.now, bench.now + 5s);
    EXPECT_EQ(bench.dial().session_id, 77);
    bench.greet();
    EXPECT_THAT(ops(bench.sent()), ElementsAre(wire::Opcode::close_session));
    EXPECT_THAT(bench.heard, ElementsAre("attached", "detached")) << "nobody may send any more";
}

TEST(Session, CloseOfASessionThatExpiredMeanwhileIsDone) {
    SessionBench bench;
    bench.attach();
    bench.session.on_disconnected(bench.now, "reset");
    bench.session.close(bench.now, bench.now + 5s);
    bench.dial();
    bench.greet(0, std::string(16, '\0'), 0);
    EXPECT_TRUE(bench.session.was_closed_cleanly());
}

TEST(Session, CloseEndsAtItsDeadlineWhateverTheServerDoes) {
    SessionBench bench;
    bench.attach();
    bench.session.close(bench.now, bench.now + 1s);
    EXPECT_LE(bench.session.next_wakeup(), bench.now + 1s);
    bench.pass(1s);
    EXPECT_TRUE(bench.session.is_stopped());
    EXPECT_FALSE(bench.session.was_closed_cleanly());
    EXPECT_EQ(bench.count<Closed>(), 1u);
}

TEST(Session, CloseBeforeThereIsASessionIsDoneAtOnce) {
    SessionBench bench;
    bench.session.start(bench.now);
    bench.session.close(bench.now, bench.now + 1s);
    EXPECT_TRUE(bench.session.was_closed_cleanly());
    EXPECT_EQ(bench.session.next_wakeup(), Instant::max());
}

TEST(Session, CloseWhileTheSessionIsBeingOpenedOpensNoSecondOne) {
    SessionBench bench;
    bench.dial();
    bench.session.close(bench.now, bench.now + 60s);
    bench.session.on_disconnected(bench.now, "reset");
    EXPECT_TRUE(bench.session.is_stopped()) << "a second session would only be closed again";
}

// ---- the version probe --------------------------------------------------------------------------

TEST(Session, AsksTheServersVersionOnAConnectionOfItsOwn) {
    SessionBench bench(unknown_version());
    bench.session.start(bench.now);
    bench.session.on_resolved(bench.now, {{"10.0.0.1", 2181}});
    bench.session.on_connected(bench.now);
    EXPECT_EQ(std::exchange(bench.session.outbound(), {}), "srvr");
    bench.feed("Zookeeper version: 3.6.1-x, built on 1\nMode: standalone\n");
    EXPECT_EQ(bench.count<Disconnect>(), 1u);
    EXPECT_EQ(bench.count<Connect>(), 2u);
    EXPECT_FALSE(bench.session.is_attached());
    bench.session.on_connected(bench.now);
    EXPECT_EQ(bench.decode_connect().session_id, 0);
    bench.greet();
    EXPECT_TRUE(bench.session.server_version().has_containers());
}

TEST(Session, ConnectionBehindTheQuestionWaitsForTheRateCap) {
    Settings settings = unknown_version();
    settings.max_connects_per_second = 1;
    SessionBench bench(settings);
    bench.session.start(bench.now);
    bench.session.on_resolved(bench.now, {{"10.0.0.1", 2181}});
    bench.session.on_connected(bench.now);
    bench.session.outbound().clear();
    bench.feed("Zookeeper version: 3.6.1-x, built on 1\nMode: standalone\n");
    EXPECT_EQ(bench.count<Connect>(), 1u);
    const Instant allowed = bench.session.next_wakeup();
    EXPECT_GT(allowed, bench.now + 1s);
    bench.pass(allowed - bench.now);
    EXPECT_EQ(bench.count<Connect>(), 2u);
    bench.session.on_connected(bench.now);
    EXPECT_EQ(bench.decode_connect().session_id, 0) << "the version is known: this one attaches";
}

TEST(Session, RefusedQuestionCostsOneTrialSessionThatHoldsNothing) {
    for (const bool knows_containers : {true, false}) {
        SessionBench bench(unknown_version());
        bench.session.start(bench.now);
        bench.session.on_resolved(bench.now, {{"10.0.0.1", 2181}});
        bench.session.on_connected(bench.now);
        bench.session.outbound().clear();
        bench.session.on_disconnected(bench.now, "closed");  // not in the whitelist
        ASSERT_EQ(bench.count<Connect>(), 2u);
        bench.session.on_connected(bench.now);
        bench.decode_connect();
        bench.greet(5, std::string(16, 't'), 2000);
        EXPECT_FALSE(bench.session.is_attached());
        const auto trial = bench.sent();
        ASSERT_THAT(ops(trial), ElementsAre(wire::Opcode::create_container));
        if (knows_containers) {
            bench.answer(trial[0].xid, 4, wire::ServerError::no_node);
            EXPECT_THAT(ops(bench.sent()), ElementsAre(wire::Opcode::close_session));
        } else {
            bench.answer(trial[0].xid, -1, wire::ServerError::unimplemented);
        }
        bench.session.on_disconnected(bench.now, "closed");
        ASSERT_EQ(bench.count<Connect>(), 3u);
        bench.session.on_connected(bench.now);
        EXPECT_EQ(bench.decode_connect().session_id, 0);
        bench.greet();
        EXPECT_EQ(bench.session.server_version().has_containers(), knows_containers);
        EXPECT_THAT(bench.heard, ElementsAre("attached"));
        EXPECT_EQ(bench.session.id(), 77);
    }
}

TEST(Session, KnownVersionIsNeitherAskedNorTried) {
    SessionBench bench;
    EXPECT_EQ(bench.dial().session_id, 0);
    EXPECT_EQ(bench.count<Connect>(), 1u);
    EXPECT_EQ(bench.session.server_version(), (ServerVersion{3, 8, 0}));
}

}  // namespace
}  // namespace leasehold::core
