// Histories of upgradable holders that become exclusive, each good but for one thing: who is beside
// them, what they were before, and their token. The observer has to notice it.
#include "tests/sim/observer_upgrade_bench.hpp"

#include <gmock/gmock.h>

namespace leasehold::sim {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST_F(UpgradeObserverTest, AloneWhenTheReadersHaveGone_AndSharedAgain_IsClean) {
    const auto one = share(ahead, 1, 200ms);
    const auto lease = take();
    const auto two = share(behind, 2, 1500ms);
    begin(2s);
    come(late, 3, 2500ms);
    look(4s);
    leave(two, 2, 4s);
    leave(one, 1, 4500ms);
    upgrade(lease, 4500ms);
    look(6500ms);
    downgrade(lease, 7s, 3);
    remove(alone, 7s);
    confirm(7s, 3);
    const auto three = grant(second, 3, 7s, 10s, 0, late);
    ask_to_upgrade(7s, 5s, 4);
    observer->on_node_created(at(7s), alone_again, first_session, 13);
    look(8500ms);
    leave(three, 3, 8500ms);
    lease->be_alone(7 * 64 + 2);
    answer(8500ms, 4);
    end(lease, 9s, Loss::released);
    remove(alone_again, 9s);
    remove(base, 9s);
    observer->on_node_gone(at(9s), first, 1);
    observer->check_rest(at(10s));
    EXPECT_THAT(violations(), IsEmpty());
    EXPECT_EQ(tally.of(Deed::upgraded), 2u);
    EXPECT_EQ(tally.of(Deed::upgrade_refused), 0u);
}

TEST_F(UpgradeObserverTest, RefusedAndGone_IsClean) {
    const auto lease = take();
    const auto reader = share(behind, 1, 1500ms);
    begin(2s, 1s);
    refuse(3s);
    remove(alone, 3s);
    look(5s);
    EXPECT_TRUE(reader->word.deadline() > at(5s) && lease->word.deadline() > at(5s));
    EXPECT_THAT(violations(), IsEmpty());
    EXPECT_EQ(tally.of(Deed::upgrade_refused), 1u);
    EXPECT_EQ(tally.of(Deed::upgraded), 0u);
}

// ---- who is beside it ---------------------------------------------------------------------------

TEST_F(UpgradeObserverTest, SecondUpgradableBesideTheFirst_BreaksS5) {
    take();
    const std::string other = "/a/00000000000000b9-up-__READ__0000000004";
    ask(second, 1, 2s, {.is_shared = true, .is_upgradable = true});
    observer->on_node_created(at(2s), other, second_session, 10);
    grant(second, 1, 2s, 8s, 0, other)->kind = LockKind::upgradable;
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:")));
}

TEST_F(UpgradeObserverTest, WhileAReaderStandsAhead_BreaksS5) {
    come(ahead, 1, 200ms);
    const auto lease = take();
    begin(2s);
    upgrade(lease, 3s);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("S5:"), HasSubstr(ahead))));
}

TEST_F(UpgradeObserverTest, BesideAValidReaderBehind_BreaksS1) {
    const auto lease = take();
    share(behind, 1, 1500ms);
    begin(2s);
    upgrade(lease, 3s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S1:")));
}

TEST_F(UpgradeObserverTest, ReaderInsideThePairThatIsGrantedBesideIt_BreaksS1) {
    const auto lease = take();
    come(behind, 1, 1500ms);
    begin(2s);
    say_waits(behind, 2s, "5");
    upgrade(lease, 2500ms);
    EXPECT_THAT(violations(), IsEmpty());
    grant(second, 1, 3s, 8s, 0, behind);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S1:")));
}

TEST_F(UpgradeObserverTest, LaterReaderThatIsGrantedWhileItWaits_BreaksS5) {
    take();
    share(behind, 1, 1500ms);
    begin(2s);
    share(late, 2, 3s);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("S5:"), HasSubstr(alone))));
}

// ---- what is upgraded ---------------------------------------------------------------------------

