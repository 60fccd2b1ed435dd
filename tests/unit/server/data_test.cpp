// What writes and reads do to the tree of a single server, error by error.
#include "tests/unit/server/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::server {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class Data : public ::testing::Test {
protected:
    explicit Data(EnsembleOptions options = {}) : bench(std::move(options)), client(bench) {
        client.connect();
    }

    std::int64_t zxid() { return bench.ensemble.last_zxid(); }

    Bench bench;
    Client client;
};

TEST_F(Data, CreateRepliesWithTheZxidThatTheNodeHas) {
    const Reply reply = client.ask(create_request("/a"));
    EXPECT_EQ(ServerError::ok, reply.header.err);
    EXPECT_EQ("/a", reply.as<wire::CreateReply>().path);
    const auto stat = client.stat("/a");
    ASSERT_TRUE(stat);
    EXPECT_EQ(reply.header.zxid, stat->czxid);
    EXPECT_EQ(stat->czxid, stat->mzxid);
    EXPECT_EQ(stat->czxid, stat->pzxid);
    EXPECT_EQ(1, stat->data_length);
}

TEST_F(Data, TheRootHasWhatAFreshServerHas) {
    const auto root = client.stat("/");
    ASSERT_TRUE(root);
    EXPECT_EQ(-1, root->cversion);
    EXPECT_EQ(1, root->num_children);
    EXPECT_EQ(root, client.stat(""));
    EXPECT_EQ(-1, client.stat("/zookeeper/config")->aversion);
    EXPECT_EQ(4U, bench.ensemble.committed().size());
}

TEST_F(Data, CversionCountsCreatesAndDeletesAndTheSuffixOnlyCreates) {
    client.create("/p");
    EXPECT_EQ("/p/n-0000000000", client.created("/p/n-", CreateMode::persistent_sequential));
    EXPECT_EQ(ServerError::ok, client.create("/p/plain"));
    EXPECT_EQ(ServerError::ok, client.error_of(wire::RemoveRequest{"/p/plain"}));
    EXPECT_EQ(ServerError::node_exists, client.create("/p/n-0000000000"));
    EXPECT_EQ("/p/n-0000000002", client.created("/p/n-", CreateMode::ephemeral_sequential));
    const auto stat = client.stat("/p");
    EXPECT_EQ(4, stat->cversion);
    EXPECT_EQ(2, stat->num_children);
    EXPECT_EQ(zxid(), stat->pzxid);
}

TEST_F(Data, ASuffixIsAddedBeforeThePathIsValidated) {
    client.create("/p");
    EXPECT_EQ("/p/0000000000", client.created("/p/", CreateMode::persistent_sequential));
    EXPECT_EQ(ServerError::bad_arguments, client.create("/p/"));
}

TEST_F(Data, TheCounterStaysWhereItIsAtTheEnd) {
    client.create("/p");
    ASSERT_TRUE(bench.ensemble.set_counter("/p", 2147483646));
    EXPECT_EQ("/p/2147483646", client.created("/p/", CreateMode::persistent_sequential));
    EXPECT_EQ("/p/2147483647", client.created("/p/", CreateMode::persistent_sequential));
    EXPECT_EQ(ServerError::node_exists, client.create("/p/", CreateMode::persistent_sequential));
    EXPECT_EQ(ServerError::ok, client.error_of(wire::RemoveRequest{"/p/2147483647"}));
    EXPECT_EQ("/p/2147483647", client.created("/p/", CreateMode::persistent_sequential));
}

TEST_F(Data, TheFirstOfSeveralCreateErrorsIsTheOneARealServerGives) {
    client.create("/p");
    client.create("/e", CreateMode::ephemeral);
    EXPECT_EQ(ServerError::bad_arguments, client.create("no-slash"));
    EXPECT_EQ(ServerError::no_node, client.create("/absent/./x"));
    EXPECT_EQ(ServerError::bad_arguments, client.create("/p/."));
    EXPECT_EQ(ServerError::bad_arguments, client.create("//x"));
    EXPECT_EQ(ServerError::node_exists, client.create("/"));
    EXPECT_EQ(ServerError::node_exists, client.create("/p"));
    EXPECT_EQ(ServerError::no_children_for_ephemerals, client.create("/e/x"));
    EXPECT_EQ(ServerError::bad_arguments, client.create("/absent/x", CreateMode{7}));
    wire::CreateRequest no_acl = create_request("/absent/x");
    no_acl.acls.reset();
    EXPECT_EQ(ServerError::invalid_acl, client.error_of(no_acl));
    no_acl.acls.emplace();
    EXPECT_EQ(ServerError::invalid_acl, client.error_of(no_acl));
    EXPECT_EQ(ServerError::bad_arguments, client.create(std::string("/a\0b", 4)));
    EXPECT_EQ(ServerError::bad_arguments, client.create("/a\x01"));
    EXPECT_EQ(ServerError::bad_arguments, client.create("/\xF0\x9F\x98\x80"));
    EXPECT_EQ(ServerError::bad_arguments, client.create("/bad\xFF"));
    EXPECT_EQ(ServerError::ok, client.create("/gr\xC3\xBC\xC3\x9F"));
}

