// Somebody writes to our node that the lock is wanted.
#include "sdk/core/record_marks.hpp"
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string record = "record of the holder";

class ReleaseRequestTest : public EngineBench {
protected:
    static LockOptions watchful() {
        return {.wait = 60s, .budget = 10s, .max_local_grants = 64, .watch_own_node = true};
    }
    std::string node(EngineDriver& who, OperationId lease) {
        return who.grant(lease)->lease->node();
    }
    void write(const std::string& path, const std::string& data) {
        server.write(world.now(), path, data);
        world.run_for(20ms);
    }
    void ask(const std::string& path) { write(path, with_request(server.tree().find(path)->data)); }
};

TEST_F(ReleaseRequestTest, IsToldToTheHolderOnce) {
    const OperationId lease = hold(a, watchful());
    ask(node(a, lease));
    ASSERT_THAT(a.all<YieldAsked>(), SizeIs(1));
    EXPECT_EQ(a.all<YieldAsked>().front().lease, lease);
    write(node(a, lease), with_request("as somebody else would write it"));
    EXPECT_THAT(a.all<YieldAsked>(), SizeIs(1));
    EXPECT_TRUE(a.is_valid(lease)) << "it is only asked";
}

TEST_F(ReleaseRequestTest, OfCuratorsIsHeard_AndOurRecordPutBack) {
    const OperationId lease = hold(a, watchful());
    write(node(a, lease), std::string(curator_revocation));
    EXPECT_THAT(a.all<YieldAsked>(), SizeIs(1));
    EXPECT_EQ(server.tree().find(node(a, lease))->data, with_request(record));
}

TEST_F(ReleaseRequestTest, ThatComesWhileWeWait_IsToldWithTheGrant) {
    const std::string ahead = stranger();
    const OperationId lease = queue(a, watchful());
    const auto* parent = server.tree().find("/q");
    for (const std::string& name : parent->children) {
        if ("/q/" + name != ahead) {
            ask("/q/" + name);
            break;
        }
    }
    EXPECT_THAT(a.all<YieldAsked>(), IsEmpty());
    remove(ahead);
    ASSERT_TRUE(answered(a, lease));
    EXPECT_THAT(a.all<YieldAsked>(), SizeIs(1));
}

TEST_F(ReleaseRequestTest, ThatWasMadeWhileTheConnectionWasCut_IsHeardOnTheNextOne) {
    const OperationId lease = hold(a, watchful());
    a.cut();
    server.write(world.now(), node(a, lease), std::string(curator_revocation));
    world.run_for(2s);
    ASSERT_TRUE(a.is_valid(lease));
    EXPECT_THAT(a.all<YieldAsked>(), SizeIs(1));
    EXPECT_EQ(server.tree().find(node(a, lease))->data, with_request(record));
}

TEST_F(ReleaseRequestTest, GoesBeforeThoseOfThisProcess) {
    const OperationId first = hold(a, watchful());
    const OperationId next = queue(a, watchful());
    const OperationId other = queue(b, watchful());
    ask(node(a, first));
    a.release(first);
    ASSERT_TRUE(answered(b, other)) << "not handed over, so the other process is before us";
    EXPECT_EQ(a.about<AcquireDone>(next), nullptr);
    b.release(other);
    ASSERT_TRUE(answered(a, next));
    EXPECT_THAT(a.all<YieldAsked>(), SizeIs(1)) << "the next node has not been asked for";
}

TEST_F(ReleaseRequestTest, OtherWritesAreNone) {
    const OperationId lease = hold(a, watchful());
    write(node(a, lease), "an operator was here");
    EXPECT_THAT(a.all<YieldAsked>(), IsEmpty());
    EXPECT_EQ(server.tree().find(node(a, lease))->data, "an operator was here");
    ask(node(a, lease));
    EXPECT_THAT(a.all<YieldAsked>(), SizeIs(1)) << "the watch was armed again";
}

TEST_F(ReleaseRequestTest, LeavesTheMarkOfAPermitThatRuns) {
    LockOptions options = watchful();
    options.permits = 2;
    const Recipe recipe{LockKind::permit, 2};
    const OperationId first = a.acquire(recipe, "/q", options, record);
    const OperationId second = a.acquire(recipe, "/q", options, record);
    ASSERT_TRUE(answered(a, first) && answered(a, second));
    const OperationId third = b.acquire(recipe, "/q", options, record);
    world.run_for(20ms);
    a.release(first);
    ASSERT_TRUE(answered(b, third));
    world.run_for(20ms);
    write(node(b, third), std::string(curator_revocation));
    const std::string data = server.tree().find(node(b, third))->data;
    EXPECT_TRUE(is_asked(data));
    EXPECT_TRUE(is_running(data)) << "those behind it count on it";
}

}  // namespace
}  // namespace leasehold::core
