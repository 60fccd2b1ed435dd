// Histories of upgrades that wait, each good but for one thing: their answer, the node that they
// wait by, and for whom they do. The observer has to notice it.
#include "tests/sim/observer_upgrade_bench.hpp"

#include <gmock/gmock.h>

namespace leasehold::sim {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// ---- its answer ---------------------------------------------------------------------------------

TEST_F(UpgradeObserverTest, AnsweredTwice_IsNoticed) {
    const auto lease = take();
    begin(2s);
    upgrade(lease, 2s);
    answer(3s);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("is answered twice")));
}

TEST_F(UpgradeObserverTest, AnsweredAfterTheEndOfItsWait_BreaksL5) {
    take();
    share(behind, 1, 1500ms);
    begin(2s, 1s);
    refuse(3011ms);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("L5:"), HasSubstr("late"))));
}

TEST_F(UpgradeObserverTest, AnsweredLateByOneThatCouldNotAct_IsClean) {
    take();
    share(behind, 1, 1500ms);
    begin(2s, 1s);
    observer->on_asleep(first, at(2500ms), at(3500ms));
    refuse(3505ms);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(UpgradeObserverTest, NotAnswered_BreaksL5) {
    take();
    share(behind, 1, 1500ms);
    begin(2s, 1s);
    look(3010ms);
    EXPECT_THAT(violations(), IsEmpty());
    look(3011ms);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("L5:"), HasSubstr("not answered"))));
}

TEST_F(UpgradeObserverTest, NeverAnswered_BreaksL5) {
    const auto lease = take();
    ask_to_upgrade(2s);
    end(lease, 3s, Loss::budget);
    remove(base, 3s);
    observer->on_node_gone(at(3s), first, 1);
    observer->check_rest(at(3s));
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("L5:"), HasSubstr("never answered"))));
}

TEST_F(UpgradeObserverTest, CancelledAndNotAnsweredAtOnce_BreaksL6) {
    take();
    share(behind, 1, 1500ms);
    begin(2s);
    observer->on_cancelled(at(3s), first, 2);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L6:")));
}

TEST_F(UpgradeObserverTest, SaidToShareAgainWhileTheSecondNodeStands_BreaksL15) {
    const auto lease = take();
    begin(2s);
    upgrade(lease, 2s);
    downgrade(lease, 3s, 3);
    confirm(3s, 3);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L15:")));
}

// ---- its second node ----------------------------------------------------------------------------

TEST_F(UpgradeObserverTest, SecondNodeThatNobodyAskedFor_BreaksL6AndS14) {
    take();
    make_alone(2s);
    look(3s);
    EXPECT_THAT(violations(), IsEmpty()) << "it may still be on its way out";
    look(3500ms);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L6, S14:")));
}

TEST_F(UpgradeObserverTest, SecondNodeThatARefusalLeaves_BreaksL6AndS14) {
    take();
    share(behind, 1, 1500ms);
    begin(2s, 1s);
    refuse(3s);
    look(3900ms);
    EXPECT_THAT(violations(), IsEmpty()) << "it may still be on its way out";
    look(4500ms);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L6, S14:")));
}

TEST_F(UpgradeObserverTest, SecondNodeThatOutlivesTheLease_BreaksL6AndS14) {
    const auto lease = take();
    begin(2s);
    upgrade(lease, 2s);
    end(lease, 3s, Loss::released);
    remove(base, 3s);
    observer->on_node_gone(at(3s), first, 1);
    look(4500ms);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L6, S14:")));
}

// ---- for whom it waits --------------------------------------------------------------------------

TEST_F(UpgradeObserverTest, WaitsForNobody_BreaksL2) {
    take();
    begin(2s);
    look(3s);
    EXPECT_THAT(violations(), IsEmpty()) << "it may still be on its way";
    look(3500ms);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("L2:"), HasSubstr(alone))));
}

TEST_F(UpgradeObserverTest, WaitsForAWriterAndAReaderBehindItThatWaitForIt_BreaksL2) {
    take();
    ask(second, 1, 1500ms);
    observer->on_node_created(at(1500ms), writer, second_session, 9);
    come(behind, 2, 1600ms);
    begin(2s);
    look(3500ms);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("L2:"), HasSubstr(alone))));
}

TEST_F(UpgradeObserverTest, WaitsForAnUpgradableThatWaitsForIt_BreaksL2) {
    take();
    ask(second, 1, 1500ms, {.is_shared = true, .is_upgradable = true});
    observer->on_node_created(at(1500ms), "/a/00000000000000b9-up-__READ__0000000004",
                              second_session, 10);
    begin(2s);
    look(3500ms);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("L2:"), HasSubstr(alone))));
}

TEST_F(UpgradeObserverTest, WaitsForAReaderThatSaysThatItWaits_BreaksL2) {
    take();
    come(behind, 1, 1500ms);
    begin(2s);
    say_waits(behind, 2500ms, "5");
    look(3500ms);
    EXPECT_THAT(violations(), IsEmpty()) << "it may not have read that yet";
    look(4s);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("L2:"), HasSubstr(alone))));
}

TEST_F(UpgradeObserverTest, ReaderInsideThePairThatSaysNothing_BreaksL2) {
    take();
    come(behind, 1, 1500ms);
    begin(2s);
    look(3500ms);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("L2:"), HasSubstr("neither holds"),
                                                HasSubstr(behind))));
}

TEST_F(UpgradeObserverTest, ReaderInsideThePairThatSaysThatItWaitsForAnother_BreaksL2) {
    take();
    come(behind, 1, 1500ms);
    begin(2s);
    say_waits(behind, 2s, "7");
    look(3500ms);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("L2:"), HasSubstr("neither holds"))));
}

}  // namespace
}  // namespace leasehold::sim
