// The connection breaks at one exact point of an acquisition, a release or a close: there are zero
// or one nodes, never two, and in the end nothing is left.
#include "tests/integration/fixture.hpp"
#include "tests/support/cutting_proxy.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <future>

namespace leasehold::integration {
namespace {

using wire::Opcode;

class Cut : public ::testing::Test {
protected:
    /// The first request of the newest connection that is neither a ping nor about watches.
    [[nodiscard]] std::string first_request_of_last_connection() const {
        const auto frames = proxy.frames();
        std::string found = "none";
        std::size_t newest = 0;
        for (const ProxyFrame& frame : frames) {
            if (frame.kind != FrameKind::request || frame.op == Opcode::ping ||
                frame.op == Opcode::set_watches || frame.op == Opcode::auth) {
                continue;
            }
            if (frame.connection > newest) {
                newest = frame.connection;
                found = std::string(wire::name_of(frame.op));
            }
        }
        return found;
    }

    CuttingProxy proxy{one_server().server().port()};
    Client us = connect(proxy.connect_string(), standalone_options(4s));
    Client other = connect(one_server().connect_string());
    const std::string path = existing_path(other);
    const LockOptions patiently{.wait = 20s, .budget = 2s};
};

struct CutPoint {
    const char* name;
    bool is_reply;
    Opcode op;
    Verdict verdict;
    /// Create requests that a correct client sends altogether; 0: one or two, as the race goes.
    std::size_t creates;
};

void PrintTo(const CutPoint& point, std::ostream* out) {
    *out << point.name;
}

class CutAcquire : public Cut, public ::testing::WithParamInterface<CutPoint> {
protected:
    void cut() {
        const CutPoint& point = GetParam();
        proxy.judge(point.is_reply ? on_reply(point.op, point.verdict)
                                   : on_request(point.op, point.verdict));
    }
    void expect_creates() const {
        const std::size_t creates = proxy.requests(Opcode::create);
        if (GetParam().creates == 0) {
            EXPECT_LE(creates, 2U);
        } else {
            EXPECT_EQ(creates, GetParam().creates);
        }
    }
};

INSTANTIATE_TEST_SUITE_P(
    Points, CutAcquire,
    ::testing::Values(CutPoint{"BeforeCreate", false, Opcode::create, Verdict::cut_before, 2},
                      CutPoint{"BehindCreate", false, Opcode::create, Verdict::cut_after, 0},
                      CutPoint{"BeforeCreateReply", true, Opcode::create, Verdict::cut_before, 1},
                      CutPoint{"BehindCreateReply", true, Opcode::create, Verdict::cut_after, 1}),
    [](const auto& point) { return point.param.name; });

TEST_P(CutAcquire, FreeLock_IsGrantedWithOneNode) {
    proxy.clear();
    cut();
    auto lock = us.lock(path, patiently);
    ASSERT_TRUE(lock.has_value()) << why(lock);
    EXPECT_EQ(proxy.judged(), 1U) << "the connection was not cut";
    EXPECT_EQ(nodes_under(other, path), 1);
    expect_creates();
    const auto node = other.zookeeper().get(lock->node());
    ASSERT_TRUE(node.has_value()) << why(node);
    EXPECT_EQ(lock->token() / 64, node->stat.czxid) << "the token is that of the node";
    EXPECT_EQ(us.stats().sessions, 1U);
    ASSERT_TRUE(lock->release().has_value());
    EXPECT_EQ(nodes_under(other, path), 0);
}

TEST_P(CutAcquire, BusyLock_WaitsWithOneNodeAndIsGrantedInTurn) {
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    proxy.clear();
    cut();
    auto waiting = us.async_lock(path, patiently, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return us.stats().reconnects == 1; }));
    ASSERT_TRUE(eventually([&] { return proxy.requests(Opcode::get_data) >= 2; }));
    EXPECT_EQ(nodes_under(other, path), 2) << "the holder's and ours";
    expect_creates();
    ASSERT_TRUE(held->release().has_value());
    auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_EQ(nodes_under(other, path), 1);
    ASSERT_TRUE(granted->release().has_value());
    EXPECT_EQ(nodes_under(other, path), 0);
}

TEST_P(CutAcquire, CallerThatGivesUpMeanwhile_LeavesNoNode) {
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    cut();
    const auto refused = us.lock(path, {.wait = 700ms, .budget = 1s});
    EXPECT_TRUE(fails_with(refused, errc::wait_expired));
    EXPECT_TRUE(becomes_nodes(other, path, 1));
    EXPECT_TRUE(eventually([&] { return us.stats().nodes_to_delete == 0; }));
    EXPECT_EQ(us.stats().sessions, 1U);
}

TEST_F(Cut, WaitersConnection_DoesNotCostItItsPlace) {
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    proxy.clear();
    auto waiting = us.async_lock(path, patiently, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return proxy.requests(Opcode::get_data) == 2; }));
    const Client third = connect(one_server().connect_string());
    auto behind = third.async_lock(path, patiently, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 3));
    proxy.cut_all();
    ASSERT_TRUE(eventually([&] { return us.stats().reconnects == 1; }));
    ASSERT_TRUE(held->release().has_value());
    auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_EQ(proxy.requests(Opcode::create), 1U) << "it kept its node";
    EXPECT_EQ(behind.wait_for(0s), std::future_status::timeout);
    ASSERT_TRUE(granted->release().has_value());
    EXPECT_TRUE(behind.get().has_value());
}

