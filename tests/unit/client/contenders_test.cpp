#include "tests/unit/client/fixture.hpp"

#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;

class Contenders : public ServedTest {
protected:
    void make(const std::string& path, std::string data = {}) {
        x_server.with([&](FakeZooKeeper& zookeeper) {
            zookeeper.make(BootClock::now(), path, wire::CreateMode::persistent, std::move(data));
        });
    }

    Client x_client = connect();
};

TEST_F(Contenders, PathThatDoesNotExistHasNone) {
    EXPECT_TRUE(x_client.contenders("/orders/42").value().empty());
    EXPECT_EQ(x_client.contenders("orders").error(), errc::invalid_argument);
    EXPECT_EQ(x_client.contenders("/").error(), errc::invalid_argument);
}

TEST_F(Contenders, HolderComesFirstAndSaysWhoItIs) {
    const auto lock =
        x_client.lock("/orders/42", {.budget = 3s, .owner = "till", .trace_id = "t-1"}).value();
    const Client other = connect();
    auto waiting = other.async_lock("/orders/42", {.wait = 30s, .budget = 1s}, asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes_under("/orders/42") == 2; }));
    const auto queue = x_client.contenders("/orders/42").value();
    ASSERT_EQ(queue.size(), 2u);
    EXPECT_EQ("/orders/42/" + queue[0].node, lock.node());
    EXPECT_TRUE(queue[0].is_held);
    EXPECT_FALSE(queue[1].is_held);
    EXPECT_LT(queue[0].sequence, queue[1].sequence);
    EXPECT_EQ(queue[0].owner, "till");
    EXPECT_FALSE(queue[0].host.empty());
    EXPECT_EQ(queue[0].pid, ::getpid());
    EXPECT_EQ(queue[0].budget, 3s);
    EXPECT_EQ(queue[0].trace_id, "t-1");
    EXPECT_EQ(queue[0].session.size(), 4u);
    EXPECT_NE(queue[0].session, queue[1].session);
    EXPECT_EQ(queue[0].kind, ContenderKind::curator);
    EXPECT_EQ(queue[0].lock_kind, LockKind::exclusive);
    EXPECT_EQ(queue[0].token, lock.token());
    EXPECT_EQ(queue[0].blocked_by, "");
    EXPECT_EQ(queue[1].owner, "unit");
    EXPECT_GT(queue[1].token, queue[0].token);
    EXPECT_EQ(queue[1].blocked_by, queue[0].node);
}

TEST_F(Contenders, TokenIsWhatTheHoldersIsAtLeast) {
    const LockOptions options{.wait = 30s, .budget = 1s};
    auto first = x_client.async_lock("/orders/42", options, asio::use_future);
    auto second = x_client.async_lock("/orders/42", options, asio::use_future);
    auto lock = first.get().value();
    const auto token = x_client.contenders("/orders/42").value().at(0).token;
    EXPECT_EQ(token, lock.token());
    ASSERT_TRUE(lock.release());
    const auto next = second.get().value();
    EXPECT_EQ(x_client.contenders("/orders/42").value().at(0).token, token) << "the same node";
    EXPECT_GT(next.token(), token);
}

TEST_F(Contenders, ThoseWhoShareHoldTogetherUpToTheFirstWriter) {
    make("/l");
    make("/l/a-__READ__0000000001");
    make("/l/b__rlock__0000000002");
    make("/l/c-__WRIT__0000000003");
    make("/l/d-__READ__0000000004");
    make("/l/e-lock-0000000005");
    make("/l/f-__READ__0000000006");
    const auto queue = x_client.contenders("/l").value();
    ASSERT_EQ(queue.size(), 6u);
    const auto row = [&](std::size_t place) {
        const ContenderInfo& info = queue[place];
        return std::string(info.lock_kind == LockKind::shared ? "shared " : "exclusive ") +
               (info.is_held ? "held" : "after " + info.blocked_by);
    };
    EXPECT_EQ(row(0), "shared held");
    EXPECT_EQ(row(1), "shared held");
    EXPECT_EQ(row(2), "exclusive after b__rlock__0000000002");
    EXPECT_EQ(row(3), "shared after c-__WRIT__0000000003");
    EXPECT_EQ(row(4), "exclusive after d-__READ__0000000004");
    EXPECT_EQ(row(5), "shared after e-lock-0000000005");
    for (const ContenderInfo& info : queue) {
        EXPECT_EQ(info.token == 0, info.lock_kind == LockKind::shared) << info.node;
        EXPECT_EQ(info.kind, info.node[0] == 'b' ? ContenderKind::kazoo : ContenderKind::curator);
    }
}

