// Sets: several paths taken in one transaction, or none; in one order over all of them, whoever
// else stands there.
#include "sdk/wire/multi.hpp"
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Sets : public EngineBench {
protected:
    using EngineBench::EngineBench;

    Sets() {
        server.make(world.now(), "/r");
        server.make(world.now(), "/s");
        server.forget_seen();
    }

    OperationId ask(EngineDriver& who, std::vector<std::string> paths,
                    LockOptions options = default_options()) {
        AcquireSpec spec{.path = paths.front(),
                         .options = options,
                         .acl = {{wire::perms::all, "world", "anyone"}},
                         .record = "record of a set"};
        spec.more_paths.assign(paths.begin() + 1, paths.end());
        return who.ask(std::move(spec));
    }
    OperationId take(EngineDriver& who, std::vector<std::string> paths) {
        const OperationId id = ask(who, std::move(paths));
        EXPECT_TRUE(answered(who, id, 1s));
        EXPECT_NE(who.grant(id), nullptr);
        return id;
    }
    OperationId wait_for(EngineDriver& who, std::vector<std::string> paths) {
        const OperationId id = ask(who, std::move(paths));
        world.run_for(20ms);
        EXPECT_EQ(who.about<AcquireDone>(id), nullptr);
        return id;
    }
    OperationId single(EngineDriver& who, const std::string& path) {
        const OperationId id = who.acquire(path, default_options(), "record of a single");
        world.run_for(20ms);
        return id;
    }
    std::vector<std::string> children(const std::string& path) {
        const auto* node = server.tree().find(path);
        return node == nullptr
                   ? std::vector<std::string>{}
                   : std::vector<std::string>(node->children.begin(), node->children.end());
    }
    std::size_t nodes() {
        return children("/q").size() + children("/r").size() + children("/s").size();
    }
    std::size_t ops_of(const EngineDriver::Frame& frame) {
        return wire::decode<wire::MultiRequest>(frame.body).value().ops.size();
    }
    std::string own_node(EngineDriver& who, const std::string& path) {
        for (const std::string& name : children(path)) {
            if (server.tree().find(path + "/" + name)->stat.ephemeral_owner == who.session()) {
                return path + "/" + name;
            }
        }
        return {};
    }
};

TEST_F(Sets, FreeOneCostsOneMultiAndAListForEachPathInOneWrite) {
    const Instant asked = world.now();
    const OperationId id = take(a, {"/q", "/r", "/s"});
    EXPECT_EQ(a.grant(id)->granted_at, asked + 2ms) << "one round trip";
    ASSERT_EQ(a.writes().size(), 1u);
    EXPECT_THAT(ops(a.requests()), ElementsAre(Opcode::multi, Opcode::get_children,
                                               Opcode::get_children, Opcode::get_children));
    EXPECT_EQ(ops_of(a.requests().front()), 3u);
}

TEST_F(Sets, AllNodesHaveTheTransactionNumberThatTheTokenIsMadeOf) {
    const OperationId id = take(a, {"/q", "/r", "/s"});
    for (const std::string path : {"/q", "/r", "/s"}) {
        EXPECT_EQ(server.tree().find(own_node(a, path))->stat.czxid * grants_per_node,
                  lock_token(a, id));
    }
    EXPECT_EQ(a.grant(id)->lease->node(), own_node(a, "/q"));
}

TEST_F(Sets, WaitsUntilTheLastOfItsPathsIsFree) {
    const OperationId first = single(b, "/q");
    const OperationId second = single(b, "/s");
    const OperationId set = wait_for(a, {"/q", "/r", "/s"});
    b.release(first);
    world.run_for(20ms);
    EXPECT_EQ(a.about<AcquireDone>(set), nullptr);
    b.release(second);
    ASSERT_TRUE(answered(a, set, 100ms));
    EXPECT_NE(a.grant(set), nullptr);
}

