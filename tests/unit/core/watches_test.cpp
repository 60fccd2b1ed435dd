// Which events wake whom, and what is left on the server when nobody waits any more.
#include "sdk/core/watches.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using wire::WatchEventType;
using Arming = WatchRegistry::Arming;

constexpr OperationId lane = 0;
constexpr OperationId other_lane = 7;

wire::WatcherEvent event(WatchEventType type, const std::string& path = "/a") {
    return {type, wire::connected_state, path};
}

TEST(Watches, EventForAPathThatNobodyArmedWakesNobody) {
    WatchRegistry watches;
    EXPECT_FALSE(watches.on_event(event(WatchEventType::deleted)));
    watches.add(1, WatchKind::child, "/a");
    EXPECT_FALSE(watches.on_event(event(WatchEventType::data_changed)));
    EXPECT_FALSE(watches.on_event(event(WatchEventType::deleted, "/b")));
    EXPECT_FALSE(watches.on_event(event(static_cast<WatchEventType>(99))));
    EXPECT_EQ(watches.armed(), 1u);
}

TEST(Watches, EachEventUsesUpItsOwnTable) {
    struct Case {
        WatchEventType type;
        std::vector<OperationId> fired;
    };
    for (const Case& each :
         {Case{WatchEventType::created, {1, 2}}, Case{WatchEventType::data_changed, {1, 2}},
          Case{WatchEventType::children_changed, {3}}, Case{WatchEventType::deleted, {1, 2, 3}}}) {
        WatchRegistry watches;
        watches.add(1, WatchKind::data, "/a");
        watches.add(2, WatchKind::exist, "/a");
        watches.add(3, WatchKind::child, "/a");
        const auto fired = watches.on_event(event(each.type));
        ASSERT_TRUE(fired);
        EXPECT_EQ(fired->watches, each.fired);
        EXPECT_FALSE(fired->was_for_lock);
        EXPECT_EQ(watches.size(), 3 - each.fired.size());
        EXPECT_FALSE(watches.on_event(event(each.type))) << "one-shot";
    }
}

TEST(Watches, LockIsWokenByItsArmedWatchOnce) {
    WatchRegistry watches;
    const auto ticket = watches.arm_for_lock("/a", lane);
    EXPECT_EQ(watches.confirm("/a", ticket, true), Arming::done);
    EXPECT_EQ(watches.armed(), 1u);
    const auto fired = watches.on_event(event(WatchEventType::deleted));
    ASSERT_TRUE(fired);
    EXPECT_TRUE(fired->was_for_lock);
    EXPECT_FALSE(watches.on_event(event(WatchEventType::deleted)));
    EXPECT_EQ(watches.armed(), 0u);
}

TEST(Watches, EventThatOvertakesItsArmingIsNoWakeUpButAsksToLookAgain) {
    WatchRegistry watches;
    const auto ticket = watches.arm_for_lock("/a", lane);
    EXPECT_FALSE(watches.on_event(event(WatchEventType::deleted)));
    EXPECT_EQ(watches.confirm("/a", ticket, true), Arming::spent);
    const auto again = watches.arm_for_lock("/a", lane);
    EXPECT_EQ(watches.confirm("/a", again, false), Arming::done);
    EXPECT_EQ(watches.armed(), 0u);
}

TEST(Watches, AbsentNodeLeavesNoWatch) {
    WatchRegistry watches;
    EXPECT_EQ(watches.confirm("/a", watches.arm_for_lock("/a", lane), false), Arming::done);
    EXPECT_EQ(watches.armed(), 0u);
    EXPECT_FALSE(watches.drop_for_lock("/a", lane, true));
}

TEST(Watches, DroppedWatchIsRemovedOnTheServer) {
    WatchRegistry watches;
    EXPECT_EQ(watches.confirm("/a", watches.arm_for_lock("/a", lane), true), Arming::done);
    const auto request = watches.drop_for_lock("/a", lane, true);
    ASSERT_TRUE(request);
    EXPECT_EQ(*request, (wire::RemoveWatchesRequest{"/a", wire::WatcherType::data}));
    EXPECT_EQ(watches.armed(), 0u);
    EXPECT_FALSE(watches.drop_for_lock("/a", lane, true));
}

