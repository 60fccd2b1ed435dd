// A lease without a budget, and those who stand for it.
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto for_ever = milliseconds::max();

class LeadershipTest : public EngineBench {
protected:
    static LockOptions candidacy() {
        return {.wait = for_ever,
                .budget = for_ever,
                .reserve = 500ms,
                .refuse_hopeless = false,
                .watch_own_node = true};
    }
    OperationId stand(EngineDriver& who, const std::string& record = "record of a candidate") {
        const OperationId id = who.elect("/q", candidacy(), record);
        world.run_for(20ms);
        return id;
    }
    OperationId lead(EngineDriver& who, const std::string& record = "record of the leader") {
        const OperationId id = stand(who, record);
        EXPECT_NE(who.grant(id), nullptr);
        return id;
    }
    /// The node was made for a caller of the same process who has left since.
    OperationId lead_on_anothers_node() {
        const std::string ahead = stranger();
        const OperationId leaver = stand(a, "record of one who leaves");
        const OperationId leader = stand(a, "record of the leader");
        a.cancel(leaver);
        remove(ahead);
        EXPECT_TRUE(answered(a, leader));
        return leader;
    }
    static std::vector<Loss> losses(EngineDriver& who) {
        std::vector<Loss> all;
        for (const LeaseEnded& ended : who.all<LeaseEnded>()) {
            all.push_back(ended.loss);
        }
        return all;
    }
    /// From now on it reaches nobody.
    static void silence(EngineDriver& who) {
        who.ignores_connects = true;
        who.stall();
    }
    std::string only_node() {
        const auto* parent = server.tree().find("/q");
        EXPECT_EQ(parent->children.size(), 1u);
        return "/q/" + *parent->children.begin();
    }
    std::string only_record() { return server.tree().find(only_node())->data; }
};

TEST_F(LeadershipTest, LastsForAsLongAsThereIsEvidence) {
    const OperationId leader = lead(a);
    world.run_for(500s);  // 25 session timeouts
    EXPECT_TRUE(a.is_valid(leader));
    EXPECT_THAT(losses(a), IsEmpty());
    EXPECT_THAT(a.all<StopDue>(), IsEmpty());
    EXPECT_FALSE(a.grant(leader)->is_shortened);
}

TEST_F(LeadershipTest, EndsAtTheSafeDeadlineBeforeAnybodyElseIsElected) {
    const OperationId first = lead(a);
    const OperationId second = stand(b);
    world.run_for(7s);
    silence(a);
    const Instant silenced = world.now();
    ASSERT_TRUE(world.run_until([&] { return !losses(a).empty(); }, 60s));
    EXPECT_THAT(losses(a), ElementsAre(Loss::deadline));
    EXPECT_LE(world.now() - silenced, Duration{20s}) << "the session timeout";
    EXPECT_FALSE(a.is_valid(first));
    EXPECT_EQ(b.about<AcquireDone>(second), nullptr);
    ASSERT_TRUE(answered(b, second));
    EXPECT_GT(lock_token(b, second), lock_token(a, first));
}

TEST_F(LeadershipTest, AsksToStopTheReserveBeforeTheDeadline) {
    const OperationId leader = lead(a);
    silence(a);
    ASSERT_TRUE(world.run_until([&] { return !a.all<StopDue>().empty(); }, 60s));
    EXPECT_TRUE(a.is_valid(leader));
    const Instant asked = world.now();
    ASSERT_TRUE(world.run_until([&] { return !losses(a).empty(); }, 60s));
    EXPECT_EQ(world.now() - asked, Duration{500ms});
}

TEST_F(LeadershipTest, CandidateOutlivesItsSessionAndALockWaiterDoesNot) {
    const OperationId leader = lead(a);
    const OperationId waiter =
        b.acquire("/q", {.wait = 200s, .budget = 5s, .refuse_hopeless = false});
    const OperationId candidate = stand(b);
    EXPECT_EQ(contenders(), 2u) << "one node for both";
    silence(b);
    world.run_for(60s);
    b.ignores_connects = false;
    ASSERT_TRUE(answered(b, waiter, 60s));
    EXPECT_TRUE(b.refusal(waiter)->code == errc::session_expired);
    world.run_for(10s);
    EXPECT_EQ(b.about<AcquireDone>(candidate), nullptr);
    a.release(leader);
    ASSERT_TRUE(answered(b, candidate));
    EXPECT_NE(b.grant(candidate), nullptr);
}

TEST_F(LeadershipTest, IsNotHandedOverWithinAProcess) {
    const OperationId first = lead(a, "record of the first");
    const OperationId second = stand(a, "record of the second");
    const OperationId third =
        a.acquire("/q", {.wait = 60s, .refuse_hopeless = false}, "record of a lock");
    a.release(first);
    ASSERT_TRUE(answered(a, second));
    world.run_for(20ms);
    EXPECT_EQ(only_record(), "record of the second");
    EXPECT_EQ(lock_token(a, second) % grants_per_node, 0);
    a.release(second);
    ASSERT_TRUE(answered(a, third));
    world.run_for(20ms);
    EXPECT_EQ(only_record(), "record of a lock");
}

TEST_F(LeadershipTest, LeaderIsKnownByItsOwnRecordOnANodeThatWasMadeForAnother) {
    lead_on_anothers_node();
    world.run_for(20ms);
    EXPECT_EQ(only_record(), "record of the leader");
}

TEST_F(LeadershipTest, RecordIsShownOnTheNextConnectionIfTheFirstOneWent) {
    const OperationId leader = lead_on_anothers_node();
    a.cut();
    world.run_for(5s);
    ASSERT_TRUE(a.is_valid(leader));
    EXPECT_EQ(only_record(), "record of the leader");
}

TEST_F(LeadershipTest, ItsNodesEndIsNoticedAtOnce) {
    lead(a);
    remove(only_node());
    world.run_for(20ms);
    EXPECT_THAT(losses(a), ElementsAre(Loss::node_deleted));
}

TEST_F(LeadershipTest, TryIsRefusedWhileAnotherLeads) {
    lead(a);
    LockOptions options = candidacy();
    options.wait = 0ms;
    const OperationId id = b.elect("/q", options, "record");
    ASSERT_TRUE(answered(b, id));
    EXPECT_TRUE(b.refusal(id)->code == errc::wait_expired);
}

TEST_F(LeadershipTest, IsRefusedWhereNoLeaseFits) {
    LockOptions options = candidacy();
    options.reserve = 30s;  // longer than the session timeout
    const OperationId id = a.elect("/q", options, "record");
    ASSERT_TRUE(answered(a, id));
    EXPECT_TRUE(a.refusal(id)->code == errc::budget_refused);
    EXPECT_EQ(contenders(), 0u);
}

TEST_F(LeadershipTest, CuratorsLeaderLatchIsNoCompany) {
    stranger("_c_8f1d5f6b-latch-");
    const OperationId id = stand(a);
    ASSERT_TRUE(answered(a, id));
    EXPECT_TRUE(a.refusal(id)->code == errc::mixed_queue);
    EXPECT_THAT(a.refusal(id)->what, HasSubstr("LeaderLatch"));
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 1u);
}

}  // namespace
}  // namespace leasehold::core
