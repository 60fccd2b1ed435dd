#include "sdk/client/raw_codec.hpp"

#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <variant>
#include <vector>

namespace leasehold::detail {
namespace {

using namespace std::chrono_literals;

const RawCodec codec("/shop", {{perms::all, "world", "anyone"}});

template <class Request, class Call>
Request decoded(const Call& call) {
    EXPECT_EQ(call->request.op, Request::op);
    const auto request = wire::decode<Request>(call->request.body);
    EXPECT_TRUE(request);
    return request.assume_value();
}

template <class Record>
core::Reply reply_of(const Record& record) {
    core::Reply reply;
    wire::Writer writer(reply.body);
    wire::encode(writer, record);
    return reply;
}

TEST(RawCodec, CreateOfEveryMode) {
    using Mode = CreateMode;
    for (const auto mode : {Mode::persistent, Mode::ephemeral, Mode::persistent_sequential,
                            Mode::ephemeral_sequential}) {
        const auto request = decoded<wire::CreateRequest>(codec.create("/a", "data", {mode}));
        EXPECT_EQ(request.path, "/shop/a");
        EXPECT_EQ(request.data, "data");
        EXPECT_EQ(static_cast<int>(request.flags), static_cast<int>(mode));
    }
    const auto container =
        decoded<wire::CreateContainerRequest>(codec.create("/a", "", {.mode = Mode::container}));
    EXPECT_EQ(container.flags, wire::CreateMode::container);
    const auto ttl = decoded<wire::CreateTtlRequest>(
        codec.create("/a", "", {.mode = Mode::ttl_sequential, .ttl = 5s}));
    EXPECT_EQ(ttl.flags, wire::CreateMode::ttl_sequential);
    EXPECT_EQ(ttl.ttl, 5000);
}

TEST(RawCodec, CreateRefusesWhatTheServerWould) {
    EXPECT_EQ(codec.create("/a/", "", {}).error(), errc::invalid_argument);
    EXPECT_TRUE(codec.create("/a/", "", {.mode = CreateMode::ephemeral_sequential}));
    EXPECT_FALSE(codec.create("/a", "", {.mode = CreateMode::ttl}));
    EXPECT_FALSE(codec.create("/a", "", {.mode = CreateMode::ttl, .ttl = -1ms}));
    EXPECT_FALSE(codec.create("/a", "", {.mode = CreateMode::ttl, .ttl = milliseconds::max()}));
    EXPECT_FALSE(codec.create("/a", "", {.mode = static_cast<CreateMode>(9)}));
    EXPECT_FALSE(codec.create("/a", "", {.mode = static_cast<CreateMode>(-1)}));
}

TEST(RawCodec, RequestThatWouldCostTheConnectionIsNotSent) {
    const std::string large(1'048'575, 'x');
    EXPECT_EQ(codec.set("/a", large, -1).error(), errc::invalid_argument);
    EXPECT_EQ(codec.create("/a", large, {}).error(), errc::invalid_argument);
    EXPECT_TRUE(codec.set("/a", std::string(1'048'000, 'x'), -1));
    const MultiOp part{.kind = MultiOp::Kind::set, .path = "/a", .data = large.substr(0, 600'000)};
    EXPECT_TRUE(codec.multi({part}));
    EXPECT_EQ(codec.multi({part, part}).error(), errc::invalid_argument);
}

TEST(RawCodec, EveryOperationChecksItsPath) {
    EXPECT_FALSE(codec.get("a", false));
    EXPECT_FALSE(codec.set("a", "", -1));
    EXPECT_FALSE(codec.exists("a", false));
    EXPECT_FALSE(codec.children("a", false));
    EXPECT_FALSE(codec.remove("a", -1));
    EXPECT_FALSE(codec.remove("/", -1));
    EXPECT_FALSE(codec.sync("a"));
    EXPECT_TRUE(codec.children("/", false));
}

TEST(RawCodec, WatchIsAskedForAndRegisteredUnderTheFullPath) {
    const auto get = codec.get("/a", true);
    EXPECT_TRUE(decoded<wire::GetDataRequest>(get).watch);
    EXPECT_EQ(get->request.watch->first, core::WatchKind::data);
    EXPECT_EQ(get->request.watch->second, "/shop/a");
    EXPECT_EQ(codec.children("/a", true)->request.watch->first, core::WatchKind::child);
    EXPECT_EQ(codec.exists("/a", true)->request.watch->first, core::WatchKind::exist);
    EXPECT_FALSE(codec.get("/a", false)->request.watch);
    EXPECT_FALSE(decoded<wire::GetDataRequest>(codec.get("/a", false)).watch);
}

TEST(RawCodec, RepliesAreReadIntoValues) {
    const wire::Stat stat{.czxid = 1,
                          .mzxid = 2,
                          .ctime = 3,
                          .mtime = 4,
                          .version = 5,
                          .cversion = 6,
                          .aversion = 7,
                          .ephemeral_owner = 8,
                          .data_length = 9,
                          .num_children = 10,
                          .pzxid = 11};
    const auto node = codec.get("/a", false)->finish(reply_of(wire::GetDataReply{"data", stat}));
    ASSERT_TRUE(node);
    EXPECT_EQ(node->data, "data");
    const Stat expected{.czxid = 1,
                        .mzxid = 2,
                        .pzxid = 11,
                        .ctime_ms = 3,
                        .mtime_ms = 4,
                        .version = 5,
                        .cversion = 6,
                        .aversion = 7,
                        .ephemeral_owner = 8,
                        .data_length = 9,
                        .num_children = 10};
    EXPECT_EQ(node->stat, expected);
    EXPECT_EQ(codec.get("/a", false)->finish(reply_of(wire::GetDataReply{{}, stat}))->data, "");
    EXPECT_EQ(codec.set("/a", "", -1)->finish(reply_of(wire::SetDataReply{stat})).value(),
              expected);
    EXPECT_EQ(*codec.create("/a", "", {})->finish(reply_of(wire::CreateReply{"/shop/a7"})), "/a7");
    const auto children =
        codec.children("/", false)->finish(reply_of(wire::GetChildren2Reply{{"x", "y"}, stat}));
    EXPECT_EQ(children->names, (std::vector<std::string>{"x", "y"}));
}

TEST(RawCodec, AbsentNodeIsAnAnswerToExistsOnly) {
    const auto absent = codec.exists("/a", false)->finish(zk_errc::no_node);
    ASSERT_TRUE(absent);
    EXPECT_FALSE(absent->has_value());
    EXPECT_EQ(codec.exists("/a", false)->finish(zk_errc::no_auth).error(), zk_errc::no_auth);
    EXPECT_EQ(codec.get("/a", false)->finish(zk_errc::no_node).error(), zk_errc::no_node);
}

TEST(RawCodec, ErrorsNameThePathAsGiven) {
    EXPECT_EQ(codec.get("/a", false)->finish(zk_errc::no_node).error().context().path, "/a");
    EXPECT_EQ(codec.remove("/a", 3)->finish(zk_errc::bad_version).error().context().path, "/a");
}

TEST(RawCodec, GarbageInPlaceOfAReplyIsAProtocolError) {
    for (const std::string& body : {std::string(), std::string("\x7f\xff\xff\xff", 4),
                                    std::string(200, '\xff'), std::string(1, '\0')}) {
        EXPECT_EQ(codec.get("/a", false)->finish(core::Reply{1, body}).error(),
                  errc::protocol_error);
        EXPECT_EQ(codec.children("/a", false)->finish(core::Reply{1, body}).error(),
                  errc::protocol_error);
        EXPECT_EQ(codec.multi({})->finish(core::Reply{1, body}).error(), errc::protocol_error);
    }
}

// ---- multi ----

std::vector<MultiOp> four_parts() {
    return {{.kind = MultiOp::Kind::create, .path = "/a", .data = "1"},
            {.kind = MultiOp::Kind::set, .path = "/b", .data = "2", .version = 3},
            {.kind = MultiOp::Kind::remove, .path = "/c"},
            {.kind = MultiOp::Kind::check, .path = "/d", .version = 4}};
}

wire::MultiReply failed_at(std::size_t place, wire::ServerError err) {
    wire::MultiReply reply;
    for (std::size_t i = 0; i < 4; ++i) {
        reply.results.push_back(
            wire::multi_failure(i < place    ? wire::ServerError::ok
                                : i == place ? err
                                             : wire::ServerError::runtime_inconsistency));
    }
    return reply;
}

TEST(RawMulti, PartsAreSentInOrder) {
    const auto call = codec.multi(four_parts());
    const auto request = wire::decode<wire::MultiRequest>(call->request.body);
    ASSERT_TRUE(request);
    const auto& ops = request.assume_value().ops;
    ASSERT_EQ(ops.size(), 4u);
    EXPECT_EQ(std::get<wire::CreateRequest>(ops[0].body).path, "/shop/a");
    EXPECT_EQ(std::get<wire::SetDataRequest>(ops[1].body).version, 3);
    EXPECT_EQ(std::get<wire::RemoveRequest>(ops[2].body).version, -1);
    EXPECT_EQ(std::get<wire::CheckRequest>(ops[3].body).version, 4);
}

TEST(RawMulti, ResultsComeInOrder) {
    wire::MultiReply reply;
    reply.results = {{wire::CreateReply{"/shop/a"}},
                     {wire::SetDataReply{{.version = 4}}},
                     {wire::RemoveReply{}},
                     {wire::CheckReply{}}};
    const auto parts = codec.multi(four_parts())->finish(reply_of(reply));
    ASSERT_TRUE(parts) << parts.error().message();
    ASSERT_EQ(parts->size(), 4u);
    EXPECT_EQ((*parts)[0].path, "/a");
    EXPECT_EQ((*parts)[1].stat->version, 4);
    EXPECT_FALSE((*parts)[2].stat);
}

TEST(RawMulti, FirstFailingPartIsNamed) {
    const auto failed =
        codec.multi(four_parts())->finish(reply_of(failed_at(1, wire::ServerError::bad_version)));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error(), zk_errc::bad_version);
    EXPECT_EQ(failed.error().context().path, "/b");
    EXPECT_NE(failed.error().message().find("part 2"), std::string::npos);
}

TEST(RawMulti, RollbackWithoutAReasonIsNoSuccess) {
    const auto failed =
        codec.multi(four_parts())->finish(reply_of(failed_at(4, wire::ServerError::ok)));
    EXPECT_EQ(failed.error(), errc::protocol_error);
}

TEST(RawMulti, WrongNumberOfResultsIsNoSuccess) {
    wire::MultiReply reply;
    reply.results = {{wire::CreateReply{"/shop/a"}}};
    EXPECT_EQ(codec.multi(four_parts())->finish(reply_of(reply)).error(), errc::protocol_error);
}

TEST(RawMulti, BadPartsAreRefusedByNumber) {
    auto parts = four_parts();
    parts[2].path = "c";
    const auto refused = codec.multi(parts);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), errc::invalid_argument);
    EXPECT_NE(refused.error().message().find("part 3"), std::string::npos);
    parts = four_parts();
    parts[0].mode = CreateMode::container;
    EXPECT_EQ(codec.multi(parts).error(), errc::unsupported);
}

TEST(RawMulti, BuilderOwnsWhatItIsGiven) {
    std::string path = "/a";
    Multi multi;
    multi.create(path, "x").set("/b", "y", 2).remove("/c").check("/d");
    path.assign("??");
    const Multi copy = multi;
    EXPECT_EQ(copy.size(), 4u);
    EXPECT_EQ(Multi().size(), 0u);
}

}  // namespace
}  // namespace leasehold::detail
