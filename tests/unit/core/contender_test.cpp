// The contender's machine, cell by cell: what every input does in every state, and nothing else.
#include "sdk/core/contender.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::ServerError;

constexpr std::int64_t session = 7;
constexpr std::int64_t czxid = 50;
const std::string own = "p1-lock-0000000005";
const std::string before = "x-lock-0000000003";

/// Writes down what it is asked for. The prefixes are p1-lock-, p2-lock-, ...
class RecordingPort final : public ContenderPort {
public:
    std::string create_and_list() override {
        calls.emplace_back("create");
        return "p" + std::to_string(++creates) + "-lock-";
    }
    void create_parents() override { calls.emplace_back("parents"); }
    void list_behind_barrier() override { calls.emplace_back("barrier+list"); }
    void list() override { calls.emplace_back("list"); }
    void watch(std::string_view name) override {
        calls.push_back("watch " + std::string(name == own ? "own" : name));
    }

    std::vector<std::string> calls;
    int creates = 0;
};

struct Bench {
    RecordingPort port;
    Contender contender{port, "/q", session, false};

    std::vector<std::string> calls() { return std::exchange(port.calls, {}); }
    void listed(std::vector<std::string> children) { contender.on_listed({}, children); }
    void created() { contender.on_created(ServerError::ok, "/q/" + own, czxid); }
    void node(std::string_view name, ServerError err, std::int64_t owner = session) {
        wire::GetDataReply reply;
        reply.data = "record";
        reply.stat.ephemeral_owner = owner;
        reply.stat.czxid = czxid;
        contender.on_node(name, err, reply);
    }
};

using Step = std::function<void(Bench&)>;

/// How to get into each state. "reading": waits only for the czxid of its own node.
const std::vector<std::pair<std::string, Step>> states = {
    {"creating", [](Bench&) {}},
    {"uncertain", [](Bench& b) { b.contender.on_detached(); }},
    {"listing", [](Bench& b) { b.created(); }},
    {"waiting",
     [](Bench& b) {
         b.created(), b.listed({own, before});
     }},
    {"reading", [](Bench& b) { b.contender.on_detached(), b.listed({own}); }},
    {"first", [](Bench& b) { b.created(), b.listed({own}); }},
    {"held", [](Bench& b) { b.created(), b.listed({own}), b.contender.on_granted(); }},
    {"ended", [](Bench& b) { b.created(), b.contender.on_deleted(own); }},
};

/// One row for each input; "=" is: same state, and nothing asked for. After the state, the calls.
struct Row {
    std::string input;
    Step apply;
    std::array<std::string, 8> expected;
};