TEST(Watches, WatchThatIsDroppedBeforeItsAnswerIsRemovedToo) {
    WatchRegistry watches;
    const auto ticket = watches.arm_for_lock("/a", lane);
    EXPECT_TRUE(watches.drop_for_lock("/a", lane, true));
    EXPECT_EQ(watches.confirm("/a", ticket, true), Arming::spent);
    EXPECT_EQ(watches.armed(), 0u);
}

TEST(Watches, ServerThatCannotRemoveKeepsTheWatchUntilItFires) {
    WatchRegistry watches;
    EXPECT_EQ(watches.confirm("/a", watches.arm_for_lock("/a", lane), true), Arming::done);
    EXPECT_FALSE(watches.drop_for_lock("/a", lane, false));
    EXPECT_EQ(watches.armed(), 1u);
    const auto fired = watches.on_event(event(WatchEventType::deleted));
    ASSERT_TRUE(fired);
    EXPECT_FALSE(fired->was_for_lock);
    EXPECT_EQ(watches.armed(), 0u);
}

TEST(Watches, KeptWatchWakesTheNextContenderThatNeedsIt) {
    WatchRegistry watches;
    EXPECT_EQ(watches.confirm("/a", watches.arm_for_lock("/a", lane), true), Arming::done);
    EXPECT_FALSE(watches.drop_for_lock("/a", lane, false));
    const auto ticket = watches.arm_for_lock("/a", lane);
    EXPECT_EQ(watches.confirm("/a", ticket, true), Arming::done);
    EXPECT_TRUE(watches.on_event(event(WatchEventType::deleted))->was_for_lock);
}

TEST(Watches, OneWatchServesAllLanesUntilTheLastOneLosesInterest) {
    WatchRegistry watches;
    const auto first = watches.arm_for_lock("/a", lane);
    const auto second = watches.arm_for_lock("/a", other_lane);
    EXPECT_EQ(watches.confirm("/a", first, true), Arming::superseded);
    EXPECT_FALSE(watches.drop_for_lock("/a", other_lane, true)) << "the first lane still waits";
    EXPECT_EQ(watches.confirm("/a", second, true), Arming::done);
    EXPECT_EQ(watches.armed(), 1u);
    EXPECT_FALSE(watches.drop_for_lock("/a", other_lane, true)) << "it has no interest any more";
    EXPECT_TRUE(watches.drop_for_lock("/a", lane, true));
    EXPECT_EQ(watches.armed(), 0u);
}

TEST(Watches, EventAfterTheFirstOfSeveralArmingsIsToldAsWhatItIs) {
    WatchRegistry watches;
    const auto first = watches.arm_for_lock("/a", lane);
    const auto second = watches.arm_for_lock("/a", other_lane);
    EXPECT_EQ(watches.confirm("/a", first, true), Arming::superseded);
    const auto fired = watches.on_event(event(WatchEventType::data_changed));
    ASSERT_TRUE(fired) << "else nobody knows how the node went";
    EXPECT_TRUE(fired->was_for_lock);
    EXPECT_EQ(watches.confirm("/a", second, true), Arming::spent);
}

TEST(Watches, EventThatOvertakesTheLastOfSeveralArmingsAsksToLookAgain) {
    WatchRegistry watches;
    const auto first = watches.arm_for_lock("/a", lane);
    const auto second = watches.arm_for_lock("/a", other_lane);
    EXPECT_FALSE(watches.on_event(event(WatchEventType::deleted)));
    EXPECT_EQ(watches.confirm("/a", first, true), Arming::superseded);
    EXPECT_FALSE(watches.drop_for_lock("/a", other_lane, true));
    EXPECT_EQ(watches.confirm("/a", second, true), Arming::spent);
}

TEST(Watches, KeptWatchOfAnAbsentNodeIsForgottenWhenTheServerSaysSo) {
    WatchRegistry watches;
    const auto first = watches.arm_for_lock("/a", lane);
    EXPECT_FALSE(watches.drop_for_lock("/a", lane, false));
    EXPECT_EQ(watches.confirm("/a", first, false), Arming::spent);
    EXPECT_EQ(watches.armed(), 0u);
    // The same with the next contender already asking.
    const auto second = watches.arm_for_lock("/a", lane);
    EXPECT_FALSE(watches.drop_for_lock("/a", lane, false));
    const auto third = watches.arm_for_lock("/a", lane);
    EXPECT_EQ(watches.confirm("/a", second, false), Arming::superseded);
    EXPECT_EQ(watches.confirm("/a", third, false), Arming::done);
    EXPECT_EQ(watches.armed(), 0u);
}

