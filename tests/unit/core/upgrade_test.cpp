// An upgradable holder becomes exclusive: whom it waits for, who waits for it, and what becomes of
// both nodes.
#include "sdk/core/recipe.hpp"
#include "sdk/core/record_marks.hpp"
#include "tests/unit/core/engine_bench.hpp"

#include <chrono>
#include <string>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// One field of contender.proto, so that a record of these tests can be read as one of ours.
constexpr std::string_view own_record =
    "\x3a\x05"
    "tests";

class Upgrade : public EngineBench {
protected:
    using EngineBench::EngineBench;

    OperationId ask(EngineDriver& who, LockKind kind, LockOptions options = default_options()) {
        return who.acquire(Recipe{kind}, "/q", options, std::string(own_record));
    }
    OperationId take(EngineDriver& who, LockKind kind, LockOptions options = default_options()) {
        const OperationId id = ask(who, kind, options);
        EXPECT_TRUE(answered(who, id));
        EXPECT_NE(who.grant(id), nullptr);
        return id;
    }
    OperationId wait(EngineDriver& who, LockKind kind) {
        const OperationId id = ask(who, kind);
        world.run_for(20ms);
        EXPECT_EQ(who.about<AcquireDone>(id), nullptr);
        return id;
    }
    bool is_answered(EngineDriver& who, OperationId upgrade) {
        return world.run_until([&] { return who.about<UpgradeDone>(upgrade) != nullptr; });
    }
    bool is_upgraded(EngineDriver& who, OperationId lease) {
        const OperationId id = who.upgrade(lease, 5s);
        return is_answered(who, id) && !who.about<UpgradeDone>(id)->refusal;
    }
    std::error_code refusal_of(EngineDriver& who, OperationId upgrade) {
        EXPECT_TRUE(is_answered(who, upgrade));
        const auto& refusal = who.about<UpgradeDone>(upgrade)->refusal;
        return refusal ? refusal->code : std::error_code{};
    }
    /// The one whose name has this in it.
    std::string node_with(std::string_view text) {
        for (const std::string& child : server.tree().find("/q")->children) {
            if (child.find(text) != std::string::npos) {
                return "/q/" + child;
            }
        }
        return {};
    }
    LockKind kind_of_lease(EngineDriver& who, OperationId lease) {
        return who.grant(lease)->lease->kind;
    }
};

TEST_F(Upgrade, UpgradableSharesWithReadersButNotWithItsKind) {
    const OperationId reader = take(a, LockKind::shared);
    const OperationId first = take(a, LockKind::upgradable);
    const OperationId late = take(b, LockKind::shared);
    const OperationId second = wait(b, LockKind::upgradable);
    EXPECT_TRUE(a.is_valid(reader) && a.is_valid(first) && b.is_valid(late));
    EXPECT_EQ(lock_token(a, first), 0);
    EXPECT_EQ(kind_of_lease(a, first), LockKind::upgradable);
    a.release(first);
    ASSERT_TRUE(answered(b, second));
    EXPECT_NE(b.grant(second), nullptr);
}

TEST_F(Upgrade, AloneItTakesOneRoundTripAndATokenOfItsOwn) {
    const OperationId lease = take(a, LockKind::upgradable);
    a.forget_writes();
    ASSERT_TRUE(is_upgraded(a, lease));
    EXPECT_EQ(kind_of_lease(a, lease), LockKind::exclusive);
    const std::int64_t token = lock_token(a, lease);
    EXPECT_GT(token, 0);
    EXPECT_EQ(contenders(), 2u);
    EXPECT_THAT(a.requests()[0].path, HasSubstr("-w1-__WRIT__"));
    a.release(lease);
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 0u);
    EXPECT_GT(lock_token(b, hold(b)), token);
}

TEST_F(Upgrade, WaitsForReadersAheadAndBehindAndNotForItself) {
    const OperationId ahead = take(b, LockKind::shared);
    const OperationId lease = take(a, LockKind::upgradable);
    const OperationId behind = take(b, LockKind::shared);
    const OperationId upgrade = a.upgrade(lease, 5s);
    world.run_for(20ms);
    EXPECT_EQ(a.about<UpgradeDone>(upgrade), nullptr);
    const OperationId later = wait(b, LockKind::shared);
    b.release(behind);
    world.run_for(20ms);
    EXPECT_EQ(a.about<UpgradeDone>(upgrade), nullptr) << "the one ahead still holds";
    b.release(ahead);
    EXPECT_FALSE(refusal_of(a, upgrade));
    EXPECT_EQ(b.about<AcquireDone>(later), nullptr) << "it came after the upgrade";
    a.release(lease);
    ASSERT_TRUE(answered(b, later));
    EXPECT_NE(b.grant(later), nullptr);
}