TEST_F(Cut, PredecessorThatGoesWhileWeAreAway_IsNoticedOnReturn) {
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    proxy.clear();
    auto waiting = us.async_lock(path, patiently, boost::asio::use_future);
    ASSERT_TRUE(eventually([&] { return proxy.requests(Opcode::get_data) == 2; }));
    proxy.refuse(true);
    proxy.cut_all();
    ASSERT_TRUE(eventually([&] { return us.state() != ClientState::connected; }));
    ASSERT_TRUE(held->release().has_value());
    proxy.refuse(false);
    const auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_EQ(nodes_under(other, path), 1);
}

TEST_F(Cut, ReleaseWhoseReplyIsLost_SucceedsAllTheSame) {
    auto lock = us.lock(path, patiently);
    ASSERT_TRUE(lock.has_value()) << why(lock);
    proxy.judge(on_reply(Opcode::remove, Verdict::cut_before));
    const auto released = lock->release(patient(5s));
    EXPECT_TRUE(released.has_value()) << why(released);
    EXPECT_EQ(proxy.judged(), 1U);
    EXPECT_EQ(nodes_under(other, path), 0);
    EXPECT_EQ(us.stats().nodes_to_delete, 0U);
}

TEST_F(Cut, ReleaseThatNeverArrives_IsTheFirstRequestAfterTheReturn) {
    auto lock = us.lock(path, patiently);
    ASSERT_TRUE(lock.has_value()) << why(lock);
    proxy.judge(on_request(Opcode::remove, Verdict::cut_before));
    const auto released = lock->release(patient(5s));
    EXPECT_TRUE(released.has_value()) << why(released);
    EXPECT_EQ(proxy.judged(), 1U);
    EXPECT_EQ(nodes_under(other, path), 0);
    EXPECT_EQ(first_request_of_last_connection(), "delete");
}

TEST_F(Cut, BudgetThatEndsWhileWeAreAway_IsHonouredFirstThingOnReturn) {
    auto lock = us.lock(path, {.wait = 10s, .budget = 500ms});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    proxy.refuse(true);
    proxy.cut_all();
    ASSERT_TRUE(eventually([&] { return !lock->valid(); }));
    EXPECT_EQ(nodes_under(other, path), 1) << "nobody could delete it yet";
    proxy.refuse(false);
    EXPECT_TRUE(becomes_nodes(other, path, 0));
    EXPECT_EQ(first_request_of_last_connection(), "delete");
    EXPECT_EQ(us.stats().sessions, 1U) << "the session lives on";
}

TEST_F(Cut, CloseThatNeverArrivesOrIsNeverAnswered_LeavesNoSession) {
    for (const bool is_reply : {false, true}) {
        CuttingProxy road(one_server().server().port());
        const Client leaving = connect(road.connect_string(), standalone_options(2s));
        auto lock = leaving.lock(path, {.wait = 10s, .budget = 1s});
        ASSERT_TRUE(lock.has_value()) << why(lock);
        road.judge(is_reply ? on_reply(Opcode::close_session, Verdict::cut_before)
                            : on_request(Opcode::close_session, Verdict::cut_before));
        const auto closed = leaving.close(patient(5s));
        EXPECT_TRUE(closed.has_value() || closed.error() == errc::timed_out) << why(closed);
        EXPECT_EQ(road.judged(), 1U);
        EXPECT_FALSE(lock->valid());
        EXPECT_TRUE(becomes_nodes(other, path, 0));
    }
    ASSERT_TRUE(us.close().has_value());
    ASSERT_TRUE(other.close().has_value());
    EXPECT_TRUE(nothing_left(one_server()));
}

TEST_F(Cut, AnywhereInALocksLife_LeavesNothingBehind) {
    // Each round breaks the connection at the next frame, in both ways, until no frame is left to
    // break it at: connecting, creating parents, creating, listing, watching, releasing, closing.
    std::size_t rounds = 0;
    for (bool was_cut = true; was_cut && rounds < 60; ++rounds) {
        std::size_t seen = 0;  // outlives the proxy that counts in it
        CuttingProxy road(one_server().server().port());
        road.judge([&seen, rounds](const ProxyFrame& frame) {
            if (frame.op == Opcode::ping || seen++ != rounds / 2) {
                return Verdict::forward;
            }
            return rounds % 2 == 0 ? Verdict::cut_before : Verdict::cut_after;
        });
        ClientOptions options = standalone_options(4s);
        options.backoff_min = 10ms;
        const Client traveller = connect(road.connect_string(), options);
        const std::string place = path + "/" + std::to_string(rounds);
        {
            auto held = other.lock(place, {.wait = 10s, .budget = 8s});
            ASSERT_TRUE(held.has_value()) << why(held);
            auto waiting = traveller.async_lock(place, patiently, boost::asio::use_future);
            ASSERT_TRUE(becomes_nodes(other, place, 2)) << "round " << rounds;
            ASSERT_TRUE(held->release().has_value());
            auto granted = waiting.get();
            ASSERT_TRUE(granted.has_value()) << "round " << rounds << ": " << why(granted);
            EXPECT_EQ(nodes_under(other, place), 1) << "round " << rounds;
            const auto released = granted->release(patient(5s));
            EXPECT_TRUE(released.has_value()) << "round " << rounds << ": " << why(released);
        }
        EXPECT_EQ(nodes_under(other, place), 0) << "round " << rounds;
        const auto closed = traveller.close(patient(5s));
        EXPECT_TRUE(closed.has_value() || closed.error() == errc::timed_out)
            << "round " << rounds << ": " << why(closed);
        was_cut = road.judged() == 1;
    }
    EXPECT_GT(rounds, 20U);
    EXPECT_LT(rounds, 60U);
    ASSERT_TRUE(us.close().has_value());
    ASSERT_TRUE(other.close().has_value());
    EXPECT_TRUE(nothing_left(one_server()));
}

}  // namespace
}  // namespace leasehold::integration
