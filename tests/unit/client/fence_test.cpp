// Stale writers are kept out: by a gate, by SQL, and by the server itself.
#include <leasehold/fence.hpp>

#include "tests/unit/client/fixture.hpp"

#include <limits>
#include <optional>
#include <string>

namespace leasehold::testing_client {
namespace {

constexpr auto path = "/orders/42";

TEST(FenceGate, EachHolderIsAdmittedAndTheOnesBeforeItNoMore) {
    FenceGate gate(path);
    EXPECT_TRUE(gate.admit(path, 64));
    EXPECT_TRUE(gate.admit(path, 128));
    const auto late = gate.admit(path, 64);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), errc::stale_token);
    EXPECT_EQ(
        late.error().message(),
        "/orders/42: the resource has seen a newer fencing token: token 64 is older than 128, "
        "which has written already");
    EXPECT_EQ(gate.newest(), 128);
}

TEST(FenceGate, AHoldMayWriteAsOftenAsItLikes) {
    FenceGate gate(path);
    ASSERT_TRUE(gate.admit(path, 64));
    EXPECT_TRUE(gate.admit(path, 64));
}

TEST(FenceGate, NoTokenIsRefusedAlsoByANewGate) {
    for (const std::int64_t none :
         {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
        FenceGate gate(path);
        const auto answer = gate.admit(path, none);
        ASSERT_FALSE(answer) << none;
        EXPECT_EQ(answer.error(), errc::stale_token);
        EXPECT_TRUE(gate.admit(path, 1)) << "unchanged";
    }
}

TEST(FenceGate, AHugeTokenIsATokenLikeAnyOther) {
    FenceGate gate(path);
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    ASSERT_TRUE(gate.admit(path, most));
    EXPECT_FALSE(gate.admit(path, most - 1));
    EXPECT_TRUE(gate.admit(path, most));
}

TEST(FenceGate, ATokenOfAnotherLockIsRefusedHoweverLarge) {
    FenceGate gate(path, 64);
    const auto foreign = gate.admit("/orders/43", 640);
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error(), errc::invalid_argument);
    EXPECT_EQ(gate.newest(), 64);
    EXPECT_TRUE(gate.admit(path, 64));
}

TEST(FenceGate, GoesOnWithWhatWasStored) {
    FenceGate gate(path, 128);
    EXPECT_FALSE(gate.admit(path, 127));
    EXPECT_EQ(gate.lock_path(), path);
}

TEST(FencedUpdate, SetsAndComparesTheToken) {
    EXPECT_EQ(to_sql({.table = "orders", .set = "state = $2", .where = "id = $1", .token = "$3"}),
              "update orders set state = $2, fence = $3 where (id = $1) and fence <= $3");
}

TEST(FencedUpdate, AnAlternativeInItsConditionIsFencedAsAWhole) {
    EXPECT_EQ(to_sql({.table = "t",
                      .set = "a = 1",
                      .where = "id = 1 or id = 2",
                      .token = ":token",
                      .column = "newest"}),
              "update t set a = 1, newest = :token where (id = 1 or id = 2) and newest <= :token");
}

TEST(FencedUpdate, ItsColumnHasNoRoomForWhoHasNoToken) {
    EXPECT_EQ(fence_column_sql(), "fence bigint not null default 1 check (fence > 0)");
    EXPECT_EQ(fence_column_sql("newest"), "newest bigint not null default 1 check (newest > 0)");
}

class Fence : public ServedTest {
protected:
    Client x_client = connect();
    ZooKeeper x_nodes = x_client.zookeeper();

    /// Somebody else deletes the node, and nobody has told us yet.
    void remove_unheard(std::string_view node) {
        x_server.with([&](FakeZooKeeper& zookeeper) { zookeeper.remove({}, std::string(node)); });
    }
};

TEST_F(Fence, AdmitsHoldersOfItsPathByThemselvesAndInsideTheirCalls) {
    FenceGate gate(path);
    std::optional<ScopedLock> before = x_client.lock(path).value();
    ASSERT_TRUE(gate.admit(*before));
    const std::int64_t stale = before->token();
    before.reset();
    const auto lock = x_client.lock(path).value();
    EXPECT_TRUE(
        lock.call([&](const CallContext& context) -> result<void> { return gate.admit(context); }));
    EXPECT_EQ(gate.newest(), lock.token());
    EXPECT_EQ(gate.admit(path, stale).error(), errc::stale_token);
}