TEST_F(Sets, OnesThatCrossNeverWaitForEachOtherInACircle) {
    std::vector<OperationId> of_a;
    std::vector<OperationId> of_b;
    for (int i = 0; i < 5; ++i) {
        of_a.push_back(ask(a, {"/q", "/r"}));
        of_b.push_back(ask(b, {"/r", "/s", "/q"}));
    }
    for (std::size_t i = 0; i < of_a.size(); ++i) {
        for (const auto& [who, id] : {std::pair{&a, of_a[i]}, std::pair{&b, of_b[i]}}) {
            ASSERT_TRUE(answered(*who, id, 100ms));
            ASSERT_NE(who->grant(id), nullptr);
            who->release(id);
        }
    }
}

TEST_F(Sets, SinglesQueueBehindItOnEachOfItsPaths) {
    const OperationId set = take(a, {"/q", "/r"});
    const OperationId first = single(b, "/q");
    const OperationId second = single(b, "/r");
    const OperationId other = single(b, "/s");
    EXPECT_EQ(b.about<AcquireDone>(first), nullptr);
    EXPECT_EQ(b.about<AcquireDone>(second), nullptr);
    EXPECT_NE(b.grant(other), nullptr);
    a.release(set);
    EXPECT_TRUE(answered(b, first, 100ms));
    EXPECT_TRUE(answered(b, second, 100ms));
}

TEST_F(Sets, OneOfOurOwnProcessStandsBehindItsSingles) {
    const OperationId one = single(a, "/r");
    const OperationId set = wait_for(a, {"/q", "/r"});
    a.release(one);
    ASSERT_TRUE(answered(a, set, 100ms));
    EXPECT_NE(a.grant(set), nullptr);
}

TEST_F(Sets, ReleaseIsOneMultiAndIsToldOnce) {
    const OperationId set = take(a, {"/q", "/r", "/s"});
    a.forget_writes();
    a.release(set);
    world.run_for(20ms);
    EXPECT_THAT(ops(a.requests()), ElementsAre(Opcode::multi));
    EXPECT_EQ(ops_of(a.requests().front()), 3u);
    EXPECT_EQ(nodes(), 0u);
    EXPECT_EQ(a.count<NodeGone>(set), 1u);
}

TEST_F(Sets, ReleaseOfOneWhoseNodeIsGoneDeletesTheOthersOneByOne) {
    const OperationId set = take(a, {"/q", "/r", "/s"});
    remove(own_node(a, "/r"));  // unnoticed: a free lock does not watch itself
    a.release(set);
    world.run_for(20ms);
    EXPECT_EQ(nodes(), 0u);
    EXPECT_EQ(a.count<NodeGone>(set), 1u);
    EXPECT_EQ(a.stats().nodes_to_delete, 0u);
}

TEST_F(Sets, ReleaseWhoseAnswerIsLostLeavesNothing) {
    const OperationId set = take(a, {"/q", "/r", "/s"});
    server.next(Opcode::multi, Fate::close_unheard);
    a.release(set);
    ASSERT_TRUE(world.run_until([&] { return a.count<NodeGone>(set) == 1; }, 5s));
    EXPECT_EQ(nodes(), 0u);
    EXPECT_EQ(a.stats().nodes_to_delete, 0u);
}

TEST_F(Sets, MissingPathsAreMadeAndNothingStandsOnTheOthersMeanwhile) {
    const OperationId set = ask(a, {"/q", "/new/one", "/new/two"});
    world.run_for(2ms);  // the first transaction has failed
    EXPECT_THAT(children("/q"), IsEmpty());
    ASSERT_TRUE(answered(a, set, 1s));
    EXPECT_NE(a.grant(set), nullptr);
    EXPECT_EQ(children("/new/one").size(), 1u);
    EXPECT_EQ(children("/new/two").size(), 1u);
}

TEST_F(Sets, PathThatIsThereIsNotMadeAgain) {
    const OperationId set = ask(a, {"/q", "/r", "/new"});
    ASSERT_TRUE(answered(a, set, 1s));
    for (const auto& frame : a.requests()) {
        EXPECT_TRUE(frame.op != Opcode::create_container || frame.path == "/new") << frame.path;
    }
}

