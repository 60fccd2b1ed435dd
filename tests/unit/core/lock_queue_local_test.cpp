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

class ManyLocalCallers : public LocalQueue {
protected:
    /// Two to a node, and many who wait for it; all of them in the order of their calls.
    void gather(int callers) {
        x_options.wait = 60s;
        x_options.max_local_grants = 2;
        x_ids.push_back(hold(a, x_options));
        for (int i = 1; i < callers; ++i) {
            x_ids.push_back(queue(a, x_options));
        }
    }
    /// Each lets go when it has got it; the server's answers have time to come in between.
    void release_next(int holders) {
        for (int i = 0; i < holders; ++i) {
            ASSERT_TRUE(answered(a, x_ids[x_next]));
            ASSERT_NE(a.grant(x_ids[x_next]), nullptr);
            world.run_for(20ms);
            a.release(x_ids[x_next++]);
        }
    }
    std::int64_t node_of(std::size_t caller) { return lock_token(a, x_ids[caller]) / 64; }

    LockOptions x_options = default_options();
    std::vector<OperationId> x_ids;
    std::size_t x_next = 0;
};

TEST_F(ManyLocalCallers, PassTheNodeOnForAsLongAsNobodyElseWaits) {
    gather(20);
    release_next(20);
    EXPECT_EQ(node_of(0), node_of(1));
    EXPECT_NE(node_of(1), node_of(2)) << "whether anybody else waits is not known yet";
    for (std::size_t i = 3; i < 20; ++i) {
        EXPECT_EQ(node_of(i), node_of(2));
        EXPECT_EQ(lock_token(a, x_ids[i]), lock_token(a, x_ids[i - 1]) + 1);
    }
    EXPECT_EQ(server.seen(Opcode::create).size(), 2u);
}

TEST_F(ManyLocalCallers, LetThoseOfOthersHaveTheirTurnFromTheMomentOnInWhichTheyAreThere) {
    gather(20);
    release_next(8);
    const OperationId other = queue(b);
    a.release(x_ids[x_next++]);
    ASSERT_TRUE(answered(b, other));
    EXPECT_NE(b.grant(other), nullptr);
    EXPECT_EQ(a.about<AcquireDone>(x_ids[x_next]), nullptr);
    b.release(other);
    release_next(static_cast<int>(x_ids.size() - x_next));
}

TEST_F(ManyLocalCallers, HearOfNobodyElseWhereOthersQueueToo) {
    const OperationId other = hold(b);
    x_options.wait = 60s;
    x_options.max_local_grants = 2;
    for (int i = 0; i < 8; ++i) {
        x_ids.push_back(queue(a, x_options));
    }
    EXPECT_FALSE(server.watches().has_child("/q"));
    b.release(other);
    release_next(8);
}

TEST_F(ManyLocalCallers, NodeHasNoMoreGrantsThanTokens) {
    gather(2 + 64 + 1);
    release_next(2 + 64 + 1);
    EXPECT_EQ(node_of(2), node_of(2 + 63));
    EXPECT_NE(node_of(2), node_of(2 + 64));
}

TEST_F(ManyLocalCallers, TakeTheEndOfTheirOwnNodeForNobodyElse) {
    gather(2 + 3 * 64);
    release_next(2 + 3 * 64);
    for (std::size_t node = 0; node < 3; ++node) {
        EXPECT_EQ(node_of(2 + 64 * node), node_of(2 + 64 * node + 63));
    }
    EXPECT_EQ(server.seen(Opcode::create).size(), 4u);
    world.run_for(20ms);
    EXPECT_FALSE(server.watches().has_child("/q"));
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
