// Several acquisitions of one process on one path, and what an old server changes.
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

class LocalQueue : public EngineBench {};

// ---- within one process -------------------------------------------------------------------------

TEST_F(LocalQueue, ThreadsOfOneProcessQueueBehindOneNodeInOrder) {
    const OperationId first = hold(a);
    const OperationId second = queue(a);
    const OperationId third = queue(a);
    EXPECT_EQ(contenders(), 1u);
    a.forget_writes();
    a.release(first);
    EXPECT_NE(a.grant(second), nullptr) << "in the same turn";
    EXPECT_EQ(a.grant(third), nullptr);
    EXPECT_EQ(lock_token(a, second), lock_token(a, first) + 1);
    a.release(second);
    EXPECT_EQ(lock_token(a, third), lock_token(a, first) + 2);
    EXPECT_THAT(a.requests(), IsEmpty());
}

TEST_F(LocalQueue, CapOnLocalGrantsLetsOthersHaveTheirTurn) {
    LockOptions options = default_options();
    options.max_local_grants = 2;
    const OperationId first = hold(a, options);
    const OperationId second = queue(a, options);
    const OperationId third = queue(a, options);
    const OperationId other = queue(b, options);
    a.release(first);
    a.release(second);
    ASSERT_TRUE(answered(b, other));
    EXPECT_NE(b.grant(other), nullptr);
    EXPECT_EQ(a.about<AcquireDone>(third), nullptr);
    b.release(other);
    ASSERT_TRUE(answered(a, third));
    EXPECT_GT(lock_token(a, third), lock_token(b, other));
}

TEST_F(LocalQueue, HolderThatReachedItsBudgetNeverHandsOver) {
    const OperationId first = hold(a, {.wait = 5s, .budget = 1s});
    const OperationId second = queue(a);
    ASSERT_TRUE(answered(a, second));
    EXPECT_EQ(a.about<LeaseEnded>(first)->loss, Loss::budget);
    EXPECT_NE(lock_token(a, second) / 64, lock_token(a, first) / 64);
    EXPECT_EQ(a.stats().local_grants, 0u);
}

TEST_F(LocalQueue, NodeThatIsNotWhatTheNextOneAskedForIsNotHandedOver) {
    const OperationId first = hold(a);
    const OperationId second =
        a.acquire("/q", default_options(), {}, {{wire::perms::read, "world", "anyone"}});
    a.release(first);
    ASSERT_TRUE(answered(a, second));
    EXPECT_EQ(lock_token(a, second) % 64, 0);
}

TEST_F(LocalQueue, TokenThatWouldOverflowIsRefusedToEachWaiterInTurn) {
    support::World far({.first_zxid = std::int64_t{1} << 58});
    EngineDriver& c = far.add();
    c.start();
    const OperationId first = c.acquire("/q", default_options());
    const OperationId second = c.acquire("/q", default_options());
    ASSERT_TRUE(far.run_until([&] { return c.refusal(second) != nullptr; }, 1s));
    EXPECT_EQ(c.refusal(first)->code, errc::unsupported);
    EXPECT_EQ(c.refusal(second)->code, errc::unsupported);
    far.run_for(10ms);
    EXPECT_EQ(far.server.tree().ephemerals(), 0u);
}

// ---- versions -----------------------------------------------------------------------------------

class LockQueueingOn34 : public EngineBench {
protected:
    LockQueueingOn34()
        : EngineBench({.version = {3, 4, 8}}, support::test_settings({.session_timeout = 20s,
                                                                      .tick = 1s,
                                                                      .standalone = true,
                                                                      .server_version = "3.4.8"})) {
    }
};

TEST_F(LockQueueingOn34, MissingParentsAreMadePersistent) {
    const OperationId id = a.acquire("/x/y", default_options());
    ASSERT_TRUE(answered(a, id));
    ASSERT_NE(a.grant(id), nullptr);
    EXPECT_EQ(server.seen(Opcode::create_container).size(), 0u);
    EXPECT_EQ(a.stats().connects, 1u);
}

TEST_F(LockQueueingOn34, WatchIsKeptUntilItFiresAndReused) {
    const OperationId held = hold(a);
    b.cancel(queue(b));
    world.run_for(20ms);
    EXPECT_EQ(server.seen(Opcode::remove_watches).size(), 0u);
    EXPECT_EQ(server.watches().size(), 1u) << "the predecessor's";
    const OperationId id = queue(b);
    EXPECT_EQ(server.watches().size(), 2u);
    a.release(held);
    ASSERT_TRUE(answered(b, id));
    EXPECT_NE(b.grant(id), nullptr);
    b.release(id);
    world.run_for(20ms);
    EXPECT_EQ(server.watches().size(), 0u);
    EXPECT_EQ(b.stats().watches, 0u);
}

TEST(LockQueueChroot, ThatIsMissingIsSaidSo) {
    support::World world;
    Settings settings = support::test_settings();
    settings.servers.chroot = "/shop";
    EngineDriver& client = world.add(settings);
    client.start();
    const OperationId id = client.acquire("/shop/orders", {.wait = 5s, .budget = 10s});
    ASSERT_TRUE(world.run_until([&] { return client.refusal(id) != nullptr; }));
    EXPECT_EQ(client.refusal(id)->code, errc::no_chroot);
    EXPECT_EQ(world.server.tree().find("/shop"), nullptr) << "it is never made by accident";
}

}  // namespace
}  // namespace leasehold::core
