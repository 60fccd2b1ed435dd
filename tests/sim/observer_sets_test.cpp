// Histories of sets, made by hand: the observer has to notice what is wrong.
#include "tests/sim/observer_bench.hpp"

#include <gmock/gmock.h>

namespace leasehold::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class SetObserverTest : public ObserverTest {
protected:
    SetObserverTest() { build({.locks = {"/a", "/b"}}); }

    /// A set of the first client, with the numbers that its nodes have on the two paths.
    void make(int on_a, int on_b, std::int64_t zxid_of_b = 7) {
        ask(first, 1, 500ms, {.more_paths = {"/b"}});
        observer->on_node_created(at(900ms), node("/a/x", on_a), first_session, 7);
        observer->on_node_created(at(900ms), node("/b/x", on_b), first_session, zxid_of_b);
    }
    static std::string node(const std::string& in_front, int number) {
        return in_front + "-lock-000000000" + std::to_string(number);
    }
    std::shared_ptr<core::Lease> take() {
        return grant(first, 1, 1s, 11s, 7 * 64, node("/a/x", 1));
    }
    void look(Duration when) {
        observer->check_progress(at(when), {Condition::calm, Condition::calm}, 1500ms);
    }
    /// A single lock of the second client on the second path.
    std::shared_ptr<core::Lease> take_single(Duration when, int number, std::int64_t zxid) {
        observer->on_asked(at(when), second, 1, {.path = "/b"}, 5s);
        observer->on_node_created(at(when), node("/b/y", number), second_session, zxid);
        return grant(second, 1, when, when + 8s, zxid * 64, node("/b/y", number));
    }
};

TEST_F(SetObserverTest, OneThatIsHeldAndLetGo_IsClean) {
    make(1, 1);
    const auto lease = take();
    look(5s);
    end(lease, 6s, Loss::released);
    observer->on_delete_written(at(6s), first, node("/a/x", 1));
    observer->on_delete_written(at(6s), first, node("/b/x", 1));
    observer->on_node_deleted(at(6s), node("/a/x", 1), first_session);
    observer->on_node_deleted(at(6s), node("/b/x", 1), first_session);
    observer->on_node_gone(at(7s), first, 1);
    observer->check_rest(at(8s));
    EXPECT_THAT(violations(), IsEmpty());
    EXPECT_EQ(tally.of(Deed::set), 1u);
}

TEST_F(SetObserverTest, SomebodyAheadOnItsSecondPath_BreaksS5AndS1) {
    take_single(800ms, 1, 6);
    make(1, 2);
    take();
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:"), StartsWith("S1:")));
}

TEST_F(SetObserverTest, NodesOfDifferentTransactions_BreakS2) {
    make(1, 1, 8);
    take();
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:")));
}

TEST_F(SetObserverTest, SingleBesideItOnItsSecondPath_BreaksS1) {
    make(1, 1);
    take();
    take_single(2s, 2, 9);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:"), StartsWith("S1:")));
}

TEST_F(SetObserverTest, SecondNodeThatGoesWhileItIsValid_BreaksS2) {
    make(1, 1);
    take();
    observer->on_node_deleted(at(2s), node("/b/x", 1), first_session);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:")));
}

TEST_F(SetObserverTest, DeleteOfItsSecondNodeWhileItIsValid_BreaksS9) {
    make(1, 1);
    take();
    observer->on_delete_written(at(2s), first, node("/b/x", 1));
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S9:")));
}

TEST_F(SetObserverTest, OneThatNobodyBlocksAnywhereAndIsNotGranted_BreaksL2) {
    make(1, 1);
    look(4s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L2: nobody blocks /a"),
                                          StartsWith("L2: nobody blocks /b")));
}

TEST_F(SetObserverTest, OneThatIsBlockedOnOnePath_MayWaitOnTheOther) {
    take_single(800ms, 1, 6);
    make(1, 2);
    look(4s);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(SetObserverTest, OneOfWhichSomebodyDeletedANode_NeedNotBeGranted) {
    build({.locks = {"/a", "/b"}, .has_foreign_deletes = true});
    make(1, 1);
    observer->on_node_deleted(at(3900ms), node("/a/x", 1), third_session);
    look(4s);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(SetObserverTest, NodeThatIsLeftOnItsSecondPath_BreaksS14) {
    make(1, 1);
    end(take(), 2s, Loss::released);
    observer->on_node_deleted(at(2s), node("/a/x", 1), first_session);
    observer->on_node_gone(at(2s), first, 1);
    look(6s);
    EXPECT_THAT(violations(), ElementsAre(HasSubstr("S14: /b/x")));
}

TEST_F(SetObserverTest, CreatesOneByOne_BreakL1) {
    for (const bool is_one_multi : {true, false}) {
        build({.locks = {"/a", "/b"}});
        const wire::Opcode op = is_one_multi ? wire::Opcode::multi : wire::Opcode::create;
        ask(first, 1, 5s, {.more_paths = {"/b"}});
        for (const std::string path : {"/a", "/b"}) {
            observer->on_lock_request(at(5s), first, op, path + "/x-lock-");
        }
        for (const std::string path : {"/a", "/b"}) {
            observer->on_lock_request(at(5s), first, wire::Opcode::get_children, path);
        }
        observer->on_node_created(at(5s), node("/a/x", 1), first_session, 7);
        observer->on_node_created(at(5s), node("/b/x", 1), first_session, 7);
        EXPECT_THAT(violations(), IsEmpty());
        grant(first, 1, 6s, 11s, 7 * 64, node("/a/x", 1));
    }
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L1:"), StartsWith("L1:")));
}

}  // namespace
}  // namespace leasehold::sim