TEST(Watches, LockAndUserShareOneEntryAndNeitherTakesItFromTheOther) {
    WatchRegistry watches;
    EXPECT_EQ(watches.confirm("/a", watches.arm_for_lock("/a", lane), true), Arming::done);
    watches.add(1, WatchKind::data, "/a");
    EXPECT_EQ(watches.armed(), 1u);
    EXPECT_FALSE(watches.drop_for_lock("/a", lane, true)) << "the user still needs it";
    EXPECT_THAT(watches.on_event(event(WatchEventType::data_changed))->watches, ElementsAre(1u));

    EXPECT_EQ(watches.confirm("/a", watches.arm_for_lock("/a", lane), true), Arming::done);
    watches.add(2, WatchKind::data, "/a");
    EXPECT_FALSE(watches.remove(2)) << "the lock still needs it";
    EXPECT_TRUE(watches.on_event(event(WatchEventType::deleted))->was_for_lock);
}

TEST(Watches, LastUserOfATableTakesTheServersEntryAway) {
    WatchRegistry watches;
    watches.add(1, WatchKind::data, "/a");
    watches.add(2, WatchKind::exist, "/a");
    watches.add(3, WatchKind::child, "/a");
    EXPECT_FALSE(watches.remove(1));
    EXPECT_EQ(*watches.remove(2), (wire::RemoveWatchesRequest{"/a", wire::WatcherType::data}));
    EXPECT_EQ(*watches.remove(3), (wire::RemoveWatchesRequest{"/a", wire::WatcherType::children}));
    EXPECT_FALSE(watches.remove(3));
    EXPECT_EQ(watches.size(), 0u);
    EXPECT_EQ(watches.armed(), 0u);
}

TEST(Watches, NewConnectionRestoresTheUsersWatchesAndForgetsTheLocks) {
    WatchRegistry watches;
    watches.add(1, WatchKind::data, "/a");
    watches.add(2, WatchKind::exist, "/b");
    watches.add(3, WatchKind::child, "/c");
    EXPECT_EQ(watches.confirm("/d", watches.arm_for_lock("/d", lane), true), Arming::done);
    watches.on_detached();
    EXPECT_EQ(watches.armed(), 0u);
    const auto packets = watches.restore(77);
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(packets[0].relative_zxid, 77);
    EXPECT_THAT(packets[0].data_watches, ElementsAre("/a"));
    EXPECT_THAT(packets[0].exist_watches, ElementsAre("/b"));
    EXPECT_THAT(packets[0].child_watches, ElementsAre("/c"));
    EXPECT_EQ(watches.armed(), 3u);
    EXPECT_FALSE(watches.on_event(event(WatchEventType::deleted, "/d")));
}

TEST(Watches, RestoringIsCutIntoPacketsThatNoServerRefuses) {
    WatchRegistry watches;
    constexpr std::size_t paths = 500;
    for (OperationId id = 1; id <= paths; ++id) {
        watches.add(id, WatchKind::data, "/" + std::string(1000, 'x') + std::to_string(id));
    }
    watches.on_detached();
    std::size_t restored = 0;
    const auto packets = watches.restore(1);
    EXPECT_GE(packets.size(), 4u);
    for (const auto& packet : packets) {
        std::size_t bytes = 0;
        for (const std::string& path : packet.data_watches) {
            bytes += path.size();
        }
        EXPECT_LE(bytes, 128u * 1024u);
        restored += packet.data_watches.size();
    }
    EXPECT_EQ(restored, paths);
}

TEST(Watches, NothingToRestoreIsNoPacket) {
    WatchRegistry watches;
    EXPECT_THAT(watches.restore(1), IsEmpty());
}

TEST(Watches, EndingAllTellsEveryUserOfTheSession) {
    WatchRegistry watches;
    watches.add(1, WatchKind::data, "/a");
    watches.add(2, WatchKind::child, "/b");
    EXPECT_THAT(watches.end_all(),
                UnorderedElementsAre(std::pair<OperationId, std::string>{1, "/a"},
                                     std::pair<OperationId, std::string>{2, "/b"}));
    EXPECT_EQ(watches.size(), 0u);
    EXPECT_EQ(watches.armed(), 0u);
}

}  // namespace
}  // namespace leasehold::core
