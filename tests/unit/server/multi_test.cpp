// All or nothing, and what the reply says of each operation.
#include "tests/unit/server/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::server {

using ::testing::ElementsAre;

namespace {

wire::MultiRequest multi(std::vector<wire::MultiOpBody> bodies) {
    wire::MultiRequest request;
    for (wire::MultiOpBody& body : bodies) {
        request.ops.push_back({std::move(body)});
    }
    return request;
}

std::vector<ServerError> errors(const Reply& reply) {
    std::vector<ServerError> list;
    for (const wire::MultiResult& each : reply.as<wire::MultiReply>().results) {
        const auto* error = std::get_if<wire::MultiError>(&each.body);
        list.push_back(error == nullptr ? ServerError::ok : error->err);
    }
    return list;
}

std::vector<Opcode> types(const Reply& reply) {
    std::vector<Opcode> list;
    for (const wire::MultiResult& each : reply.as<wire::MultiReply>().results) {
        list.push_back(each.type());
    }
    return list;
}

}  // namespace

class Multi : public ::testing::Test {
protected:
    explicit Multi(EnsembleOptions options = {}) : bench(std::move(options)), client(bench) {
        client.connect();
        client.create("/p");
    }

    Bench bench;
    Client client;
};

TEST_F(Multi, AnOperationSeesThoseBeforeIt) {
    const Reply reply = client.ask(multi(
        {create_request("/p/a"), create_request("/p/a/b"), wire::SetDataRequest{"/p/a", "x", 0},
         wire::CheckRequest{"/p/a", 1}, wire::RemoveRequest{"/p/a/b"}}));
    EXPECT_EQ(ServerError::ok, reply.header.err);
    EXPECT_THAT(types(reply), ElementsAre(Opcode::create, Opcode::create, Opcode::set_data,
                                          Opcode::check, Opcode::remove));
    EXPECT_EQ(reply.header.zxid, client.stat("/p/a")->czxid);
    EXPECT_FALSE(client.stat("/p/a/b"));
}

TEST_F(Multi, AFailureUndoesEverythingAndTakesOneZxid) {
    const std::int64_t before = bench.ensemble.last_zxid();
    const Reply reply = client.ask(
        multi({create_request("/p/a"), wire::RemoveRequest{"/absent"}, create_request("/p/b")}));
    EXPECT_EQ(ServerError::ok, reply.header.err);
    EXPECT_EQ(before + 1, reply.header.zxid);
    EXPECT_THAT(errors(reply), ElementsAre(ServerError::ok, ServerError::no_node,
                                           ServerError::runtime_inconsistency));
    EXPECT_FALSE(client.stat("/p/a"));
    EXPECT_EQ("/p/0000000000", client.created("/p/", CreateMode::persistent_sequential));
}

TEST_F(Multi, AnEmptyOneIsAWrite) {
    const std::int64_t before = bench.ensemble.last_zxid();
    const Reply reply = client.ask(multi({}));
    EXPECT_EQ(before + 1, reply.header.zxid);
    EXPECT_TRUE(reply.as<wire::MultiReply>().results.empty());
}

TEST_F(Multi, ReadsAmongWritesAreAMarshallingError) {
    EXPECT_EQ(ServerError::marshalling_error,
              client.error_of(multi({create_request("/p/a"), wire::GetDataRequest{"/p"}})));
    EXPECT_FALSE(client.is_closed());
}

TEST_F(Multi, FlagsMakeContainersAndAnOldServerAnswersCreate2WithThePath) {
    const Reply reply = client.ask(
        multi({wire::Create2Request{"/p/a", "", anyone()},
               wire::CreateRequest{"/p/c", "", anyone(), CreateMode::container},
               wire::CreateContainerRequest{"/p/d", "", anyone(), CreateMode::persistent}}));
    EXPECT_THAT(types(reply), ElementsAre(Opcode::create, Opcode::create2, Opcode::create));
    EXPECT_EQ(NodeKind::container, bench.ensemble.committed().find("/p/c")->kind);
    EXPECT_EQ(NodeKind::persistent, bench.ensemble.committed().find("/p/d")->kind);
}

TEST_F(Multi, ReadsOfAMultiReadFailAlone) {
    wire::MultiReadRequest request;
    request.ops = {{wire::GetDataRequest{"/p", true}},
                   {wire::GetDataRequest{"/absent"}},
                   {wire::GetChildrenRequest{"/"}}};
    const Reply reply = client.ask(request);
    EXPECT_THAT(types(reply), ElementsAre(Opcode::get_data, Opcode::error, Opcode::get_children));
    EXPECT_THAT(errors(reply), ElementsAre(ServerError::ok, ServerError::no_node, ServerError::ok));
    EXPECT_EQ(0U, bench.ensemble.watches(0));
}

class NewMulti : public Multi {
protected:
    NewMulti() : Multi({.release = {3, 8, 4}}) {}
};

TEST_F(NewMulti, Create2IsAnsweredWithItsStat) {
    const Reply reply = client.ask(multi({wire::Create2Request{"/p/a", "", anyone()}}));
    EXPECT_THAT(types(reply), ElementsAre(Opcode::create2));
}

class OldMulti : public Multi {
protected:
    OldMulti() : Multi({.release = {3, 4, 8}}) {}
};

TEST_F(OldMulti, LaterKindsAreAMarshallingError) {
    EXPECT_EQ(ServerError::marshalling_error,
              client.error_of(multi({wire::Create2Request{"/p/a", "", anyone()}})));
    EXPECT_EQ(ServerError::ok, client.error_of(multi({create_request("/p/a")})));
}

}  // namespace leasehold::server