TEST_F(Data, DeleteChecksInTheOrderOfARealServer) {
    client.create("/p");
    client.create("/p/c");
    EXPECT_EQ(ServerError::bad_arguments, client.error_of(wire::RemoveRequest{"/"}));
    EXPECT_EQ(ServerError::bad_arguments, client.error_of(wire::RemoveRequest{"/zookeeper"}));
    EXPECT_EQ(ServerError::bad_arguments, client.error_of(wire::RemoveRequest{"p"}));
    EXPECT_EQ(ServerError::no_node, client.error_of(wire::RemoveRequest{"/absent"}));
    EXPECT_EQ(ServerError::no_node, client.error_of(wire::RemoveRequest{"/p/"}));
    EXPECT_EQ(ServerError::bad_version, client.error_of(wire::RemoveRequest{"/p", 3}));
    EXPECT_EQ(ServerError::not_empty, client.error_of(wire::RemoveRequest{"/p", 0}));
    EXPECT_EQ(ServerError::ok, client.error_of(wire::RemoveRequest{"/p/c", 0}));
    EXPECT_EQ(ServerError::ok, client.error_of(wire::RemoveRequest{"/p"}));
}

TEST_F(Data, SetDataCountsVersionsAndKeepsNullApartFromEmpty) {
    client.create("/p");
    const Reply set = client.ask(wire::SetDataRequest{"/p", std::nullopt, 0});
    EXPECT_EQ(1, set.as<wire::SetDataReply>().stat.version);
    EXPECT_EQ(set.header.zxid, set.as<wire::SetDataReply>().stat.mzxid);
    EXPECT_EQ(std::nullopt, client.ask(wire::GetDataRequest{"/p"}).as<wire::GetDataReply>().data);
    client.ask(wire::SetDataRequest{"/p", ""});
    EXPECT_EQ("", client.ask(wire::GetDataRequest{"/p"}).as<wire::GetDataReply>().data);
    EXPECT_EQ(ServerError::bad_version, client.error_of(wire::SetDataRequest{"/p", "x", 1}));
    EXPECT_EQ(ServerError::no_node, client.error_of(wire::SetDataRequest{"/q", "x"}));
    EXPECT_EQ(ServerError::bad_arguments, client.error_of(wire::SetDataRequest{"", "x"}));
    EXPECT_EQ(ServerError::ok, client.error_of(wire::SetDataRequest{"/", "x"}));
}

TEST_F(Data, AFailedWriteTakesAZxidAndAFailedReadDoesNot) {
    const std::int64_t before = zxid();
    EXPECT_EQ(before + 1, client.ask(wire::RemoveRequest{"/absent"}).header.zxid);
    EXPECT_EQ(before + 1, client.ask(wire::GetDataRequest{"/absent"}).header.zxid);
    EXPECT_EQ(before + 1, zxid());
    client.ask(wire::ReconfigRequest{});
    EXPECT_EQ(before + 2, zxid());
}

TEST_F(Data, ReadsDoNotValidatePaths) {
    EXPECT_EQ(ServerError::no_node, client.error_of(wire::GetDataRequest{"no-slash"}));
    EXPECT_EQ(ServerError::no_node, client.error_of(wire::GetChildrenRequest{"/x/"}));
    EXPECT_EQ(ServerError::bad_arguments,
              client.error_of(wire::ExistsRequest{std::string("/a\0b", 4)}));
}

TEST_F(Data, ChildrenAndDescendantsAreCounted) {
    client.create("/p");
    client.create("/p/a");
    client.create("/p/a/x");
    client.create("/p/b");
    const auto list = client.ask(wire::GetChildren2Request{"/p"}).as<wire::GetChildren2Reply>();
    EXPECT_THAT(list.children, UnorderedElementsAre("a", "b"));
    EXPECT_EQ(2, list.stat.num_children);
    const auto total = [&](const char* path) {
        return client.ask(wire::GetAllChildrenNumberRequest{path})
            .as<wire::GetAllChildrenNumberReply>()
            .total;
    };
    EXPECT_EQ(3, total("/p"));
    EXPECT_EQ(7, total("/"));
}

TEST_F(Data, EphemeralsBelongToTheirSessionAndAreListed) {
    Client other(bench);
    other.connect();
    client.create("/mine", CreateMode::ephemeral);
    client.create("/mine2", CreateMode::ephemeral);
    other.create("/other", CreateMode::ephemeral);
    EXPECT_EQ(client.session, client.stat("/mine")->ephemeral_owner);
    EXPECT_EQ(3U, bench.ensemble.committed().ephemerals());
    const auto own = [](Client& whose, const char* prefix) {
        return whose.ask(wire::GetEphemeralsRequest{prefix})
            .as<wire::GetEphemeralsReply>()
            .ephemerals;
    };
    EXPECT_THAT(own(client, "/"), ElementsAre("/mine", "/mine2"));
    EXPECT_THAT(own(client, "/mine2"), ElementsAre("/mine2"));
    EXPECT_THAT(own(other, ""), ElementsAre("/other"));
}

