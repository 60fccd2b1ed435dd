// A 3.4.8 server: nothing it does not know is ever asked of it on the session that holds locks, and
// locks work all the same.
#include "tests/integration/fixture.hpp"
#include "tests/integration/parcel.hpp"
#include "tests/support/scripted_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <future>
#include <set>

namespace leasehold::integration {
namespace {

using wire::Opcode;

/// What 3.4.8 executes (PROTOCOL section 4); everything else costs the connection there.
const std::set<Opcode> known_ops{
    Opcode::create_session, Opcode::close_session, Opcode::create,        Opcode::remove,
    Opcode::exists,         Opcode::get_data,      Opcode::set_data,      Opcode::get_acl,
    Opcode::set_acl,        Opcode::get_children,  Opcode::get_children2, Opcode::sync,
    Opcode::ping,           Opcode::multi,         Opcode::auth,          Opcode::set_watches};

struct Answers {
    const char* name;
    bool answers_srvr;
    const char* told_version;  ///< ClientOptions::server_version
    std::size_t throw_away_sessions;
    bool answers_close;  ///< 3.4.8 with Netty does not
};

void PrintTo(const Answers& answers, std::ostream* out) {
    *out << answers.name;
}

class OldServer : public ::testing::TestWithParam<Answers> {
protected:
    Client client() {
        ClientOptions options = standalone_options();
        options.server_version = GetParam().told_version;
        return connect(server.address(), options);
    }
    int nodes(const std::string& path) {
        return server.with([&](FakeZooKeeper& zookeeper) {
            const Znode* parent = zookeeper.tree().find(path);
            return parent == nullptr ? 0 : static_cast<int>(parent->children.size());
        });
    }
    /// Sessions that were asked for something 3.4.8 does not know.
    std::set<std::int64_t> sessions_with_unknown_ops() {
        return server.with([](FakeZooKeeper& zookeeper) {
            std::set<std::int64_t> sessions;
            for (const Seen& seen : zookeeper.seen()) {
                if (!known_ops.contains(seen.op)) {
                    sessions.insert(seen.session);
                }
            }
            return sessions;
        });
    }
    std::set<std::int64_t> sessions_with(Opcode op) {
        return server.with([op](FakeZooKeeper& zookeeper) {
            std::set<std::int64_t> sessions;
            for (const Seen& seen : zookeeper.seen(op)) {
                sessions.insert(seen.session);
            }
            return sessions;
        });
    }

    ScriptedServer server{FakeOptions{.version = {3, 4, 8},
                                      .answers_srvr = GetParam().answers_srvr,
                                      .answers_close = GetParam().answers_close}};
    const LockOptions usual{.wait = 20s, .budget = 2s};
};

INSTANTIATE_TEST_SUITE_P(Versions, OldServer,
                         ::testing::Values(Answers{"ToldBySrvr", true, "", 0, true},
                                           Answers{"SrvrRefused", false, "", 1, true},
                                           Answers{"SetByTheUser", false, "3.4.8", 0, true},
                                           Answers{"NettyWithoutCloseReply", true, "", 0, false}),
                         [](const auto& answers) { return std::string(answers.param.name); });

TEST_P(OldServer, WholeLifeOfLocks_NeverUsesWhatItDoesNotKnow) {
    const Client us = client();
    const Client other = client();
    auto held = us.lock("/shop/orders/42", usual);  // parents are missing
    ASSERT_TRUE(held.has_value()) << why(held);
    auto waiting = other.async_lock("/shop/orders/42", usual, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes("/shop/orders/42") == 2; }));
    // A waiter that gives up, and one whose connection breaks.
    EXPECT_TRUE(fails_with(client().lock("/shop/orders/42", {.wait = 300ms, .budget = 1s}),
                           errc::wait_expired));
    ASSERT_TRUE(eventually([&] { return nodes("/shop/orders/42") == 2; }));
    server.cut();
    ASSERT_TRUE(
        eventually([&] { return us.stats().reconnects == 1 && other.stats().reconnects == 1; }));
    ASSERT_TRUE(held->release(patient(5s)).has_value());
    auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    ASSERT_TRUE(granted->release(patient(5s)).has_value());
    EXPECT_EQ(nodes("/shop/orders/42"), 0);

    const auto node = other.zookeeper().get("/shop/orders");
    ASSERT_TRUE(node.has_value()) << why(node);
    EXPECT_EQ(node->stat.ephemeral_owner, 0) << "parents are plain persistent nodes";
    EXPECT_TRUE(fails_with(us.zookeeper().create("/box", "", {.mode = CreateMode::container}),
                           errc::unsupported));

    const std::set<std::int64_t> strange = sessions_with_unknown_ops();
    const std::set<std::int64_t> with_locks = sessions_with(Opcode::create);
    std::vector<std::int64_t> both;
    std::set_intersection(strange.begin(), strange.end(), with_locks.begin(), with_locks.end(),
                          std::back_inserter(both));
    EXPECT_TRUE(both.empty()) << "an unknown operation on a session that holds locks";
    // One throw-away session for each of the three clients, if the server would not say.
    EXPECT_EQ(strange.size(), 3 * GetParam().throw_away_sessions);

    ASSERT_TRUE(us.close().has_value());
    ASSERT_TRUE(other.close().has_value());
    EXPECT_TRUE(eventually([&] {
        return server.with([](FakeZooKeeper& zookeeper) {
            return zookeeper.sessions() == 0 && zookeeper.watches().size() == 0 &&
                   zookeeper.tree().ephemerals() == 0;
        });
    }));
}

TEST_P(OldServer, WatchOfACancelledWaiter_IsKeptAndUsedAgain) {
    const Client holder = client();
    const Client us = client();
    auto held = holder.lock("/orders", {.wait = 5s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    for (int round = 0; round < 5; ++round) {
        boost::asio::cancellation_signal signal;
        const Parcel<result<ScopedLock>> answer;
        us.async_lock(
            "/orders", usual,
            boost::asio::bind_cancellation_slot(signal.slot(), [answer](result<ScopedLock> lock) {
                answer.deliver(std::move(lock));
            }));
        ASSERT_TRUE(eventually([&] {
            return server.with([&](FakeZooKeeper& zookeeper) {
                return zookeeper.watches().has_data(std::string(held->node()));
            }) && us.stats().watches >= 2;
        }));
        signal.emit(boost::asio::cancellation_type::total);
        EXPECT_TRUE(fails_with(answer.receive(), errc::cancelled));
        ASSERT_TRUE(eventually([&] { return us.stats().nodes_to_delete == 0; }));
    }
    // The deletion of our own nodes used up the watches on them; the predecessor's is still one.
    EXPECT_TRUE(eventually([&] { return us.stats().watches == 1; })) << us.stats().watches;
    EXPECT_EQ(server.with([](FakeZooKeeper& zookeeper) { return zookeeper.watches().size(); }), 1U);
    auto waiting = us.async_lock("/orders", usual, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return nodes("/orders") == 2; }));
    ASSERT_TRUE(held->release().has_value());
    const auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_EQ(us.stats().ignored_events, 0U);
    EXPECT_TRUE(sessions_with_unknown_ops().empty() || !GetParam().answers_srvr);
}

}  // namespace
}  // namespace leasehold::integration
