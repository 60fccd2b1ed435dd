// What SASL means for locks: none without it, and none left when it is refused.
#include "tests/unit/core/engine_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Settings sasl_settings() {
    return support::test_settings(
        {.session_timeout = 20s,
         .tick = 1s,
         .standalone = true,
         .server_version = "3.8.0",
         .sasl = {
             .mechanism = SaslMechanism::digest_md5, .user = "shop", .password_env = "UNREAD"}});
}

class EngineSasl : public ::testing::Test {
protected:
    EngineSasl() {
        server.make(world.now(), "/q");
        us.sasl_word = "sesame";
        us.start();
    }

    OperationId acquire(milliseconds wait = 5s) {
        return us.acquire("/q", {.wait = wait, .budget = 10s}, "record");
    }
    bool answered(OperationId id, Duration limit = 60s) {
        return world.run_until([&] { return us.about<AcquireDone>(id) != nullptr; }, limit);
    }
    std::vector<Opcode> written() const {
        std::vector<Opcode> all;
        for (const auto& frame : us.requests()) {
            all.push_back(frame.op);
        }
        return all;
    }

    support::World world{{.sasl_word = "sesame", .requires_sasl = true}};
    support::FakeZooKeeper& server = world.server;
    EngineDriver& us = world.add(sasl_settings());
};

TEST_F(EngineSasl, LocksComeBehindItAndSoDoesWhatIsDueAfterAReconnect) {
    world.run_for(100ms);
    us.submit(wire::GetDataRequest{.path = "/q", .watch = true}, {},
              std::pair{WatchKind::data, std::string("/q")});
    const OperationId id = us.acquire("/q", {.wait = 1s, .budget = 2s});
    ASSERT_TRUE(answered(id));
    ASSERT_NE(us.grant(id), nullptr);
    us.refuses_connects = true;
    us.cut();
    world.run_for(3s);
    us.forget_writes();
    us.refuses_connects = false;
    ASSERT_TRUE(world.run_until([&] { return us.count<NodeGone>(id) == 1; }));
    const auto requests = written();
    ASSERT_GE(requests.size(), 5u);
    EXPECT_EQ((std::vector(requests.begin(), requests.begin() + 5)),
              (std::vector{Opcode::create_session, Opcode::sasl, Opcode::sasl, Opcode::set_watches,
                           Opcode::remove}));
    EXPECT_EQ(us.stats().sessions, 1u);
}

TEST_F(EngineSasl, RefusalEndsWaitsAtOnceAndGrantsNothing) {
    us.sasl_word = "guess";
    const OperationId id = acquire(5s);
    const OperationId raw = us.submit(wire::ExistsRequest{.path = "/q"});
    ASSERT_TRUE(answered(id, 4s));
    ASSERT_NE(us.refusal(id), nullptr);
    EXPECT_EQ(us.refusal(id)->code, errc::auth_failed);
    EXPECT_THAT(us.refusal(id)->what, HasSubstr("refuses our SASL credentials"));
    ASSERT_NE(us.about<RequestDone>(raw), nullptr);
    EXPECT_EQ(us.about<RequestDone>(raw)->reply.error(), errc::auth_failed);
    EXPECT_EQ(us.engine().trouble().error(), errc::auth_failed);
    world.run_for(30s);
    EXPECT_TRUE(server.seen(Opcode::create).empty());
    EXPECT_TRUE(server.seen(Opcode::ping).empty());
    EXPECT_EQ(server.sessions(), 1u) << "whatever the number of attempts";
    us.sasl_word = "sesame";
    const OperationId again = acquire(10s);
    ASSERT_TRUE(answered(again));
    EXPECT_NE(us.grant(again), nullptr);
}

TEST_F(EngineSasl, WithoutATicketWaitsEndInTheirTimeAndSayWhy) {
    us.sasl_word.reset();
    const OperationId id = acquire(2s);
    ASSERT_TRUE(answered(id));
    EXPECT_EQ(us.refusal(id)->code, errc::auth_failed);
    EXPECT_THAT(us.refusal(id)->what, HasSubstr("no ticket"));
    EXPECT_EQ(server.sessions(), 0u);
}

TEST_F(EngineSasl, ServerWithoutSaslGrantsNothing) {
    server.options.sasl_word.clear();
    server.options.requires_sasl = false;
    const OperationId id = acquire(5s);
    ASSERT_TRUE(answered(id));
    EXPECT_EQ(us.refusal(id)->code, errc::auth_failed);
    EXPECT_THAT(us.refusal(id)->what, HasSubstr("goes on without SASL"));
    EXPECT_TRUE(server.seen(Opcode::create).empty());
}

TEST_F(EngineSasl, RefusalAfterAReconnectLosesTheLockAndLeavesItsSessionToExpire) {
    const OperationId id = acquire();
    ASSERT_TRUE(answered(id));
    const std::int64_t session = us.session();
    us.sasl_word = "guess";
    us.cut();
    ASSERT_TRUE(world.run_until([&] { return us.count<LeaseEnded>(id) == 1; }, 5s));
    EXPECT_FALSE(us.is_valid(id));
    EXPECT_EQ(us.about<LeaseEnded>(id)->loss, Loss::auth_failed);
    EXPECT_EQ(us.stats().losses, 1u);
    ASSERT_NE(us.about<NodeGone>(id), nullptr);
    EXPECT_FALSE(us.about<NodeGone>(id)->outcome) << "it is still there";
    EXPECT_TRUE(server.expiry_of(session));
    world.run_for(25s);
    EXPECT_FALSE(server.expiry_of(session)) << "no attempt keeps it alive";
    us.sasl_word = "sesame";
    const OperationId again = acquire(10s);
    ASSERT_TRUE(answered(again));
    EXPECT_NE(us.grant(again), nullptr);
    EXPECT_NE(us.session(), session);
}

TEST_F(EngineSasl, TroubleOfOursAfterAReconnectDoesNotKeepTheLockedNodeAlive) {
    const OperationId id = acquire();
    ASSERT_TRUE(answered(id));
    const std::int64_t session = us.session();
    us.sasl_word.reset();
    us.cut();
    world.run_for(21s);
    EXPECT_EQ(us.count<LeaseEnded>(id), 1u);
    world.run_for(5s);
    EXPECT_FALSE(server.expiry_of(session));
}

TEST_F(EngineSasl, ClientWithoutItIsToldThatTheServerWantsIt) {
    EngineDriver& other = world.add();
    other.start();
    const OperationId id = other.acquire("/q", {.wait = 5s, .budget = 10s}, "record");
    ASSERT_TRUE(world.run_until([&] { return other.about<AcquireDone>(id) != nullptr; }));
    ASSERT_NE(other.refusal(id), nullptr);
    EXPECT_EQ(other.refusal(id)->code, errc::not_permitted);
    EXPECT_THAT(other.refusal(id)->what, HasSubstr("give credentials: sasl, or auth_file"));
}

}  // namespace
}  // namespace leasehold::core
