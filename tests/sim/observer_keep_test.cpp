// Histories of locks that are kept, made by hand: the observer has to notice what is wrong.
#include "tests/sim/observer_bench.hpp"

#include <gmock/gmock.h>

namespace leasehold::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class KeepObserverTest : public ObserverTest {
protected:
    KeepObserverTest() { build({.locks = {"/a"}, .max_local_grants = 1}); }

    /// Held from one second on, and released and kept at two, for five.
    void keep(Loss loss = Loss::released) {
        ask(first, 1, 500ms, {.keep_idle = 5s});
        observer->on_node_created(at(900ms), node_one, first_session, 7);
        end(grant(first, 1, 1s, 11s, 7 * 64, node_one), 2s, loss);
        observer->on_node_gone(at(2s), first, 1);
    }
    void look(Duration when) {
        observer->check_progress(at(when), std::vector<Condition>(2, Condition::calm), 1s);
    }
};

TEST_F(KeepObserverTest, KeptForItsTime_IsClean) {
    keep();
    look(5s);
    observer->on_delete_written(at(7s), first, node_one);
    observer->on_node_deleted(at(7s), node_one, first_session);
    look(9s);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(KeepObserverTest, KeptTooLong_BreaksL6) {
    keep();
    look(9s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L6, S14:")));
}

TEST_F(KeepObserverTest, KeptFromOneWhoHasComeLongAgo_BreaksL6) {
    keep();
    ask(second, 1, 3s);
    observer->on_node_created(at(3s), node_two, second_session, 8);
    look(3500ms);
    EXPECT_THAT(violations(), IsEmpty()) << "it may not have heard yet";
    look(5s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L6, S14:")));
}

TEST_F(KeepObserverTest, KeptAfterAnOverrun_BreaksL6) {
    keep(Loss::budget);
    look(4s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L6, S14:")));
}

TEST_F(KeepObserverTest, GrantedMoreOftenThanLocally_IsClean) {
    keep();
    ask(first, 2, 3s, {.keep_idle = 5s});
    grant(first, 2, 3s, 9s, 7 * 64 + 1, node_one);
    EXPECT_THAT(violations(), IsEmpty());
    EXPECT_EQ(tally.of(Deed::granted_kept), 1u);
}

TEST_F(KeepObserverTest, GrantedAgainWithTheSameToken_BreaksS6) {
    keep();
    ask(first, 2, 3s, {.keep_idle = 5s});
    grant(first, 2, 3s, 9s, 7 * 64, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S6:")));
}

}  // namespace
}  // namespace leasehold::sim