TEST_F(Contenders, SemaphoresFirstOnesHoldAndEachHasItsToken) {
    LockOptions options{.wait = 30s, .budget = 2s, .owner = "till"};
    options.permits = 2;
    auto first = x_client.acquire_permit("/s", options).value();
    const auto second = x_client.acquire_permit("/s", options).value();
    auto third = x_client.async_acquire_permit("/s", options, asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes_under("/s") == 3; }));
    auto fourth = x_client.async_acquire_permit("/s", options, asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes_under("/s") == 4; }));
    auto queue = x_client.contenders("/s").value();
    ASSERT_EQ(queue.size(), 4u);
    EXPECT_EQ(queue[0].token, first.token());
    EXPECT_EQ(queue[1].token, second.token());
    for (const ContenderInfo& info : queue) {
        EXPECT_EQ(info.lock_kind, LockKind::permit);
        EXPECT_EQ(info.kind, ContenderKind::curator);
        EXPECT_EQ(info.owner, "till");
    }
    EXPECT_TRUE(queue[0].is_held && queue[1].is_held);
    EXPECT_EQ(queue[0].blocked_by + queue[1].blocked_by, "");
    EXPECT_FALSE(queue[2].is_held || queue[3].is_held);
    EXPECT_EQ(queue[2].blocked_by, queue[1].node);
    EXPECT_EQ(queue[3].blocked_by, queue[2].node);
    ASSERT_TRUE(first.release());
    const auto granted = third.get().value();
    queue = x_client.contenders("/s").value();
    ASSERT_EQ(queue.size(), 3u);
    EXPECT_EQ(queue[1].token, granted.token());
    EXPECT_TRUE(queue[1].is_held);
    EXPECT_EQ(queue[1].owner, "till") << "the mark of a permit that was waited for is none of it";
    EXPECT_EQ(queue[2].blocked_by, queue[1].node);
}

TEST_F(Contenders, NobodyCanTellWhoHoldsWithoutTheNumberOfPermits) {
    int count = 0;
    for (const char* data : {"", "0", "-2", "02", "2 ", "2147483648", "somebody's data"}) {
        const std::string path = "/s" + std::to_string(++count);
        make(path, data);
        make(path + "/a-lease-0000000001");
        make(path + "/b-lease-0000000002");
        const auto queue = x_client.contenders(path).value();
        ASSERT_EQ(queue.size(), 2u);
        for (const ContenderInfo& info : queue) {
            EXPECT_EQ(info.lock_kind, LockKind::permit);
            EXPECT_FALSE(info.is_held) << data;
            EXPECT_EQ(info.blocked_by, "") << data;
            EXPECT_GT(info.token, 0);
        }
    }
}

TEST_F(Contenders, NumberOfPermitsThatMayNotBeReadIsUnknown) {
    make("/s", "1");
    make("/s/a-lease-0000000001");
    EXPECT_TRUE(x_client.contenders("/s").value().at(0).is_held);
    for (const auto err : {wire::ServerError::no_auth, wire::ServerError::no_node}) {
        x_server.with([err](FakeZooKeeper& zookeeper) {
            zookeeper.fail_next(wire::Opcode::get_data, err);  // the limit is read first
        });
        EXPECT_FALSE(x_client.contenders("/s").value().at(0).is_held);
    }
}