TEST_F(Data, ContainerFlagsMakeContainersOnlyThroughTheirOwnOperation) {
    EXPECT_EQ(ServerError::ok, client.create("/plain", CreateMode::container));
    EXPECT_EQ(NodeKind::persistent, bench.ensemble.committed().find("/plain")->kind);
    wire::CreateContainerRequest container{"/c", "d", anyone(), CreateMode::persistent};
    const Reply reply = client.ask(container);
    EXPECT_EQ(0, reply.as<wire::Create2Reply>().stat.ephemeral_owner);
    EXPECT_EQ(NodeKind::container, bench.ensemble.committed().find("/c")->kind);
}

TEST_F(Data, TtlNodesAreRefusedUnlessEnabled) {
    const wire::CreateTtlRequest ttl{"/t", "d", anyone(), CreateMode::ttl, 1000};
    const Reply reply = client.ask(ttl);
    EXPECT_EQ(ServerError::unimplemented, reply.header.err);
    EXPECT_EQ(zxid(), reply.header.zxid);
    EXPECT_FALSE(client.is_closed());
    EXPECT_EQ(ServerError::unimplemented, client.create("/t", CreateMode::ttl));
}

TEST_F(Data, ReconfigIsDisabled) {
    EXPECT_EQ(ServerError::reconfig_disabled, client.error_of(wire::ReconfigRequest{}));
}

TEST_F(Data, SyncAnswersWithThePath) {
    EXPECT_EQ("/any", client.ask(wire::SyncRequest{"/any"}).as<wire::SyncReply>().path);
}

TEST_F(Data, ABodyThatEndsEarlyIsAMarshallingErrorAndTheConnectionStays) {
    client.send_bytes(wire::encode_request(5, Opcode::create, wire::Opaque{"\0\0\0"}));
    EXPECT_EQ(ServerError::marshalling_error, client.next_reply()->header.err);
    client.send_bytes(wire::encode_request(6, Opcode::exists, wire::Opaque{""}));
    EXPECT_EQ(ServerError::marshalling_error, client.next_reply()->header.err);
    EXPECT_EQ(ServerError::ok, client.create("/a"));
}

TEST_F(Data, BytesBehindABodyAreIgnored) {
    std::string body = wire::encode_frame(wire::GetDataRequest{"/"}).substr(4) + "more";
    client.send_bytes(wire::encode_request(5, Opcode::get_data, wire::Opaque{body}));
    EXPECT_EQ(ServerError::ok, client.next_reply()->header.err);
}

class TtlData : public Data {
protected:
    TtlData() : Data({.has_ttl_nodes = true}) {}
};

TEST_F(TtlData, TtlHasToBeInRangeAndFitTheFlags) {
    const auto error = [&](const char* path, CreateMode mode, std::int64_t ttl) {
        return client.error_of(wire::CreateTtlRequest{path, "d", anyone(), mode, ttl});
    };
    EXPECT_EQ(ServerError::ok, error("/t", CreateMode::ttl, 1));
    EXPECT_EQ(ServerError::bad_arguments, error("/u", CreateMode::ttl, 0));
    EXPECT_EQ(ServerError::bad_arguments, error("/u", CreateMode::ttl, std::int64_t{1} << 40U));
    EXPECT_EQ(ServerError::bad_arguments, error("/u", CreateMode::persistent, 5));
    EXPECT_EQ(ServerError::bad_arguments, client.create("/u", CreateMode::ttl));
}

TEST_F(TtlData, TheSweepRemovesUsedContainersAndOldTtlNodes) {
    client.ask(wire::CreateContainerRequest{"/used", "", anyone(), CreateMode::container});
    client.ask(wire::CreateContainerRequest{"/unused", "", anyone(), CreateMode::container});
    client.ask(wire::CreateTtlRequest{"/old", "", anyone(), CreateMode::ttl, 1000});
    client.ask(wire::CreateTtlRequest{"/young", "", anyone(), CreateMode::ttl, 1'000'000});
    client.create("/used/x");
    for (int i = 0; i < 3; ++i) {
        bench.run_for(seconds{5});
        client.ping();
    }
    EXPECT_TRUE(bench.ensemble.committed().find("/used"));
    client.error_of(wire::RemoveRequest{"/used/x"});
    bench.run_for(seconds{60});
    const Tree& tree = bench.ensemble.committed();
    EXPECT_FALSE(tree.find("/used"));
    EXPECT_FALSE(tree.find("/old"));
    EXPECT_TRUE(tree.find("/unused"));
    EXPECT_TRUE(tree.find("/young"));
}

}  // namespace leasehold::server
