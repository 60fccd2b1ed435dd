// Sets and the delay after a hold that was not released: they ask for it on each of their paths,
// and hold back for whoever asked for it on any of them.
#include "sdk/wire/multi.hpp"
#include "tests/unit/core/engine_bench.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// Of contender.proto: lock_delay_ms, the ninth field, of two seconds.
constexpr std::string_view delayed_record =
    "J\x04"
    "2000";

class LockDelayOfSets : public EngineBench {
protected:
    static constexpr Duration delay = 2s;

    LockDelayOfSets() {
        server.make(world.now(), "/r");
        c.start();
        world.run_for(100ms);
        c.forget_writes();
    }

    static LockOptions delayed() { return {.wait = 30s, .budget = 10s, .lock_delay = 2s}; }
    static LockOptions plain() { return {.wait = 30s, .budget = 10s}; }

    OperationId ask(EngineDriver& who, std::vector<std::string> paths, LockOptions options) {
        AcquireSpec spec{
            .path = paths.front(),
            .options = options,
            .acl = {{wire::perms::all, "world", "anyone"}},
            .record = std::string(options.lock_delay > 0ms ? delayed_record : "record")};
        spec.more_paths.assign(paths.begin() + 1, paths.end());
        return who.ask(std::move(spec));
    }
    OperationId take(EngineDriver& who, std::vector<std::string> paths, LockOptions options) {
        const OperationId id = ask(who, std::move(paths), options);
        EXPECT_TRUE(answered(who, id, 1s));
        EXPECT_NE(who.grant(id), nullptr);
        return id;
    }
    OperationId wait(EngineDriver& who, std::vector<std::string> paths, LockOptions options) {
        const OperationId id = ask(who, std::move(paths), options);
        world.run_for(20ms);
        EXPECT_EQ(who.about<AcquireDone>(id), nullptr);
        return id;
    }
    /// The process is gone, and its session ends now.
    Instant crash(EngineDriver& who) {
        const std::int64_t session = who.session();
        who.pause(1000s);
        server.expire(world.now(), session);
        world.collect();
        return world.now();
    }
    Duration granted_after(EngineDriver& who, OperationId id, Instant since) {
        EXPECT_TRUE(answered(who, id));
        const Grant* grant = who.grant(id);
        return grant == nullptr ? Duration::max() : grant->granted_at - since;
    }
    std::size_t nodes(const std::string& path) { return server.tree().find(path)->children.size(); }
    std::string own_node(EngineDriver& who, const std::string& path) {
        for (const std::string& name : server.tree().find(path)->children) {
            if (server.tree().find(path + "/" + name)->stat.ephemeral_owner == who.session()) {
                return path + "/" + name;
            }
        }
        return {};
    }

    EngineDriver& c = world.add(support::test_settings());
};

TEST_F(LockDelayOfSets, HoldsBackForWhoDiedOnAnyOfItsPaths) {
    take(a, {"/r"}, delayed());
    const OperationId set = wait(b, {"/q", "/r"}, plain());
    const Duration waited = granted_after(b, set, crash(a));
    EXPECT_GE(waited, delay);
    EXPECT_LE(waited, delay + 5ms);
}

TEST_F(LockDelayOfSets, CrashOfOneKeepsTheNextWaitingOnEachPath) {
    take(a, {"/q", "/r"}, delayed());
    const OperationId first = wait(b, {"/q"}, plain());
    const OperationId second = wait(c, {"/r"}, plain());
    const Instant crashed = crash(a);
    EXPECT_GE(granted_after(b, first, crashed), delay);
    EXPECT_GE(granted_after(c, second, crashed), delay);
}

TEST_F(LockDelayOfSets, ReleaseIsOneWriteAndKeepsNobodyWaiting) {
    const OperationId set = take(a, {"/q", "/r"}, delayed());
    const OperationId first = wait(b, {"/q"}, plain());
    const OperationId second = wait(c, {"/r"}, plain());
    a.forget_writes();
    const Instant released = world.now();
    a.release(set);
    EXPECT_EQ(granted_after(b, first, released), 4ms) << "one read more than without";
    EXPECT_EQ(granted_after(c, second, released), 4ms);
    ASSERT_THAT(ops(a.requests()), ElementsAre(Opcode::multi));
    const auto request = wire::decode<wire::MultiRequest>(a.requests().front().body);
    EXPECT_EQ(request.value().ops.size(), 4u) << "of each node a write and a delete";
    EXPECT_EQ(a.count<NodeGone>(set), 1u);
}