std::vector<Row> rows() {
    const std::string gone = "ended";
    const auto created = [](ServerError err, std::string path, std::int64_t zxid = czxid) {
        return [=](Bench& b) { b.contender.on_created(err, path, zxid); };
    };
    const auto listed = [](std::vector<std::string> names) {
        return [=](Bench& b) { b.listed(names); };
    };
    const auto failed = [](std::error_code code) {
        return [=](Bench& b) { b.contender.on_listed(code, {}); };
    };
    const auto node = [](std::string name, ServerError err, std::int64_t owner = session) {
        return [=](Bench& b) { b.node(name, err, owner); };
    };
    const auto deleted = [](std::string name) {
        return [=](Bench& b) { b.contender.on_deleted(name); };
    };
    return {
        // creating, uncertain, listing, waiting, reading, first, held, ended
        {"created",
         created(ServerError::ok, "/q/" + own),
         {"listing", "=", "=", "=", "=", "=", "=", "="}},
        {"created under another name",
         created(ServerError::ok, "/q/other-lock-0000000005"),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"created elsewhere",
         created(ServerError::ok, "/r/" + own),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"created without a zxid",
         created(ServerError::ok, "/q/" + own, 0),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"created without a number",
         created(ServerError::ok, "/q/p1-lock-"),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"created, number wrapped",
         created(ServerError::ok, "/q/p1-lock--2147483648"),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"created, number at the end",
         created(ServerError::ok, "/q/p1-lock-2147000001"),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"create: no parent",
         created(ServerError::no_node, ""),
         {"creating parents create", "=", "=", "=", "=", "=", "=", "="}},
        {"create: not permitted",
         created(ServerError::no_auth, ""),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"create: exists",
         created(ServerError::node_exists, ""),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"create: ephemeral parent",
         created(ServerError::no_children_for_ephemerals, ""),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"create: unknown error",
         created(static_cast<ServerError>(-999), ""),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"listed, first",
         listed({own}),
         {"=", "waiting watch own", "first", "=", "=", "=", "=", "="}},
        {"listed, second",
         listed({own, before}),
         {"=", "waiting watch " + before + " watch own", "waiting watch " + before + " watch own",
          "=", "=", "=", "=", "="}},
        {"listed, a later one",
         listed({own, "x-lock-0000000006"}),
         {"=", "waiting watch own", "first", "=", "=", "=", "=", "="}},
        {"listed without us",
         listed({before}),
         {"=", "creating create", gone, "=", "=", "=", "=", "="}},
        {"listed, somebody's number is worn out",
         listed({own, "x-lock-2147000001"}),
         {"=", gone, gone, "=", "=", "=", "=", "="}},
        {"listed with strangers",
         listed({own, "backup", "x-lock-12"}),
         {"=", "waiting watch own", "first", "=", "=", "=", "=", "="}},
        {"list: no parent",
         failed(zk_errc::no_node),
         {"=", "creating create", gone, "=", "=", "=", "=", "="}},
        {"list: too long",
         failed(errc::queue_too_long),
         {"=", gone, gone, "=", "=", "=", "=", "="}},
        {"predecessor read",
         node(before, ServerError::ok, 99),
         {"=", "=", "=", "=", "=", "=", "=", "="}},
        {"predecessor gone when read",
         node(before, ServerError::no_node),
         {"=", "=", "=", "first", "=", "=", "=", "="}},
        {"own node read", node(own, ServerError::ok), {"=", "=", "=", "=", "first", "=", "=", "="}},
        {"own node gone when read",
         node(own, ServerError::no_node),
         {"=", "=", gone, gone, gone, gone, gone, "="}},
        {"own node is another's",
         node(own, ServerError::ok, 99),
         {"=", "=", gone, gone, gone, gone, gone, "="}},
        {"a node cannot be read",
         node(before, ServerError::no_auth),
         {gone, gone, gone, gone, gone, gone, gone, "="}},
        {"predecessor deleted", deleted(before), {"=", "=", "=", "first", "=", "=", "=", "="}},
        {"own node deleted", deleted(own), {"=", "=", gone, gone, gone, gone, gone, "="}},
        {"somebody else deleted",
         deleted("y-lock-0000000001"),
         {"=", "=", "=", "=", "=", "=", "=", "="}},
        {"attached",
         [](Bench& b) { b.contender.on_attached(); },
         {"=", "uncertain barrier+list", "listing list", "=", "=", "=", "held watch own", "="}},
        {"detached",
         [](Bench& b) { b.contender.on_detached(); },
         {"uncertain", "=", "=", "listing", "listing", "listing", "=", "="}},
        {"granted",
         [](Bench& b) { b.contender.on_granted(); },
         {"=", "=", "=", "=", "=", "held", "=", "="}},
    };
}

TEST(Contender, EveryInputInEveryStateDoesWhatTheTableSays) {
    for (const Row& row : rows()) {
        for (std::size_t column = 0; column < states.size(); ++column) {
            SCOPED_TRACE(row.input + " while " + states[column].first);
            Bench bench;
            states[column].second(bench);
            bench.calls();
            const std::string state(to_string(bench.contender.state()));
            row.apply(bench);
            std::string outcome(to_string(bench.contender.state()));
            const auto calls = bench.calls();
            for (const std::string& call : calls) {
                outcome += " " + call;
            }
            EXPECT_EQ(row.expected[column] == "=" ? state : row.expected[column], outcome);
            EXPECT_EQ(bench.contender.failure().has_value(),
                      bench.contender.state() == ContenderState::ended);
        }
    }
}

