// Which watches fire, in which order, and what is left of them.
#include "tests/unit/server/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace leasehold::server {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using wire::WatcherType;
using wire::WatchEventType;
using enum wire::WatchEventType;

class Watches : public ::testing::Test {
protected:
    explicit Watches(EnsembleOptions options = {})
        : bench(std::move(options)), client(bench), other(bench) {
        client.connect();
        other.connect();
        other.create("/p");
    }

    std::vector<std::pair<WatchEventType, std::string>> events() {
        std::vector<std::pair<WatchEventType, std::string>> seen;
        for (const wire::WatcherEvent& each : client.take_events()) {
            EXPECT_EQ(wire::connected_state, each.state);
            seen.emplace_back(each.type, each.path);
        }
        return seen;
    }
    std::size_t count() { return bench.ensemble.watches(0); }

    Bench bench;
    Client client;
    Client other;
};

TEST_F(Watches, DataAndChildWatchesOnOneNodeGiveOneDeletion) {
    client.ask(wire::GetDataRequest{"/p", true});
    client.stat("/p", true);
    client.ask(wire::GetChildrenRequest{"/p", true});
    EXPECT_EQ(2U, count());
    other.ask(wire::RemoveRequest{"/p"});
    EXPECT_THAT(events(), ElementsAre(Pair(deleted, "/p")));
    EXPECT_EQ(0U, count());
}

TEST_F(Watches, WriteAndDeleteInOneMultiAreToldAsTheWrite) {
    client.ask(wire::GetDataRequest{"/p", true});
    wire::MultiRequest multi;
    multi.ops.push_back({wire::SetDataRequest{"/p", ""}});
    multi.ops.push_back({wire::RemoveRequest{"/p"}});
    other.ask(multi);
    EXPECT_THAT(events(), ElementsAre(Pair(data_changed, "/p")));
    EXPECT_EQ(0U, count());
}

TEST_F(Watches, TwoChildrenInOneMultiGiveOneEvent) {
    client.ask(wire::GetChildrenRequest{"/p", true});
    wire::MultiRequest multi;
    multi.ops.push_back({create_request("/p/a")});
    multi.ops.push_back({create_request("/p/b")});
    other.ask(multi);
    EXPECT_THAT(events(), ElementsAre(Pair(children_changed, "/p")));
}

TEST_F(Watches, AnAbsentNodeIsWatchedByExistsAlone) {
    client.ask(wire::GetDataRequest{"/q", true});
    client.ask(wire::GetChildrenRequest{"/q", true});
    EXPECT_EQ(0U, count());
    client.stat("/q", true);
    EXPECT_EQ(1U, count());
    other.create("/q");
    EXPECT_THAT(events(), ElementsAre(Pair(created, "/q")));
}

TEST_F(Watches, SettingTheSameDataFiresAndSettingAnAclDoesNot) {
    client.ask(wire::GetDataRequest{"/p", true});
    other.ask(wire::SetAclRequest{"/p", anyone()});
    EXPECT_THAT(events(), IsEmpty());
    other.ask(wire::SetDataRequest{"/p", "d"});
    EXPECT_THAT(events(), ElementsAre(Pair(data_changed, "/p")));
}

TEST_F(Watches, OnesOwnEventComesBeforeTheReply) {
    client.ask(wire::GetDataRequest{"/p", true});
    client.send(wire::SetDataRequest{"/p", "x"});
    const std::string bytes = bench.ensemble.take_output(client.id).bytes;
    wire::FrameSplitter splitter;
    splitter.feed(bytes);
    const std::string event(*splitter.next().value());
    EXPECT_EQ(wire::notification_xid, wire::split_reply(event).value().header.xid);
    const std::string reply(*splitter.next().value());
    EXPECT_LT(0, wire::split_reply(reply).value().header.xid);
}

TEST_F(Watches, ThoseOfOwnEphemeralsFireBeforeTheCloseReply) {
    client.create("/e", CreateMode::ephemeral);
    client.stat("/e", true);
    EXPECT_EQ(ServerError::ok, client.error_of(wire::CloseSessionRequest{}));
    EXPECT_THAT(events(), ElementsAre(Pair(deleted, "/e")));
    EXPECT_TRUE(client.is_closed());
}

TEST_F(Watches, AClosedConnectionLeavesNone) {
    for (const char* path : {"/p", "/q", "/r"}) {
        client.stat(path, true);
    }
    client.ask(wire::AddWatchRequest{"/s"});
    EXPECT_EQ(5U, count());
    client.hang_up();
    EXPECT_EQ(0U, count());
}

TEST_F(Watches, PersistentOnesSurviveAndHearOfChildren) {
    client.ask(wire::AddWatchRequest{"/p"});
    other.create("/p/a");
    other.ask(wire::SetDataRequest{"/p", "x"});
    other.ask(wire::SetDataRequest{"/p/a", "x"});
    EXPECT_THAT(events(), ElementsAre(Pair(children_changed, "/p"), Pair(data_changed, "/p")));
    EXPECT_EQ(2U, count());
}

