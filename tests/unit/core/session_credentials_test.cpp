#include "tests/unit/core/session_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SessionCredentials, CredentialsAreTheFirstBytesOnEachConnection) {
    SessionBench bench;
    bench.session.add_auth({"digest", Secret("a:1")});
    bench.session.add_auth({"digest", Secret("b:2")});
    for (int i = 0; i < 2; ++i) {
        bench.attach();
        const auto frames = ops(bench.sent());
        ASSERT_GE(frames.size(), 2u);
        EXPECT_EQ(frames[0], wire::Opcode::auth);
        EXPECT_EQ(frames[1], wire::Opcode::auth);
        bench.session.on_disconnected(bench.now, "reset");
    }
}

TEST(SessionCredentials, CredentialsAddedLaterAreSentAtOnce) {
    SessionBench bench;
    bench.attach();
    bench.sent();
    bench.session.add_auth({"digest", Secret("a:1")});
    EXPECT_THAT(ops(bench.sent()), ElementsAre(wire::Opcode::auth));
    bench.answer(wire::auth_xid, 0, wire::ServerError::auth_failed);
    EXPECT_THAT(bench.heard, ElementsAre("attached", "auth failed"));
}

/// A server answers them beside its pipeline, and touches no session: only a ping does.
TEST(SessionCredentials, PutOffNoPing) {
    SessionBench bench;
    bench.attach();
    const Instant due = bench.session.evidence().next_ping();
    bench.pass(100ms);
    bench.session.add_auth({"digest", Secret("a:1")});
    EXPECT_EQ(bench.session.evidence().next_ping(), due);
}

TEST(SessionCredentials, CredentialsOfTheSettingsAreThereFromTheStart) {
    Settings settings = support::test_settings();
    settings.credentials.push_back({"digest", Secret("a:1")});
    SessionBench bench(settings);
    EXPECT_TRUE(bench.session.has_credentials());
    for (int i = 0; i < 2; ++i) {
        bench.attach();
        EXPECT_THAT(ops(bench.sent()), ElementsAre(wire::Opcode::auth, wire::Opcode::ping));
        bench.session.on_disconnected(bench.now, "reset");
    }
}

/// A server may take no request without credentials (enforce.auth of 3.7 and newer).
TEST(SessionCredentials, CredentialsGoBeforeTheTrial) {
    SessionBench bench(unknown_version());
    bench.session.add_auth({"digest", Secret("a:1")});
    ask_for_version(bench);
    bench.session.on_disconnected(bench.now, "closed");
    bench.session.on_connected(bench.now);
    bench.decode_connect();
    bench.greet(5, std::string(16, 't'), 2000);
    EXPECT_THAT(ops(bench.sent()), ElementsAre(wire::Opcode::auth, wire::Opcode::create_container));
}

TEST(SessionCredentials, PingThatIsRefusedForWantOfCredentialsIsNoEvidence) {
    SessionBench bench;
    bench.attach();
    const Instant before = bench.session.evidence().safe_deadline();
    bench.pass(100ms);
    bench.answer(wire::ping_xid, 0, wire::ServerError::session_closed_require_auth);
    EXPECT_EQ(bench.session.evidence().safe_deadline(), before);
    EXPECT_TRUE(bench.was_dropped());
    EXPECT_THAT(bench.heard, ElementsAre("attached", "auth failed", "detached"));
    EXPECT_EQ(bench.session.trouble_code(), errc::not_permitted);
}

TEST(SessionTls, FailureIsSaidAsSuch) {
    SessionBench bench(unknown_version());
    ask_for_version(bench);
    // With TLS 1.3 a refusal comes behind the handshake.
    bench.session.on_disconnected(bench.now, "our certificate is refused", errc::tls_failed);
    EXPECT_EQ(bench.count<Connect>(), 1u) << "no trial, no attach: it would be refused as well";
    EXPECT_EQ(bench.session.trouble_code(), errc::tls_failed);
    EXPECT_EQ(bench.session.last_trouble(), "10.0.0.1:2181: our certificate is refused");
    EXPECT_THAT(bench.heard, IsEmpty());
}

}  // namespace
}  // namespace leasehold::core