TEST(Contender, CreatesAndListsAsItsFirstAct) {
    Bench bench;
    EXPECT_THAT(bench.calls(), ElementsAre("create"));
    EXPECT_EQ(bench.contender.prefix(), "p1-lock-");
    EXPECT_TRUE(bench.contender.may_exist());
    EXPECT_FALSE(bench.contender.knows_queue());
}

TEST(Contender, WalksDownTheRememberedListWithoutReadingItAgain) {
    Bench bench;
    bench.created();
    bench.listed({"c-lock-0000000004", own, "a-lock-0000000001", "b-lock-0000000002"});
    bench.calls();
    EXPECT_EQ(bench.contender.watched(), "c-lock-0000000004");
    bench.contender.on_deleted("b-lock-0000000002");  // one in the middle
    EXPECT_THAT(bench.calls(), IsEmpty());
    bench.contender.on_deleted("c-lock-0000000004");
    EXPECT_THAT(bench.calls(), ElementsAre("watch a-lock-0000000001"));
    EXPECT_EQ(bench.contender.ahead().size(), 1u);
    bench.contender.on_deleted("a-lock-0000000001");
    EXPECT_EQ(bench.contender.state(), ContenderState::first);
    EXPECT_THAT(bench.calls(), IsEmpty());
}

TEST(Contender, OneDeletionToldTwiceIsOneDeletion) {
    Bench bench;
    bench.created();
    bench.listed({own, before, "a-lock-0000000001"});
    bench.contender.on_deleted(before);
    bench.contender.on_deleted(before);
    EXPECT_EQ(bench.contender.state(), ContenderState::waiting);
    EXPECT_EQ(bench.contender.watched(), "a-lock-0000000001");
}

TEST(Contender, ListBehindAFailedCreateCountsForNothing) {
    Bench bench;
    bench.contender.on_created(ServerError::no_node, "", czxid);
    bench.listed({"p1-lock-0000000001"});  // whoever made it, it was not this create
    EXPECT_EQ(bench.contender.state(), ContenderState::creating);
    EXPECT_EQ(bench.contender.prefix(), "p2-lock-");
}

TEST(Contender, ParentThatKeepsVanishingIsGivenUp) {
    Bench bench;
    for (int i = 0; i < 4; ++i) {
        ASSERT_EQ(bench.contender.state(), ContenderState::creating);
        bench.contender.on_created(ServerError::no_node, "", czxid);
    }
    EXPECT_EQ(bench.contender.state(), ContenderState::ended);
    EXPECT_TRUE(*bench.contender.failure() == zk_errc::no_node);
    EXPECT_FALSE(bench.contender.may_exist());
    EXPECT_EQ(bench.port.creates, 4);
}

TEST(Contender, RefusalOfTheParentIsTheReasonThatIsGiven) {
    for (const auto& [err, code] : {std::pair{ServerError::no_auth, errc::not_permitted},
                                    std::pair{ServerError::no_node, errc::no_chroot}}) {
        Bench bench;
        bench.contender.on_created(ServerError::no_node, "", czxid);
        bench.contender.on_parent_failed(err);
        bench.contender.on_created(ServerError::no_node, "", czxid);
        EXPECT_EQ(bench.contender.state(), ContenderState::ended);
        EXPECT_TRUE(*bench.contender.failure() == code);
    }
}

TEST(Contender, EachRefusalOfACreateSaysWhy) {
    for (const auto& [err, code] :
         {std::pair{ServerError::no_auth, make_error_code(errc::not_permitted)},
          std::pair{ServerError::session_closed_require_auth, make_error_code(errc::not_permitted)},
          std::pair{ServerError::node_exists, make_error_code(errc::sequence_exhausted)},
          std::pair{ServerError::no_children_for_ephemerals,
                    make_error_code(errc::invalid_argument)},
          std::pair{ServerError::not_read_only, make_error_code(errc::unsupported)},
          std::pair{ServerError::quota_exceeded, make_error_code(zk_errc::quota_exceeded)}}) {
        Bench bench;
        bench.contender.on_created(err, "", czxid);
        EXPECT_EQ(bench.contender.failure()->code(), code);
        EXPECT_FALSE(bench.contender.may_exist());
    }
}