TEST_F(Fence, AdmitsASetForEachOfItsPathsAndNoOther) {
    const auto set = x_client.lock_all({"/a", path}).value();
    FenceGate second(path);
    FenceGate other("/b");
    EXPECT_TRUE(second.admit(set));
    EXPECT_EQ(other.admit(set).error(), errc::invalid_argument);
}

TEST_F(Fence, AdmitsNobodyWhoShares) {
    const auto share = x_client.lock_shared(path).value();
    FenceGate gate(path);
    EXPECT_EQ(gate.admit(share).error(), errc::stale_token);
}

TEST_F(Fence, AdmitsLeaders) {
    const auto leadership = x_client.elect(path).value();
    FenceGate gate(path);
    EXPECT_TRUE(gate.admit(leadership));
    EXPECT_EQ(gate.newest(), leadership.token());
}

TEST_F(Fence, AWriteHappensWhileTheLockStands) {
    ASSERT_TRUE(x_nodes.create("/data", "before"));
    const auto lock = x_client.lock(path).value();
    auto writes = fenced_multi(lock).value();
    ASSERT_TRUE(x_nodes.multi(writes.set("/data", "after")));
    EXPECT_EQ(x_nodes.get("/data")->data, "after");
}

TEST_F(Fence, AWriteThatComesAfterTheLocksEndIsRefusedByTheServer) {
    ASSERT_TRUE(x_nodes.create("/data", "before"));
    auto lock = x_client.lock(path).value();
    const std::string node(lock.node());
    auto writes = fenced_multi(lock).value();
    ASSERT_TRUE(lock.release());
    const auto late = x_nodes.multi(writes.set("/data", "after"));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), zk_errc::no_node);
    EXPECT_EQ(late.error().context().path, node);
    EXPECT_EQ(x_nodes.get("/data")->data, "before");
}

TEST_F(Fence, AWriteUnderALockThatSomebodyDeletedIsRefusedBeforeWeHearOfIt) {
    ASSERT_TRUE(x_nodes.create("/data", "before"));
    const auto lock = x_client.lock(path).value();
    auto writes = fenced_multi(lock).value();
    remove_unheard(lock.node());
    EXPECT_EQ(x_nodes.multi(writes.set("/data", "after")).error(), zk_errc::no_node);
    EXPECT_EQ(x_nodes.get("/data")->data, "before");
}

TEST_F(Fence, AWriteUnderASetNeedsAllItsNodes) {
    ASSERT_TRUE(x_nodes.create("/data", "before"));
    const auto set = x_client.lock_all({"/a", "/b", "/c"}).value();
    ASSERT_EQ(set.nodes().size(), 3u);
    EXPECT_EQ(set.node(), set.nodes().front());
    ASSERT_TRUE(set.nodes()[2].starts_with("/c/")) << set.nodes()[2];
    auto writes = fenced_multi(set).value();
    EXPECT_EQ(writes.size(), 3u);
    remove_unheard(set.nodes()[1]);
    const auto late = x_nodes.multi(writes.set("/data", "after"));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().context().path, set.nodes()[1]);
    EXPECT_EQ(x_nodes.get("/data")->data, "before");
}

TEST_F(Fence, AWriteUnderLeadershipHappensWhileItStands) {
    auto leadership = x_client.elect(path).value();
    auto writes = fenced_multi(leadership).value();
    ASSERT_TRUE(x_nodes.multi(writes.create("/data", "ours")));
    EXPECT_EQ(x_nodes.get("/data")->data, "ours");
    ASSERT_TRUE(leadership.resign());
    EXPECT_EQ(fenced_multi(leadership).error(), errc::lock_lost);
}

TEST_F(Fence, NoWriteIsBuiltUnderALockThatEndedOrIsShared) {
    auto lock = x_client.lock(path).value();
    ASSERT_TRUE(lock.release());
    const auto ended = fenced_multi(lock);
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error(), errc::lock_lost);
    EXPECT_EQ(ended.error().context().path, path);
    const auto taken = std::move(lock);
    EXPECT_EQ(fenced_multi(lock).error(), errc::lock_lost);  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(fenced_multi(x_client.lock_shared("/s").value()).error(), errc::invalid_argument);
    EXPECT_EQ(fenced_multi(x_client.lock_upgradable("/u").value()).error(), errc::invalid_argument);
}

TEST_F(Fence, AnUpgradedLockWrites) {
    const auto lock = x_client.lock_upgradable(path).value();
    ASSERT_TRUE(lock.upgrade());
    auto writes = fenced_multi(lock).value();
    EXPECT_TRUE(x_nodes.multi(writes.create("/data", "ours")));
}

}  // namespace
}  // namespace leasehold::testing_client
