// Sets of locks as a user sees them: what is asked for, what is refused, what is held.
#include "tests/unit/client/fixture.hpp"

#include <boost/asio/use_future.hpp>

#include <array>
#include <future>
#include <string>
#include <vector>

namespace leasehold::testing_client {
namespace {

class Set : public ServedTest {
protected:
    Client x_client = connect();
};

TEST_F(Set, HoldsAllItsPathsUnderOneLeaseAndOneToken) {
    auto set = x_client.lock_all({"/a", "/b", "/c"}, {.budget = 3s}).value();
    EXPECT_TRUE(set.valid());
    EXPECT_GT(set.token(), 0);
    EXPECT_EQ(set.kind(), LockKind::exclusive);
    EXPECT_EQ(set.path(), "/a");
    EXPECT_TRUE(set.node().starts_with("/a/")) << set.node();
    ASSERT_EQ(set.paths().size(), 3u);
    EXPECT_EQ(set.paths()[2], "/c");
    for (const std::string path : {"/a", "/b", "/c"}) {
        const auto tried = x_client.lock(path, {.wait = 0ms});
        ASSERT_FALSE(tried);
        EXPECT_EQ(tried.error(), errc::wait_expired);
    }
    ASSERT_TRUE(set.release());
    EXPECT_EQ(nodes_under("/a") + nodes_under("/b") + nodes_under("/c"), 0u);
    EXPECT_GT(x_client.lock("/b").value().token(), set.token());
}

TEST_F(Set, OnePathIsJustThatLock) {
    const auto set = x_client.lock_all({"/a"}).value();
    ASSERT_EQ(set.paths().size(), 1u);
    EXPECT_EQ(requests(wire::Opcode::multi), 0u);
    EXPECT_EQ(set.path(), "/a");
}

TEST_F(Set, LockHasOnePath) {
    const auto lock = x_client.lock("/a").value();
    ASSERT_EQ(lock.paths().size(), 1u);
    EXPECT_EQ(lock.paths()[0], "/a");
}

TEST_F(Set, RefusalNamesThePathThatIsNotFree) {
    const auto other = x_client.lock("/b", {.owner = "somebody"}).value();
    const auto set = x_client.lock_all({"/a", "/b"}, {.wait = 300ms});
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error(), errc::wait_expired);
    EXPECT_EQ(set.error().context().path, "/b");
    EXPECT_NE(set.error().context().holder.find("somebody"), std::string::npos);
    EXPECT_TRUE(eventually([&] { return nodes_under("/a") == 0; }));
}

TEST_F(Set, AsynchronousOneCopiesItsPathsAndWaitsForTheLastOfThem) {
    auto other = x_client.lock("/b").value();
    std::vector<std::string> paths{"/a", "/b"};
    auto set = x_client.async_lock_all(paths, {.wait = 20s}, boost::asio::use_future);
    paths = {"/x", "/y"};
    ASSERT_TRUE(eventually([&] { return nodes_under("/b") == 2; }));
    ASSERT_TRUE(other.release());
    const auto granted = set.get();
    ASSERT_TRUE(granted);
    EXPECT_EQ(granted->paths()[1], "/b");
}

TEST_F(Set, OneMoreHandleKnowsAllPaths) {
    const auto set = x_client.lock_all({"/a", "/b"}).value();
    EXPECT_EQ(set.again().value().paths().size(), 2u);
}

TEST_F(Set, UnderAChrootIsNamedWithoutIt) {
    auto client = Client::connect(x_server.address() + "/shop", fast_options()).value();
    x_server.with([](FakeZooKeeper& zookeeper) { zookeeper.make({}, "/shop"); });
    const auto held = client.lock_all({"/a", "/b"}).value();
    const auto tried = client.lock_all({"/c", "/b"}, {.wait = 0ms});
    ASSERT_FALSE(tried);
    EXPECT_EQ(tried.error().context().path, "/b");
    EXPECT_EQ(nodes_under("/shop/b"), 1u);
}

struct BadSet {
    std::vector<std::string> paths;
    std::string about;  ///< the path that the error names
    std::string what;   ///< part of its text
};

std::vector<std::string> many(std::size_t count, const std::string& in_front = "/p") {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < count; ++i) {
        paths.push_back(in_front + std::to_string(i));
    }
    return paths;
}

TEST_F(Set, MalformedOneIsRefusedByNameAndNothingIsWritten) {
    const std::vector<BadSet> bad_sets{
        {{}, "", "at least one"},
        {{"/a", "/b", "/a"}, "/a", "twice"},
        {{"/a/b/c", "/b", "/a"}, "/a/b/c", "/a above it"},
        {{"/a", "/a-b", "/a/b"}, "/a/b", "/a above it"},
        {{"/a", "b"}, "b", "slash"},
        {{"/a", "/"}, "/", "root"},
        {many(65), "/p64", "64 paths, not 65"},
    };
    for (const BadSet& bad : bad_sets) {
        const auto set = x_client.lock_all(bad.paths);
        ASSERT_FALSE(set);
        EXPECT_EQ(set.error(), errc::invalid_argument);
        EXPECT_EQ(set.error().context().path, bad.about);
        EXPECT_NE(set.error().context().what.find(bad.what), std::string::npos)
            << set.error().message();
    }
    EXPECT_EQ(requests(wire::Opcode::multi) + requests(wire::Opcode::create), 0u);
}

TEST_F(Set, PathsThatOnlyBeginAlikeAreApart) {
    EXPECT_TRUE(x_client.lock_all({"/a", "/a-b", "/ab"}));
}

TEST_F(Set, MostPathsThereMayBeAreTaken) {
    EXPECT_TRUE(x_client.lock_all(many(64)));
}

TEST_F(Set, WhatNoServerWouldAcceptIsNotSent) {
    const std::string id(4000, 'x');
    const std::array<AclEntry, 5> acl{{{perms::all, "digest", id},
                                       {perms::all, "digest", id},
                                       {perms::all, "digest", id},
                                       {perms::all, "digest", id},
                                       {perms::all, "digest", id}}};
    const auto set = x_client.lock_all(many(64), {.acl = acl});
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error(), errc::invalid_argument);
    EXPECT_NE(set.error().context().what.find("more than a server accepts"), std::string::npos);
    EXPECT_EQ(requests(wire::Opcode::multi), 0u);
    EXPECT_TRUE(x_client.lock_all(many(32), {.acl = acl}));
}

}  // namespace
}  // namespace leasehold::testing_client
