// Histories of holders that become ones who share, made by hand: the observer has to notice what is
// wrong.
#include "tests/sim/observer_bench.hpp"

#include <gmock/gmock.h>

namespace leasehold::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class DowngradeObserverTest : public ObserverTest {
protected:
    void downgrade(const std::shared_ptr<core::Lease>& lease, Duration when) {
        observer->on_downgrade_asked(at(when), first, 2, 1);
        lease->share(LockKind::shared);
    }
    void mark(Duration when) {
        observer->on_data_set(at(when), node_one, "record" + mark_text, first_session);
    }
    void confirm(Duration when) { observer->on_downgraded(at(when), first, 2, success()); }
    std::shared_ptr<core::Lease> share(Duration when) {
        ask(second, 1, when, {.is_shared = true});
        observer->on_node_created(at(when), reader, second_session, 8);
        return grant(second, 1, when, when + 8s, 0, reader);
    }
    void look(Duration when) {
        observer->check_progress(at(when), std::vector<Condition>(2, Condition::calm), 1s);
    }

    const std::string mark_text = "r\x01\x31";
    const std::string reader = "/a/y-__READ__0000000002";
};

TEST_F(DowngradeObserverTest, ReaderAfterTheMark_IsClean) {
    downgrade(hold(), 2s);
    mark(3s);
    confirm(3s);
    share(4s);
    look(6s);
    EXPECT_THAT(violations(), IsEmpty());
    EXPECT_EQ(tally.of(Deed::downgraded), 1u);
    EXPECT_EQ(tally.of(Deed::shared_after_downgrade), 1u);
}

TEST_F(DowngradeObserverTest, ReaderBeforeTheMark_BreaksS5) {
    downgrade(hold(), 2s);
    share(3s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:")));
}

TEST_F(DowngradeObserverTest, ReaderThatIsNotLetIn_BreaksL2) {
    downgrade(hold(), 2s);
    ask(second, 1, 2s, {.is_shared = true});
    observer->on_node_created(at(2s), reader, second_session, 8);
    mark(3s);
    confirm(3s);
    look(3500ms);
    EXPECT_THAT(violations(), IsEmpty()) << "it may still be on its way";
    look(5s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L2:")));
}

TEST_F(DowngradeObserverTest, ReaderThatCannotReadTheMarkAnyMore_IsClean) {
    downgrade(hold(), 2s);
    mark(3s);
    confirm(3s);
    observer->on_data_set(at(3s), node_one, "revoke", third_session);
    ask(second, 1, 4s, {.is_shared = true});
    observer->on_node_created(at(4s), reader, second_session, 8);
    look(6s);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(DowngradeObserverTest, MarkOfOneWhoIsStillAlone_BreaksS1) {
    hold();
    mark(3s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S1:")));
}

TEST_F(DowngradeObserverTest, TokenThatStays_BreaksS6) {
    hold();
    observer->on_downgrade_asked(at(2s), first, 2, 1);
    observer->check(at(2s));
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S6:")));
}

TEST_F(DowngradeObserverTest, ConfirmedBeforeItIsWritten_BreaksL15) {
    downgrade(hold(), 2s);
    confirm(3s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L15:")));
}

TEST_F(DowngradeObserverTest, NeverConfirmed_BreaksL15) {
    downgrade(hold(), 2s);
    mark(2s);
    look(4s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L15:")));
}

TEST_F(DowngradeObserverTest, RefusedWhileTheLeaseLives_BreaksL15) {
    downgrade(hold(), 2s);
    observer->on_downgraded(at(3s), first, 2, errc::lock_lost);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L15:")));
}

TEST_F(DowngradeObserverTest, RefusedBecauseTheLeaseHasEnded_IsClean) {
    const auto lease = hold();
    downgrade(lease, 2s);
    end(lease, 11s, Loss::budget);
    observer->on_downgraded(at(11s), first, 2, errc::budget_exceeded);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(DowngradeObserverTest, NodeHandedOver_BreaksL3) {
    const auto lease = hold();
    ask(first, 3, 2s);
    downgrade(lease, 2s);
    mark(2s);
    confirm(2s);
    end(lease, 3s, Loss::released);
    observer->on_node_gone(at(3s), first, 1);
    grant(first, 3, 3s, 9s, 7 * 64 + 1, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L3:"), StartsWith("S2:")));
}

}  // namespace
}  // namespace leasehold::sim