TEST_F(Sets, RefusedCreateNamesItsPathAndLeavesNothingOnTheOthers) {
    server.make(world.now(), "/ephemeral", wire::CreateMode::ephemeral, {}, 999);
    const OperationId set = ask(a, {"/q", "/ephemeral", "/r"});
    ASSERT_TRUE(answered(a, set, 1s));
    ASSERT_NE(a.refusal(set), nullptr);
    EXPECT_EQ(a.refusal(set)->code, errc::invalid_argument);
    EXPECT_EQ(a.refusal(set)->path, "/ephemeral");
    EXPECT_EQ(nodes(), 0u);
    EXPECT_EQ(a.stats().nodes_to_delete, 0u);
}

TEST_F(Sets, CreateThatWasNotExecutedBeforeTheConnectionWentIsRepeated) {
    server.next(Opcode::multi, Fate::close_before);
    const OperationId set = ask(a, {"/q", "/r", "/s"});
    ASSERT_TRUE(answered(a, set, 5s));
    EXPECT_NE(a.grant(set), nullptr);
    EXPECT_EQ(nodes(), 3u);
}

TEST_F(Sets, CreateWhoseAnswerIsLostIsFoundBehindOneBarrier) {
    server.next(Opcode::multi, Fate::close_unheard);
    const OperationId set = ask(a, {"/q", "/r", "/s"});
    world.run_until([&] { return !a.link(); }, 1s);
    a.forget_writes();
    ASSERT_TRUE(answered(a, set, 5s));
    ASSERT_NE(a.grant(set), nullptr);
    EXPECT_EQ(nodes(), 3u);
    std::size_t barriers = 0;
    for (const auto& frame : a.requests()) {
        barriers += frame.op == Opcode::multi ? 1 : 0;
    }
    EXPECT_EQ(barriers, 1u);
    EXPECT_EQ(server.tree().find(own_node(a, "/s"))->stat.czxid * grants_per_node,
              lock_token(a, set));
}

TEST_F(Sets, OneThatIsFoundTornIsLostAndItsOtherNodesGo) {
    server.next(Opcode::multi, Fate::close_unheard);
    const OperationId set = ask(a, {"/q", "/r", "/s"});
    ASSERT_TRUE(world.run_until([&] { return nodes() == 3; }, 1s));
    server.remove(world.now(), "/r/" + children("/r").front());
    ASSERT_TRUE(answered(a, set, 5s));
    ASSERT_NE(a.refusal(set), nullptr);
    EXPECT_EQ(a.refusal(set)->code, errc::lock_lost);
    EXPECT_EQ(a.refusal(set)->path, "/r");
    world.run_for(50ms);
    EXPECT_EQ(nodes(), 0u);
    EXPECT_EQ(a.stats().nodes_to_delete, 0u);
}

TEST_F(Sets, WaitingOneWhoseFreeMemberIsDeletedIsLostAtOnce) {
    single(b, "/s");
    const OperationId set = wait_for(a, {"/q", "/s"});
    remove(own_node(a, "/q"));
    ASSERT_TRUE(answered(a, set, 100ms));
    EXPECT_EQ(a.refusal(set)->code, errc::lock_lost);
    EXPECT_EQ(a.refusal(set)->path, "/q");
    world.run_for(20ms);
    EXPECT_EQ(own_node(a, "/s"), "");
}

TEST_F(Sets, HeldOneOfWhichANodeIsDeletedEndsAsAWhole) {
    const OperationId one = single(b, "/s");
    const OperationId set = wait_for(a, {"/q", "/s"});
    b.release(one);
    ASSERT_TRUE(answered(a, set, 100ms));
    remove(own_node(a, "/q"));
    ASSERT_TRUE(world.run_until([&] { return a.about<LeaseEnded>(set) != nullptr; }, 100ms));
    EXPECT_EQ(a.about<LeaseEnded>(set)->loss, Loss::node_deleted);
    world.run_for(20ms);
    EXPECT_EQ(nodes(), 0u);
    EXPECT_EQ(a.count<NodeGone>(set), 1u);
}