TEST_F(UpgradeObserverTest, OfAPlainShare_BreaksS5) {
    ask(first, 1, 500ms, {.is_shared = true});
    observer->on_node_created(at(900ms), "/a/00000000000000a1-__READ__0000000002", first_session,
                              7);
    grant(first, 1, 1s, 11s, 0, "/a/00000000000000a1-__READ__0000000002");
    begin(2s);
    answer(3s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:")));
}

TEST_F(UpgradeObserverTest, OfOneThatIsAloneAlready_BreaksS5) {
    const auto lease = take();
    begin(2s);
    upgrade(lease, 2s);
    ask_to_upgrade(3s, 5s, 3);
    answer(3s, 3);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:")));
}

TEST_F(UpgradeObserverTest, TwoAtOnce_BreaksS5) {
    const auto lease = take();
    begin(2s);
    ask_to_upgrade(2s, 5s, 3);
    lease->be_alone(7 * 64 + 1);
    observer->on_upgraded(at(3s), first, {3, std::nullopt});
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:")));
}

TEST_F(UpgradeObserverTest, OfOneThatHasEnded_BreaksS5) {
    const auto lease = take();
    begin(2s);
    end(lease, 3s, Loss::budget);
    answer(3s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:")));
}

TEST_F(UpgradeObserverTest, WithoutTheSecondNode_BreaksS2) {
    const auto lease = take();
    ask_to_upgrade(2s);
    upgrade(lease, 3s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:")));
}

TEST_F(UpgradeObserverTest, OnSomebodyElsesSecondNode_BreaksS2) {
    const auto lease = take();
    ask_to_upgrade(2s);
    observer->on_node_created(at(2s), "/a/00000000000000c1-w1-__WRIT__0000000005", second_session,
                              11);
    upgrade(lease, 3s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:")));
}

TEST_F(UpgradeObserverTest, WithoutTheFirstNode_BreaksS2) {
    const auto lease = take();
    begin(2s);
    observer->on_node_deleted(at(2500ms), base, first_session);
    upgrade(lease, 3s);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("is gone while the lease is valid"),
                                          AllOf(StartsWith("S2:"), HasSubstr("without both"))));
}

TEST_F(UpgradeObserverTest, WithoutItsNodesWhereOthersDeleteThem_IsClean) {
    build({.locks = {"/a"}, .has_foreign_deletes = true});
    const auto lease = take();
    ask_to_upgrade(2s);
    upgrade(lease, 3s);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(UpgradeObserverTest, SecondNodeGoneWhileItIsAlone_BreaksS2) {
    const auto lease = take();
    begin(2s);
    upgrade(lease, 2s);
    observer->on_node_deleted(at(3s), alone, first_session);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:")));
}

TEST_F(UpgradeObserverTest, DeleteOfTheSecondNodeWhileItIsAlone_BreaksS9) {
    const auto lease = take();
    begin(2s);
    upgrade(lease, 2s);
    observer->on_delete_written(at(3s), first, alone);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S9:")));
}

// ---- its token ----------------------------------------------------------------------------------

TEST_F(UpgradeObserverTest, TokenOfAnotherTransaction_BreaksS6) {
    const auto lease = take();
    begin(2s);
    upgrade(lease, 3s, 11 * 64 + 1);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("S6:"), HasSubstr("does not rise"))));
}

TEST_F(UpgradeObserverTest, TokenOfTheUpgradeBefore_BreaksS6) {
    const auto lease = take();
    begin(2s);
    upgrade(lease, 2s);
    downgrade(lease, 3s, 3);
    remove(alone, 3s);
    confirm(3s, 3);
    begin(4s);
    EXPECT_THAT(violations(), IsEmpty());
    upgrade(lease, 4s);
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("S6:"), HasSubstr("does not rise"))));
}

TEST_F(UpgradeObserverTest, AloneWithoutAToken_BreaksS6) {
    const auto lease = take();
    begin(2s);
    upgrade(lease, 2s);
    lease->token = 0;
    observer->check(at(3s));
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("S6:"), HasSubstr("has no token"))));
}

TEST_F(UpgradeObserverTest, TokenBeforeItIsAlone_BreaksS6) {
    const auto lease = take();
    begin(2s);
    lease->be_alone(7 * 64 + 1);
    observer->check(at(2500ms));
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("S6:"), HasSubstr("has a token"))));
}

TEST_F(UpgradeObserverTest, TokenThatStaysWhenItSharesAgain_BreaksS6) {
    const auto lease = take();
    begin(2s);
    upgrade(lease, 2s);
    observer->on_downgrade_asked(at(3s), first, 3, 1);
    observer->check(at(3s));
    EXPECT_THAT(violations(), ElementsAre(AllOf(StartsWith("S6:"), HasSubstr("has a token"))));
}

}  // namespace
}  // namespace leasehold::sim
