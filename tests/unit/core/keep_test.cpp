// A lock that is kept after its release: free for the next caller, gone for anybody else.
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

class Keep : public EngineBench {
protected:
    using EngineBench::EngineBench;

    static LockOptions kept(milliseconds wait = 5s) {
        return {.wait = wait, .budget = 5s, .keep_idle = 30s};
    }
    OperationId take(EngineDriver& who, LockOptions options = kept()) {
        const OperationId id = who.acquire("/q", options, "record");
        EXPECT_TRUE(answered(who, id, 10ms));
        EXPECT_NE(who.grant(id), nullptr);
        return id;
    }
    /// Released, and kept.
    OperationId leave_kept(EngineDriver& who) {
        const OperationId id = take(who);
        world.run_for(10ms);
        who.release(id);
        world.run_for(10ms);
        EXPECT_EQ(contenders(), 1u);
        who.forget_writes();
        return id;
    }
};

TEST_F(Keep, TheFirstCostsOneReadMoreAndItsReleaseNothing) {
    const OperationId id = take(a);
    world.run_for(10ms);
    EXPECT_EQ(ops(a.requests()),
              (std::vector{Opcode::create, Opcode::get_children, Opcode::get_children}));
    a.forget_writes();
    a.release(id);
    world.run_for(1s);
    EXPECT_THAT(a.requests(), IsEmpty());
    ASSERT_NE(a.about<NodeGone>(id), nullptr) << "which is what a release is answered by";
    EXPECT_TRUE(a.about<NodeGone>(id)->outcome.has_value());
}

TEST_F(Keep, TheNextOneCostsNothingAndHasALargerToken) {
    const OperationId first = leave_kept(a);
    const std::int64_t token = lock_token(a, first);
    const OperationId next = a.acquire("/q", kept(), "record");
    ASSERT_NE(a.grant(next), nullptr) << "at once";
    EXPECT_GT(lock_token(a, next), token);
    a.release(next);
    world.run_for(1s);
    EXPECT_THAT(a.requests(), IsEmpty());
    EXPECT_EQ(contenders(), 1u);
}

TEST_F(Keep, IsOverAfterItsTime) {
    leave_kept(a);
    world.run_for(29s);
    EXPECT_EQ(contenders(), 1u);
    world.run_for(2s);
    EXPECT_EQ(contenders(), 0u);
}

TEST_F(Keep, WhoeverComesHasItAtOnce) {
    const std::int64_t token = lock_token(a, leave_kept(a));
    const Instant asked = world.now();
    const OperationId other = hold(b);
    EXPECT_LE(world.now() - asked, 10ms);
    EXPECT_GT(lock_token(b, other), token);
    EXPECT_EQ(contenders(), 1u);
}

TEST_F(Keep, WhoeverCameMeanwhileIsNotMadeToWait) {
    const OperationId id = take(a);
    world.run_for(10ms);
    const OperationId other = queue(b);
    const Instant released = world.now();
    a.release(id);
    ASSERT_TRUE(answered(b, other, 1s));
    EXPECT_LE(world.now() - released, 5ms) << "as without keeping";
}

TEST_F(Keep, WhoeverCameBeforeTheWatchIsFoundByItsList) {
    const OperationId id = take(a);
    const std::string other = stranger();
    world.run_for(10ms);
    a.release(id);
    world.run_for(10ms);
    EXPECT_EQ(contenders(), 1u) << other << " alone";
}

TEST_F(Keep, AReleaseBeforeTheListIsAnsweredIsKeptOnTrust) {
    const OperationId id = take(a);
    a.release(id);
    const OperationId next = a.acquire("/q", kept(), "record");
    EXPECT_NE(a.grant(next), nullptr);
    const OperationId other = queue(b);
    a.release(next);
    EXPECT_TRUE(answered(b, other, 10ms));
}

TEST_F(Keep, OthersOfTheSameProcessCount) {
    leave_kept(a);
    const OperationId shared =
        a.acquire(Recipe{LockKind::shared}, "/q", default_options(), "record");
    ASSERT_TRUE(answered(a, shared, 10ms));
    EXPECT_NE(a.grant(shared), nullptr);
}

TEST_F(Keep, AnOverrunIsNotKept) {
    LockOptions options = kept();
    options.budget = 500ms;
    take(a, options);
    world.run_for(1s);
    EXPECT_EQ(contenders(), 0u);
}

TEST_F(Keep, WhoeverWantsItUnderAnotherNameGetsANodeOfItsOwn) {
    leave_kept(a);
    LockOptions options = kept();
    options.naming = Naming::kazoo;
    const OperationId next = take(a, options);
    world.run_for(10ms);
    EXPECT_EQ(contenders(), 1u);
    EXPECT_TRUE(a.is_valid(next));
    EXPECT_NE(a.grant(next)->lease->node().find("__lock__"), std::string::npos);
}

TEST_F(Keep, EndsWithTheConnection) {
    leave_kept(a);
    a.cut();
    world.run_for(2s);
    EXPECT_EQ(contenders(), 0u);
    EXPECT_TRUE(a.is_valid(take(a)));
}

TEST_F(Keep, EndsWhenSomebodyDeletesTheNode) {
    leave_kept(a);
    remove("/q/" + *server.tree().find("/q")->children.begin());
    world.run_for(10ms);
    const OperationId next = take(a);
    EXPECT_EQ(contenders(), 1u);
    EXPECT_TRUE(a.is_valid(next));
}

TEST_F(Keep, ATokenThatIsTheNodesLastMakesAnEnd) {
    std::int64_t last = 0;
    for (int i = 0; i < 70; ++i) {
        const OperationId id = take(a);
        world.run_for(10ms);
        EXPECT_GT(lock_token(a, id), last);
        last = lock_token(a, id);
        a.release(id);
        world.run_for(10ms);
    }
    EXPECT_EQ(contenders(), 1u);
}

TEST_F(Keep, AClosedClientKeepsNothing) {
    leave_kept(a);
    a.close(1s);
    world.run_for(1s);
    EXPECT_EQ(contenders(), 0u);
    EXPECT_EQ(a.next_wakeup(), Instant::max()) << "nothing is left to wait for";
}

TEST_F(Keep, LeavesNoWatch) {
    leave_kept(a);
    world.run_for(31s);
    EXPECT_EQ(server.watches().size(), 0u);
}

TEST_F(Keep, EvidenceThatIsTooOldMakesANewNode) {
    leave_kept(a);
    LockOptions options = kept();
    options.accept_shortened = false;
    world.run_for(5s);
    const OperationId next = a.acquire("/q", options, "record");
    ASSERT_TRUE(answered(a, next, 1s));
    ASSERT_NE(a.grant(next), nullptr);
    EXPECT_FALSE(a.grant(next)->is_shortened);
}

}  // namespace
}  // namespace leasehold::core
