// Histories of permits and of leadership, made by hand: the observer has to notice what is wrong.
#include "tests/sim/observer_bench.hpp"

#include <gmock/gmock.h>

namespace leasehold::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class PermitObserverTest : public ObserverTest {
protected:
    PermitObserverTest() { build({.locks = {"/a"}, .permits = {2}}); }

    std::shared_ptr<core::Lease> take(ClientNumber who, OperationId id, Duration when, int number) {
        const std::string node = "/a/x-lease-000000000" + std::to_string(number);
        const std::int64_t session = who == first ? first_session : second_session;
        ask(who, id, when, {.is_shared = true});
        observer->on_node_created(at(when), node, session, 7 + number);
        return grant(who, id, when, when + 8s, (7 + number) * 64, node);
    }
};

TEST_F(PermitObserverTest, AsManyAsThereAre_AreClean) {
    take(first, 1, 1s, 1);
    take(second, 1, 2s, 2);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(PermitObserverTest, OneMore_BreaksS5AndS1) {
    take(first, 1, 1s, 1);
    take(second, 1, 2s, 2);
    take(first, 2, 3s, 3);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:"), StartsWith("S1:")));
}

class LeadershipObserverTest : public ObserverTest {
protected:
    std::shared_ptr<core::Lease> lead() {
        ask(first, 1, 500ms, {.rolls = true});
        observer->on_node_created(at(900ms), node_one, first_session, 7);
        return grant(first, 1, 1s, 11s, 7 * 64, node_one);
    }
    void prove(Duration when, Duration until) {
        observer->on_evidence(at(when), first, at(until), std::nullopt, at(until));
    }
};

TEST_F(LeadershipObserverTest, LeadThatFollowsTheEvidence_IsClean) {
    const auto lease = lead();
    prove(2s, 11s);
    ASSERT_TRUE(lease->word.move(at(11s), at(20s)));
    prove(10s, 20s);
    end(lease, 20s, Loss::deadline);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(LeadershipObserverTest, LeadThatStaysBehindTheEvidence_BreaksL14) {
    lead();
    prove(2s, 12s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L14:")));
}

TEST_F(LeadershipObserverTest, LeadBeyondTheEvidence_BreaksL14) {
    lead();
    prove(2s, 10s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L14:")));
}

TEST_F(LeadershipObserverTest, LeadEndedByABudget_BreaksL14) {
    end(lead(), 2s, Loss::budget);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L14:")));
}

}  // namespace
}  // namespace leasehold::sim