TEST(Contender, LostCreateThatTookEffectIsAdoptedWithTheTokenOfItsNode) {
    Bench bench;
    bench.contender.on_detached();
    bench.contender.on_attached();
    bench.listed({own, before});
    EXPECT_EQ(bench.contender.name(), own);
    bench.node(own, ServerError::ok);
    EXPECT_EQ(bench.contender.czxid(), czxid);
    bench.contender.on_deleted(before);
    EXPECT_EQ(bench.contender.state(), ContenderState::first);
    EXPECT_EQ(bench.port.creates, 1);
}

TEST(Contender, LostCreateIsNeverRepeatedBeforeItIsResolved) {
    Bench bench;
    bench.contender.on_detached();
    for (int i = 0; i < 3; ++i) {  // the connection keeps going
        bench.contender.on_attached();
        bench.contender.on_detached();
    }
    EXPECT_EQ(bench.port.creates, 1);
    bench.contender.on_attached();
    bench.listed({});
    EXPECT_EQ(bench.port.creates, 2);
    EXPECT_EQ(bench.contender.prefix(), "p2-lock-");
}

TEST(Contender, CreateThatIsLostAgainAndAgainIsGivenUp) {
    Bench bench;
    for (int i = 0; i < 4; ++i) {
        ASSERT_NE(bench.contender.state(), ContenderState::ended);
        bench.contender.on_detached();
        bench.contender.on_attached();
        bench.listed({});
    }
    EXPECT_EQ(bench.contender.state(), ContenderState::ended);
    EXPECT_FALSE(bench.contender.may_exist());
    EXPECT_EQ(bench.port.creates, 4);
}

TEST(Contender, ListsAgainAfterEachReconnectAndWatchesAnew) {
    Bench bench;
    bench.created();
    bench.listed({own, before});
    bench.contender.on_detached();
    EXPECT_EQ(bench.contender.watched(), "");
    bench.calls();
    bench.contender.on_attached();
    bench.listed({own, before});
    EXPECT_THAT(bench.calls(), ElementsAre("list", "watch " + before, "watch own"));
}

TEST(Contender, HeldNodeIsWatchedOncePerConnection) {
    Bench bench;
    bench.created();
    bench.listed({own});
    bench.contender.on_granted();
    bench.calls();
    bench.contender.on_detached();
    bench.contender.on_attached();
    EXPECT_THAT(bench.calls(), ElementsAre("watch own"));
    bench.contender.on_attached();
    EXPECT_THAT(bench.calls(), IsEmpty());
}

TEST(Contender, LockThatWasFreeWatchesItsNodeByOptionOnly) {
    RecordingPort port;
    Contender contender(port, "/q", session, true);
    contender.on_created(ServerError::ok, "/q/" + own, czxid);
    port.calls.clear();
    contender.on_listed({}, std::vector<std::string>{own});
    EXPECT_THAT(port.calls, ElementsAre("watch own"));
    EXPECT_EQ(contender.state(), ContenderState::first);
}

TEST(Contender, NodeOfAnotherIncarnationIsNotOurs) {
    Bench bench;
    bench.created();
    bench.listed({own});
    wire::GetDataReply reply;
    reply.stat.ephemeral_owner = session;
    reply.stat.czxid = czxid + 1;
    bench.contender.on_node(own, ServerError::ok, reply);
    EXPECT_EQ(bench.contender.state(), ContenderState::ended);
    EXPECT_FALSE(bench.contender.may_exist());
}

TEST(Contender, NamesThatShareOurNumberCountAsAhead) {
    Bench bench;
    bench.created();
    bench.listed({own, "z-lock-0000000005", "a-lock-0000000005"});
    EXPECT_EQ(bench.contender.ahead().size(), 2u);
    EXPECT_EQ(bench.contender.state(), ContenderState::waiting);
}

TEST(Contender, RemembersTheRecordOfTheOneItWatches) {
    Bench bench;
    bench.created();
    bench.listed({own, before});
    bench.node(before, ServerError::ok, 99);
    EXPECT_EQ(bench.contender.watched_record(), "record");
    bench.contender.on_deleted(before);
    EXPECT_EQ(bench.contender.watched_record(), "");
}

}  // namespace
}  // namespace leasehold::core
