// Bad histories of delays after a hold that was not released: the observer has to notice each.
#include "tests/sim/observer_bench.hpp"

#include <gmock/gmock.h>

namespace leasehold::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The first client holds node 1 and asks for a delay of two seconds; the second waits behind it.
class ObserverOfDelays : public ObserverTest {
protected:
    ObserverOfDelays() {
        build({.locks = {"/a"}, .longest_delay = 2s});
        ask(first, 1, 500ms, {.lock_delay = 2s});
        observer->on_node_created(at(900ms), node_one, first_session, 7);
        lease = grant(first, 1, 1s, 11s, 7 * 64, node_one);
        ask(second, 1, 1500ms);
        observer->on_node_created(at(1600ms), node_two, second_session, 8);
        observer->on_watch_written(at(1650ms), second, node_one);
        observer->on_watch_armed(at(1700ms), second, node_one, 2s);
    }
    void crash() {
        observer->on_gone(first);
        observer->on_node_deleted(at(3s), node_one, 0);
        observer->on_notified(at(3010ms), second, node_one);
    }
    void grant_second(Duration when) { grant(second, 1, when, 11s, 8 * 64, node_two); }

    std::shared_ptr<core::Lease> lease;
};

TEST_F(ObserverOfDelays, GrantAfterTheDelayIsRight) {
    crash();
    grant_second(5s);
    EXPECT_THAT(violations(), IsEmpty());
    EXPECT_EQ(tally.of(Deed::held_back), 1u);
}

TEST_F(ObserverOfDelays, GrantBeforeItIsNot) {
    crash();
    grant_second(4900ms);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("S24")));
}

TEST_F(ObserverOfDelays, ReleaseDelaysNobody) {
    end(lease, 3s, Loss::released);
    observer->on_delete_written(at(3s), first, node_one, true);
    observer->on_node_deleted(at(3010ms), node_one, first_session, true);
    grant_second(3020ms);
    observer->on_node_gone(at(3030ms), first, 1);
    EXPECT_THAT(violations(), IsEmpty());
    EXPECT_EQ(tally.of(Deed::released_with_mark), 1u);
}

TEST_F(ObserverOfDelays, ReleaseThatDoesNotSaySoIsWrong) {
    end(lease, 3s, Loss::released);
    observer->on_delete_written(at(3s), first, node_one, false);
    observer->on_node_gone(at(3030ms), first, 1);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("as if it had not been released")));
}

TEST_F(ObserverOfDelays, OverrunThatPassesForAReleaseIsWrong) {
    end(lease, 3s, Loss::budget);
    observer->on_delete_written(at(3s), first, node_one, true);
    observer->on_node_gone(at(3030ms), first, 1);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("as if it had been released")));
}

TEST_F(ObserverOfDelays, WaiterThatKnowsMayNotLeaveBeforeItIsOver) {
    crash();
    observer->on_delete_written(at(4s), second, node_two, true);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("before its delay is over")));
}

TEST_F(ObserverOfDelays, WaiterThatLeavesBeforeItKnowsIsRight) {
    observer->on_gone(first);
    observer->on_node_deleted(at(3s), node_one, 0);
    observer->on_delete_written(at(3s), second, node_two, true);
    observer->on_notified(at(3010ms), second, node_one);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ObserverOfDelays, WhoseWatchWasUsedUpIsNotExpectedToKnow) {
    observer->on_data_set(at(3s), node_one, "", first_session);
    crash();
    grant_second(3020ms);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ObserverOfDelays, OwnOverrunDelaysTheSameProcess) {
    ask(first, 2, 2s, {.lock_delay = 2s});
    observer->on_node_deleted(at(2s), node_two, second_session);
    end(lease, 3s, Loss::budget);
    observer->on_node_deleted(at(3010ms), node_one, first_session);
    const std::string node_three = "/a/z-lock-0000000003";
    observer->on_node_created(at(3020ms), node_three, first_session, 9);
    grant(first, 2, 3100ms, 11s, 9 * 64, node_three);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("own process")));
}

TEST_F(ObserverOfDelays, NoGrantLongAfterAReleaseIsALostWakeUp) {
    end(lease, 3s, Loss::released);
    observer->on_node_deleted(at(3010ms), node_one, first_session, true);
    observer->on_delete_written(at(3s), first, node_one, true);
    observer->check_progress(at(4500ms), {Condition::disturbed, Condition::calm}, 1s);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("L2")));
}

TEST_F(ObserverOfDelays, NoGrantDuringTheDelayIsNone) {
    crash();
    observer->check_progress(at(4500ms), {Condition::disturbed, Condition::calm}, 1s);
    EXPECT_THAT(violations(), IsEmpty());
    observer->check_progress(at(6500ms), {Condition::disturbed, Condition::calm}, 1s);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("L2")));
}

/// A set of the second client, on this path and another, waits behind the holder.
class ObserverOfDelaysOfSets : public ObserverTest {
protected:
    ObserverOfDelaysOfSets() {
        build({.locks = {"/a", "/b"}, .longest_delay = 2s});
        ask(first, 1, 500ms, {.lock_delay = 2s});
        observer->on_node_created(at(900ms), node_one, first_session, 7);
        grant(first, 1, 1s, 11s, 7 * 64, node_one);
        observer->on_asked(at(1500ms), second, 1, {.path = "/b", .more_paths = {"/a"}}, 5s);
        observer->on_node_created(at(1600ms), node_on_b, second_session, 8);
        observer->on_node_created(at(1600ms), node_two, second_session, 8);
        observer->on_watch_written(at(1650ms), second, node_one);
        observer->on_watch_armed(at(1700ms), second, node_one, 2s);
        observer->on_gone(first);
        observer->on_node_deleted(at(3s), node_one, 0);
        observer->on_notified(at(3010ms), second, node_one);
    }
    const std::string node_on_b = "/b/y-lock-0000000001";
};

TEST_F(ObserverOfDelaysOfSets, GrantAfterTheDelayOnItsSecondPathIsRight) {
    grant(second, 1, 5s, 11s, 8 * 64, node_on_b);
    EXPECT_THAT(violations(), IsEmpty());
    EXPECT_EQ(tally.of(Deed::held_back), 1u);
}

TEST_F(ObserverOfDelaysOfSets, GrantBeforeItIsNot) {
    grant(second, 1, 4900ms, 11s, 8 * 64, node_on_b);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("S24")));
}

TEST_F(ObserverOfDelaysOfSets, NoGrantDuringTheDelayIsNoneOnEitherPath) {
    observer->check_progress(at(4500ms), {Condition::disturbed, Condition::calm}, 1s);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ObserverOfDelaysOfSets, WaiterThatKnowsMayNotLeaveBeforeItIsOver) {
    observer->on_delete_written(at(4s), second, node_on_b, true);
    observer->on_delete_written(at(4s), second, node_two, true);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("before its delay is over")));
}

}  // namespace
}  // namespace leasehold::sim
