// How somebody tests a service of his own against everything that may go wrong: with servers inside
// the test, and switches for what fails.
#include "shipping.hpp"

#include <leasehold/testing.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>

namespace shop {
namespace {

using namespace std::chrono_literals;
using leasehold::CallContext;
using leasehold::Client;
using leasehold::testing::EmbeddedServer;
using leasehold::testing::Operation;
using Outcome = Shipping::Outcome;

//! [fixture]
class ShippingTest : public ::testing::Test {
protected:
    EmbeddedServer server = EmbeddedServer::start().value();
    Client client = Client::connect(server.connect_string(), server.client_options()).value();
    Labels labels;
    Shipping shipping{client, labels};
};
//! [fixture]

leasehold::result<std::string> quick(const CallContext&) {
    return "label";
}

/// A courier that never answers, until it is told to stop.
leasehold::result<std::string> wait_for_stop(const CallContext& context) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait(lock, context.stop_token(), [] { return false; });
    return leasehold::Error(leasehold::errc::timed_out, "the courier does not answer");
}

TEST_F(ShippingTest, ShipsAnOrderOnce) {
    EXPECT_EQ(shipping.ship(7, quick), Outcome::shipped);
    EXPECT_EQ(shipping.ship(7, quick), Outcome::shipped_before);
}

//! [expiry]
TEST_F(ShippingTest, SessionExpiresWhileTheLockIsHeld_NothingIsWritten) {
    const auto outcome = shipping.ship(7, [&](const CallContext& context) {
        server.expire_all_sessions();
        return wait_for_stop(context);
    });
    EXPECT_EQ(outcome, Outcome::given_up);
    EXPECT_EQ(labels.of(7), "");
}
//! [expiry]

//! [lost_reply]
TEST_F(ShippingTest, ReplyOfTheLockIsLost_TheOrderIsShippedAllTheSame) {
    server.drop_next_reply(Operation::create);
    EXPECT_EQ(shipping.ship(7, quick), Outcome::shipped);
    EXPECT_EQ(server.drops_left(), 0U) << "it did happen";
}
//! [lost_reply]

//! [silence]
TEST_F(ShippingTest, ServersFallSilentWhileTheLockIsHeld_TheCourierIsStopped) {
    const auto outcome = shipping.ship(7, [&](const CallContext& context) {
        server.half_open();
        return wait_for_stop(context);
    });
    EXPECT_EQ(outcome, Outcome::given_up);
}
//! [silence]

//! [busy]
TEST_F(ShippingTest, SomebodyElseHasTheOrder_ItIsLeftToHim) {
    auto other = Client::connect(server.connect_string(), server.client_options()).value();
    const auto lock = other.lock("/shipping/7").value();
    EXPECT_EQ(shipping.ship(7, quick), Outcome::busy);
}
//! [busy]

//! [no_server]
TEST_F(ShippingTest, NoServer_IsSaidInTime) {
    server.kill();
    EXPECT_EQ(shipping.ship(7, quick), Outcome::no_lock);
    server.restart();
    ASSERT_TRUE(client.wait_connected(10s));
    EXPECT_EQ(shipping.ship(7, quick), Outcome::shipped);
}
//! [no_server]

TEST_F(ShippingTest, ConnectionIsCutWhileTheLockIsHeld_NobodyNotices) {
    const auto outcome = shipping.ship(7, [&](const CallContext& context) {
        server.cut();
        return quick(context);
    });
    EXPECT_EQ(outcome, Outcome::shipped);
}

//! [leader]
TEST(ShippingOnThreeServers, LeaderDiesWhileTheLockIsHeld_TheOrderIsShipped) {
    auto servers = EmbeddedServer::start({.servers = 3}).value();
    auto client = Client::connect(servers.connect_string(), servers.client_options()).value();
    Labels labels;
    Shipping shipping(client, labels);
    const auto outcome = shipping.ship(7, [&](const CallContext& context) {
        servers.kill(servers.leader());
        return quick(context);
    });
    EXPECT_EQ(outcome, Outcome::shipped);
}
//! [leader]

}  // namespace
}  // namespace shop