/// Ours refuse to; another's contender may have any name.
TEST_F(Contenders, LockBehindPermitsWaitsForAll) {
    make("/s", "3");
    make("/s/a-lease-0000000001");
    make("/s/b-lease-0000000002");
    make("/s/c-lock-0000000003");
    make("/s/d-lease-0000000004");
    const auto queue = x_client.contenders("/s").value();
    ASSERT_EQ(queue.size(), 4u);
    EXPECT_TRUE(queue[0].is_held && queue[1].is_held);
    EXPECT_EQ(queue[2].blocked_by, queue[1].node);
    EXPECT_EQ(queue[3].blocked_by, queue[2].node) << "as our semaphores count";
}

TEST_F(Contenders, OtherClientsNodesCountAndTheirDataIsShownEscaped) {
    make("/l");
    make("/l/_c_0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0-lock-0000000003", "10.0.0.7");
    make("/l/0f1e2d3c4b5a69788796a5b4c3d2e1f0__lock__0000000001", "me\x1b[2J");
    make("/l/x-1234567890abcdef-0000000002");
    make("/l/config", "not a contender");
    const auto queue = x_client.contenders("/l").value();
    ASSERT_EQ(queue.size(), 3u);
    EXPECT_EQ(queue[0].kind, ContenderKind::kazoo);
    EXPECT_EQ(queue[0].owner, "me\\x1b[2J");
    EXPECT_TRUE(queue[0].is_held);
    EXPECT_EQ(queue[1].kind, ContenderKind::other);
    EXPECT_EQ(queue[1].session, "") << "it is no ephemeral node";
    EXPECT_EQ(queue[2].kind, ContenderKind::curator);
    EXPECT_EQ(queue[2].host, "10.0.0.7");
    EXPECT_FALSE(queue[2].budget);
}

TEST_F(Contenders, LongQueuesAreReadInPieces) {
    make("/l");
    for (int i = 0; i < 500; ++i) {
        char name[32];
        std::snprintf(name, sizeof name, "/l/n-%010d", i);
        make(name);
    }
    const auto queue = x_client.contenders("/l").value();
    ASSERT_EQ(queue.size(), 500u);
    for (std::size_t i = 0; i < queue.size(); ++i) {
        EXPECT_EQ(queue[i].sequence, static_cast<std::int32_t>(i));
    }
}

TEST_F(Contenders, WhoLeavesMeanwhileIsLeftOut) {
    make("/l");
    make("/l/n-0000000001");
    make("/l/n-0000000002");
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.fail_next(wire::Opcode::get_data, wire::ServerError::no_node);
    });
    const auto queue = x_client.contenders("/l").value();
    ASSERT_EQ(queue.size(), 1u);
    EXPECT_TRUE(queue[0].is_held);
    EXPECT_EQ(queue[0].blocked_by, "") << "whom it waited for is gone";
}

TEST_F(Contenders, NodeThatMayNotBeReadIsListedWithoutDetails) {
    make("/l");
    make("/l/n-0000000001", "secret");
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.fail_next(wire::Opcode::get_data, wire::ServerError::no_auth);
    });
    const auto queue = x_client.contenders("/l").value();
    ASSERT_EQ(queue.size(), 1u);
    EXPECT_EQ(queue[0].owner, "");
    EXPECT_EQ(queue[0].token, 0);
}

TEST_F(Contenders, ListThatMayNotBeReadIsAnError) {
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.fail_next(wire::Opcode::get_children, wire::ServerError::no_auth);
    });
    const auto refused = x_client.contenders("/l");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().context().path, "/l");
}

TEST_F(Contenders, ConnectionLostInTheMiddleIsAnError) {
    make("/l");
    make("/l/n-0000000001");
    make("/l/n-0000000002");
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.next(wire::Opcode::get_data, support::Fate::close_before, 2);
    });
    EXPECT_FALSE(x_client.contenders("/l"));
    EXPECT_TRUE(x_client.contenders("/l"));
}

}  // namespace
}  // namespace leasehold::testing_client