TEST_F(Sets, CancelLeavesNothingAtAnyStep) {
    single(b, "/s");
    for (const Duration after : {0ms, 1ms, 2ms, 3ms, 20ms}) {
        const OperationId set = ask(a, {"/q", "/r", "/s"});
        world.run_for(after);
        a.cancel(set);
        ASSERT_NE(a.refusal(set), nullptr);
        EXPECT_EQ(a.refusal(set)->code, errc::cancelled);
        world.run_for(50ms);
        EXPECT_EQ(nodes(), 1u);
        EXPECT_EQ(a.stats().nodes_to_delete, 0u);
        EXPECT_EQ(a.stats().watches, 0u);
    }
}

TEST_F(Sets, TryOnABusyOneReadsOnceForEachPathAndWritesNothing) {
    single(b, "/r");
    server.forget_seen();
    LockOptions options = default_options();
    options.wait = 0ms;
    const OperationId set = ask(a, {"/q", "/r", "/s"}, options);
    ASSERT_TRUE(answered(a, set, 100ms));
    EXPECT_EQ(a.refusal(set)->code, errc::wait_expired);
    EXPECT_EQ(a.refusal(set)->path, "/r");
    EXPECT_THAT(ops(a.requests()), ElementsAre(Opcode::exists, Opcode::exists, Opcode::exists));
}

TEST_F(Sets, TryOnAFreeOneTakesIt) {
    LockOptions options = default_options();
    options.wait = 0ms;
    const OperationId set = ask(a, {"/q", "/r", "/s"}, options);
    ASSERT_TRUE(answered(a, set, 100ms));
    EXPECT_NE(a.grant(set), nullptr);
}

TEST_F(Sets, LongestOfItsQueuesDecidesWhetherItMayWait) {
    single(b, "/r");
    stranger();  // on /q
    stranger();
    LockOptions options = default_options();
    options.max_queue = 1;
    const OperationId set = ask(a, {"/r", "/q"}, options);
    ASSERT_TRUE(answered(a, set, 1s));
    EXPECT_EQ(a.refusal(set)->code, errc::queue_full);
    EXPECT_EQ(a.refusal(set)->path, "/q");
    EXPECT_EQ(a.refusal(set)->holder_record, "record of a stranger");
}

TEST_F(Sets, EndOfTheSessionEndsItAsAWhole) {
    const OperationId set = take(a, {"/q", "/r"});
    server.expire(world.now(), a.session());
    ASSERT_TRUE(world.run_until([&] { return a.about<NodeGone>(set) != nullptr; }, 30s));
    EXPECT_EQ(a.about<LeaseEnded>(set)->loss, Loss::session_expired);
    EXPECT_EQ(nodes(), 0u);
}

TEST_F(Sets, OneOfAsManyPathsAsThereMayBeIsOneTransaction) {
    std::vector<std::string> paths;
    for (int i = 0; i < 64; ++i) {
        paths.push_back("/many-" + std::to_string(i));
        server.make(world.now(), paths.back());
    }
    const OperationId set = take(a, paths);
    EXPECT_EQ(server.seen(Opcode::multi).size(), 1u);
    a.release(set);
    ASSERT_TRUE(world.run_until([&] { return a.count<NodeGone>(set) == 1; }, 100ms));
    EXPECT_EQ(server.seen(Opcode::multi).size(), 2u);
}

TEST_F(Sets, ServerThatMakesTheNodesAtDifferentTimesIsNotBelieved) {
    server.next(Opcode::multi, Fate::close_unheard);
    const std::size_t czxid_ends = 4 + 16 + 4 + std::string("record of a set").size() + 8;
    int reads = 0;
    server.tamper = [&](Opcode op, std::string& frame) {
        if (op == Opcode::get_data && frame.size() > czxid_ends && ++reads == 2) {
            frame[czxid_ends - 1] ^= 1;
        }
    };
    const OperationId set = ask(a, {"/q", "/r"});
    ASSERT_TRUE(answered(a, set, 5s));
    EXPECT_EQ(a.refusal(set)->code, errc::protocol_error);
}

}  // namespace
}  // namespace leasehold::core