TEST_F(LockDelayOfSets, ReleaseOfOneWhoseNodeIsGoneIsStillOneOnTheOtherPath) {
    const OperationId set = take(a, {"/q", "/r"}, delayed());
    const OperationId next = wait(c, {"/r"}, plain());
    server.remove(world.now(), a.grant(set)->lease->node());
    const Instant released = world.now();
    a.release(set);
    EXPECT_LT(granted_after(c, next, released), delay);
}

TEST_F(LockDelayOfSets, OverrunOfOneIsNoRelease) {
    const OperationId set = take(a, {"/q", "/r"}, delayed());
    const OperationId next = wait(b, {"/r"}, plain());
    Instant ended{};
    ASSERT_TRUE(world.run_until([&] { return a.about<LeaseEnded>(set, &ended) != nullptr; }));
    EXPECT_GE(granted_after(b, next, ended), delay);
}

TEST_F(LockDelayOfSets, WhoIsAliveOnOnePathEndsNoDelayOfAnother) {
    b.release(take(b, {"/q"}, plain()));
    world.run_for(10ms);
    take(a, {"/q"}, delayed());  // with a higher number than the one who is alive on the other path
    const OperationId alive = take(c, {"/r"}, plain());
    const OperationId between = wait(b, {"/r"}, plain());
    const OperationId set = wait(c, {"/q", "/r"}, plain());
    const Instant crashed = crash(a);
    world.run_for(10ms);
    b.cancel(between);
    world.run_for(10ms);  // the set reads whoever stands before that one
    c.release(alive);
    EXPECT_GE(granted_after(c, set, crashed), delay);
}

TEST_F(LockDelayOfSets, OneThatGivesUpDuringItStaysTogetherAndGoesInOneAtItsEnd) {
    take(a, {"/r"}, delayed());
    const OperationId set = wait(b, {"/q", "/r"}, plain());
    const OperationId next = wait(c, {"/r"}, plain());
    const Instant crashed = crash(a);
    world.run_for(500ms);
    b.forget_writes();
    b.cancel(set);
    EXPECT_NE(b.refusal(set), nullptr);
    world.run_for(100ms);
    EXPECT_EQ(nodes("/q"), 1u);
    EXPECT_EQ(nodes("/r"), 2u);
    const Duration waited = granted_after(c, next, crashed);
    EXPECT_GE(waited, delay);
    EXPECT_LE(waited, delay + 10ms);
    EXPECT_EQ(nodes("/q"), 0u);
    const auto sent = ops(b.requests());
    EXPECT_EQ(std::count(sent.begin(), sent.end(), Opcode::multi), 1);
    EXPECT_EQ(std::count(sent.begin(), sent.end(), Opcode::remove), 0);
}

TEST_F(LockDelayOfSets, LossOfTheNodeThatStayedForItLetsTheOthersGoAtOnce) {
    take(a, {"/r"}, delayed());
    const OperationId set = wait(b, {"/q", "/r"}, plain());
    crash(a);
    world.run_for(500ms);
    remove(own_node(b, "/r"));
    ASSERT_TRUE(answered(b, set, 100ms));
    EXPECT_EQ(b.refusal(set)->code, errc::lock_lost);
    world.run_for(10ms);
    EXPECT_EQ(nodes("/q"), 0u);
}

TEST_F(LockDelayOfSets, OutlastsALostConnection) {
    take(a, {"/r"}, delayed());
    const OperationId set = wait(b, {"/q", "/r"}, plain());
    const Instant crashed = crash(a);
    world.run_for(500ms);
    b.cut();
    const Duration waited = granted_after(b, set, crashed);
    EXPECT_GE(waited, delay);
    EXPECT_LE(waited, delay + 5ms);
}

}  // namespace
}  // namespace leasehold::core