TEST_F(Watches, RecursiveOnesHearOfDescendantsAndOfNoChildLists) {
    client.ask(wire::AddWatchRequest{"/p", wire::AddWatchMode::persistent_recursive});
    other.create("/p/a");
    other.create("/p/a/b");
    other.ask(wire::SetDataRequest{"/p/a/b", "x"});
    other.ask(wire::RemoveRequest{"/p/a/b"});
    other.create("/pq");
    EXPECT_THAT(events(), ElementsAre(Pair(created, "/p/a"), Pair(created, "/p/a/b"),
                                      Pair(data_changed, "/p/a/b"), Pair(deleted, "/p/a/b")));
}

TEST_F(Watches, AStandardWatchReplacesAPersistentOneUpTo38) {
    client.ask(wire::AddWatchRequest{"/p"});
    client.ask(wire::GetDataRequest{"/p", true});
    other.ask(wire::SetDataRequest{"/p", "x"});
    other.ask(wire::SetDataRequest{"/p", "y"});
    EXPECT_THAT(events(), ElementsAre(Pair(data_changed, "/p")));
}

TEST_F(Watches, RemovingOneSaysWhetherItWasThere) {
    const auto remove = [&](WatcherType type) {
        return client.error_of(wire::RemoveWatchesRequest{"/p", type});
    };
    client.ask(wire::GetDataRequest{"/p", true});
    EXPECT_EQ(ServerError::no_watcher, remove(WatcherType::children));
    EXPECT_EQ(ServerError::ok, client.error_of(wire::CheckWatchesRequest{"/p"}));
    EXPECT_EQ(ServerError::ok, remove(WatcherType::data));
    EXPECT_EQ(ServerError::no_watcher, remove(WatcherType::any));
    EXPECT_EQ(ServerError::no_watcher, client.error_of(wire::CheckWatchesRequest{"/p"}));
    EXPECT_EQ(ServerError::marshalling_error, remove(WatcherType::persistent));
}

TEST_F(Watches, SetWatchesTellsWhatWasMissedAndArmsTheRest) {
    const std::int64_t seen = bench.ensemble.last_zxid();
    other.create("/changed");
    other.create("/p/child");
    wire::SetWatchesRequest request;
    request.relative_zxid = seen;
    request.data_watches = {"/gone", "/changed", "/p"};
    request.exist_watches = {"/changed", "/absent"};
    request.child_watches = {"/gone", "/p", "/"};
    EXPECT_EQ(ServerError::ok, client.error_of(request));
    EXPECT_THAT(events(), ElementsAre(Pair(deleted, "/gone"), Pair(data_changed, "/changed"),
                                      Pair(created, "/changed"), Pair(deleted, "/gone"),
                                      Pair(children_changed, "/p"), Pair(children_changed, "/")));
    EXPECT_EQ(2U, count());
}

TEST_F(Watches, SetWatches2RestoresPersistentOnes) {
    wire::SetWatches2Request request;
    request.persistent_watches = {"/p"};
    request.persistent_recursive_watches = {"/"};
    EXPECT_EQ(ServerError::ok, client.error_of(request));
    other.ask(wire::SetDataRequest{"/p", "x"});
    EXPECT_THAT(events(), ElementsAre(Pair(data_changed, "/p")));
    EXPECT_EQ(4U, count());
}

TEST_F(Watches, AnEventAboutANodeThatMayNotBeReadIsDroppedAndUsesUpTheWatch) {
    client.stat("/secret", true);
    other.ask(wire::CreateRequest{"/secret", "", anyone(wire::perms::write)});
    EXPECT_THAT(events(), IsEmpty());
    EXPECT_EQ(0U, count());
}

class NewWatches : public Watches {
protected:
    NewWatches() : Watches({.release = {3, 9, 5}}) {}
};

TEST_F(NewWatches, ModesAreKeptApart) {
    client.ask(wire::AddWatchRequest{"/p"});
    client.ask(wire::GetDataRequest{"/p", true});
    other.ask(wire::SetDataRequest{"/p", "x"});
    other.ask(wire::SetDataRequest{"/p", "y"});
    EXPECT_THAT(events(), ElementsAre(Pair(data_changed, "/p"), Pair(data_changed, "/p")));
    EXPECT_EQ(ServerError::ok,
              client.error_of(wire::RemoveWatchesRequest{"/p", WatcherType::persistent}));
    EXPECT_EQ(0U, count());
}

TEST_F(NewWatches, EventsCarryTheirZxid) {
    client.stat("/p", true);
    other.ask(wire::SetDataRequest{"/p", "x"});
    EXPECT_THAT(client.take_event_zxids(), ElementsAre(bench.ensemble.last_zxid()));
}

TEST_F(NewWatches, ExistsNeedsTheRightToRead) {
    other.ask(wire::CreateRequest{"/secret", "", anyone(wire::perms::write)});
    EXPECT_EQ(ServerError::no_auth, client.error_of(wire::ExistsRequest{"/secret"}));
}

}  // namespace leasehold::server