TEST_F(Upgrade, PassesTheWritersThatWaitAndTheReadersBehindThem) {
    const OperationId lease = take(a, LockKind::upgradable);
    const OperationId writer = wait(b, LockKind::exclusive);
    const OperationId reader = wait(b, LockKind::shared);
    ASSERT_TRUE(is_upgraded(a, lease)) << "they wait for it: that would be a deadlock";
    const std::int64_t token = lock_token(a, lease);
    a.release(lease);
    ASSERT_TRUE(answered(b, writer));
    EXPECT_GT(lock_token(b, writer), token);
    b.release(writer);
    ASSERT_TRUE(answered(b, reader));
    EXPECT_NE(b.grant(reader), nullptr);
}

TEST_F(Upgrade, ReaderWhoseWriterGivesUpSeesThePairAndWaits) {
    const OperationId lease = take(a, LockKind::upgradable);
    const OperationId writer = wait(b, LockKind::exclusive);
    const OperationId reader = wait(b, LockKind::shared);
    ASSERT_TRUE(is_upgraded(a, lease));
    b.cancel(writer);
    world.run_for(50ms);
    EXPECT_EQ(b.about<AcquireDone>(reader), nullptr) << "granted beside an exclusive hold";
    a.downgrade(lease);
    ASSERT_TRUE(answered(b, reader));
    EXPECT_NE(b.grant(reader), nullptr);
    EXPECT_TRUE(a.is_valid(lease));
}

TEST_F(Upgrade, ReaderThatWaitsInsideThePairSaysSoToTheNextUpgrade) {
    const OperationId lease = take(a, LockKind::upgradable);
    const OperationId other = take(b, LockKind::shared);
    const OperationId writer = wait(b, LockKind::exclusive);
    const OperationId reader = wait(b, LockKind::shared);
    const OperationId upgrade = a.upgrade(lease, 5s);
    world.run_for(20ms);
    b.cancel(writer);
    world.run_for(50ms);
    a.cut();  // it lists anew, and finds no writer in front of the reader any more
    world.run_for(50ms);
    EXPECT_EQ(b.about<AcquireDone>(reader), nullptr);
    b.release(other);
    EXPECT_FALSE(refusal_of(a, upgrade)) << "each would wait for the other";
    a.release(lease);
    ASSERT_TRUE(answered(b, reader));
    EXPECT_NE(b.grant(reader), nullptr);
}

TEST_F(Upgrade, ReaderInsideThePairWaitsAlsoBehindADowngradedHolder) {
    const OperationId holder = take(b, LockKind::exclusive);
    const OperationId downgrade = b.downgrade(holder);
    ASSERT_TRUE(world.run_until([&] { return b.about<DowngradeDone>(downgrade) != nullptr; }));
    const OperationId lease = take(a, LockKind::upgradable);
    const OperationId writer = wait(a, LockKind::exclusive);
    const OperationId reader = wait(b, LockKind::shared);
    const OperationId upgrade = a.upgrade(lease, 5s);
    world.run_for(20ms);
    a.cancel(writer);
    world.run_for(50ms);
    EXPECT_EQ(b.about<AcquireDone>(reader), nullptr) << "the upgrade does not wait for it";
    b.release(holder);
    EXPECT_FALSE(refusal_of(a, upgrade));
    EXPECT_EQ(b.about<AcquireDone>(reader), nullptr);
    a.release(lease);
    ASSERT_TRUE(answered(b, reader));
    EXPECT_NE(b.grant(reader), nullptr);
}

TEST_F(Upgrade, ReaderInsideThePairWritesItsMarkBack) {
    const OperationId lease = take(a, LockKind::upgradable);
    const OperationId writer = wait(b, LockKind::exclusive);
    const OperationId reader = wait(b, LockKind::shared);
    ASSERT_TRUE(is_upgraded(a, lease));
    b.cancel(writer);
    world.run_for(50ms);
    const std::string node = node_with("0000000002");
    const std::string marked = std::string(own_record) + wait_mark(*sequence_of(node_with("-w1-")));
    EXPECT_EQ(server.tree().find(node)->data, marked);
    server.write(world.now(), node, std::string(curator_revocation));
    world.run_for(50ms);
    EXPECT_EQ(server.tree().find(node)->data, with_request(marked));
    a.release(lease);
    ASSERT_TRUE(answered(b, reader));
    EXPECT_THAT(b.all<YieldAsked>(), SizeIs(1)) << "it was asked before";
}

TEST_F(Upgrade, HolderIsAskedOnceWhicheverOfItsNodesIsWrittenTo) {
    const OperationId lease =
        take(a, LockKind::upgradable, {.wait = 1s, .budget = 10s, .watch_own_node = true});
    ASSERT_TRUE(is_upgraded(a, lease));
    world.run_for(20ms);
    for (const std::string_view which : {"-w1-", "-up-"}) {
        server.write(world.now(), node_with(which), std::string(curator_revocation));
        world.run_for(20ms);
        EXPECT_EQ(server.tree().find(node_with(which))->data, with_request(own_record));
        ASSERT_THAT(a.all<YieldAsked>(), SizeIs(1));
    }
    EXPECT_EQ(a.all<YieldAsked>().front().lease, lease);
}

