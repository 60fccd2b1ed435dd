// The contender's courses: waiting in line, a create whose reply is lost, a parent that vanishes.
#include "tests/unit/core/contender_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace leasehold::core {
namespace {

using namespace contender_bench;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Contender, CreatesAndListsAsItsFirstAct) {
    Bench bench;
    EXPECT_THAT(bench.calls(), ElementsAre("create"));
    EXPECT_EQ(bench.contender.prefix(), "p1-lock-");
    EXPECT_TRUE(bench.contender.may_exist());
    EXPECT_FALSE(bench.contender.knows_queue());
}

TEST(Contender, OneListTellsThatThoseBeforeTheNearestAreGone) {
    Bench bench;
    bench.created();
    bench.listed({"c-lock-0000000004", own, "a-lock-0000000001", "b-lock-0000000002"});
    bench.calls();
    EXPECT_THAT(bench.contender.watched(), ::testing::ElementsAre("c-lock-0000000004"));
    bench.contender.on_deleted("c-lock-0000000004");
    EXPECT_THAT(bench.calls(), ElementsAre("list"));
    bench.listed({own});
    EXPECT_EQ(bench.contender.state(), ContenderState::first);
    EXPECT_THAT(bench.calls(), IsEmpty());
}

TEST(Contender, WaitsForTheNearestThatIsLeftInTheNewList) {
    Bench bench;
    bench.created();
    bench.listed({"c-lock-0000000004", own, "a-lock-0000000001", "b-lock-0000000002"});
    bench.calls();
    bench.contender.on_deleted("c-lock-0000000004");
    bench.listed({"a-lock-0000000001", "b-lock-0000000002", own});
    EXPECT_THAT(bench.calls(), ElementsAre("list", "watch b-lock-0000000002"));
    EXPECT_EQ(bench.contender.state(), ContenderState::waiting);
}

TEST(Contender, LastOneThatIsLeftIsWatchedWithoutAList) {
    Bench bench;
    bench.created();
    bench.listed({"b-lock-0000000002", own, "a-lock-0000000001"});
    bench.calls();
    bench.contender.on_deleted("b-lock-0000000002");
    EXPECT_THAT(bench.calls(), ElementsAre("watch a-lock-0000000001"));
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
    EXPECT_THAT(bench.contender.watched(), ::testing::ElementsAre("a-lock-0000000001"));
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
    EXPECT_THAT(bench.contender.watched(), ::testing::IsEmpty());
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
    Contender contender(port, "/q", {}, session, true);
    contender.start();
    contender.on_created(ServerError::ok, "/q/" + own, czxid);
    port.calls.clear();
    contender.on_listed({}, std::vector<std::string_view>{own});
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

}  // namespace
}  // namespace leasehold::core