TEST_F(Upgrade, FailureKeepsTheShare) {
    const OperationId lease = take(a, LockKind::upgradable);
    const OperationId reader = take(b, LockKind::shared);
    EXPECT_EQ(refusal_of(a, a.upgrade(lease, 0ms)), errc::wait_expired);
    EXPECT_EQ(refusal_of(a, a.upgrade(lease, 100ms)), errc::wait_expired);
    const OperationId cancelled = a.upgrade(lease, 5s);
    world.run_for(20ms);
    a.cancel(cancelled);
    EXPECT_EQ(refusal_of(a, cancelled), errc::cancelled);
    world.run_for(20ms);
    EXPECT_TRUE(a.is_valid(lease));
    EXPECT_EQ(kind_of_lease(a, lease), LockKind::upgradable);
    EXPECT_EQ(contenders(), 2u) << "nothing of them is left";
    b.release(reader);
    EXPECT_TRUE(is_upgraded(a, lease));
}

TEST_F(Upgrade, DowngradeAndUpgradeAgainTakesAHigherToken) {
    const OperationId lease = take(a, LockKind::upgradable);
    ASSERT_TRUE(is_upgraded(a, lease));
    const std::int64_t token = lock_token(a, lease);
    const OperationId downgrade = a.downgrade(lease);
    EXPECT_EQ(lock_token(a, lease), 0);
    ASSERT_TRUE(world.run_until([&] { return a.about<DowngradeDone>(downgrade) != nullptr; }));
    EXPECT_TRUE(a.about<DowngradeDone>(downgrade)->outcome);
    EXPECT_EQ(contenders(), 1u);
    EXPECT_EQ(kind_of_lease(a, lease), LockKind::upgradable);
    ASSERT_TRUE(is_upgraded(a, lease));
    EXPECT_GT(lock_token(a, lease), token);
}

TEST_F(Upgrade, OfWhatIsNotUpgradableWritesNothing) {
    const OperationId share = take(a, LockKind::shared);
    a.forget_writes();
    EXPECT_EQ(refusal_of(a, a.upgrade(share, 1s)), errc::invalid_argument);
    EXPECT_TRUE(a.requests().empty());
    a.release(share);
    world.run_for(20ms);
    const OperationId holder = hold(a);
    EXPECT_EQ(refusal_of(a, a.upgrade(holder, 1s)), errc::invalid_argument);
    a.release(holder);
    EXPECT_EQ(refusal_of(a, a.upgrade(holder, 1s)), errc::lock_lost);
}

TEST_F(Upgrade, TwiceAtOnceIsRefused) {
    const OperationId lease = take(a, LockKind::upgradable);
    take(b, LockKind::shared);
    a.upgrade(lease, 5s);
    EXPECT_EQ(refusal_of(a, a.upgrade(lease, 5s)), errc::invalid_argument);
}

TEST_F(Upgrade, EndOfTheLeaseAnswersIt) {
    const OperationId lease = take(a, LockKind::upgradable, {.wait = 1s, .budget = 1s});
    take(b, LockKind::shared);
    EXPECT_EQ(refusal_of(a, a.upgrade(lease, 30s)), errc::budget_exceeded);
    world.run_for(50ms);
    EXPECT_EQ(contenders(), 1u);
}

TEST_F(Upgrade, ReconnectKeepsBothNodes) {
    const OperationId lease = take(a, LockKind::upgradable);
    ASSERT_TRUE(is_upgraded(a, lease));
    const std::int64_t token = lock_token(a, lease);
    a.cut();
    world.run_for(1s);
    EXPECT_TRUE(a.is_valid(lease));
    EXPECT_EQ(lock_token(a, lease), token);
    EXPECT_EQ(contenders(), 2u);
}

TEST_F(Upgrade, DeletedExclusiveNodeEndsTheLease) {
    const OperationId lease = take(a, LockKind::upgradable);
    ASSERT_TRUE(is_upgraded(a, lease));
    world.run_for(20ms);
    remove(node_with("-w1-"));
    ASSERT_TRUE(world.run_until([&] { return a.about<LeaseEnded>(lease) != nullptr; }));
    EXPECT_EQ(a.about<LeaseEnded>(lease)->loss, Loss::node_deleted);
    world.run_for(50ms);
    EXPECT_EQ(contenders(), 0u);
}

/// It is decided on the I/O thread, which has heartbeats to write. If each reader were compared
/// with all others, so many would take from seconds to minutes.
TEST(UpgradeOfMany, ReadersInItsWayAreFoundInTime) {
    constexpr int readers = 20'000;
    std::vector<std::string> names;
    for (int number = 0; number <= readers + 1; ++number) {
        const std::string digits = std::to_string(number);
        const std::string kind = number == 0         ? "-up-__READ__"
                                 : number <= readers ? "-__READ__"
                                                     : "-w1-__WRIT__";
        names.push_back("00000000000000a1" + kind + std::string(10 - digits.size(), '0') + digits);
    }
    const Listing listing = read_listing(names);
    const Recipe recipe{.kind = LockKind::exclusive,
                        .base = std::string(listing.queue.front().name)};
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_THAT(recipe.blockers(listing.queue.back(), listing), SizeIs(readers));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

}  // namespace
}  // namespace leasehold::core
