#include "sdk/net/wake_event.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

namespace leasehold::net {
namespace {

using namespace std::chrono_literals;

class WakeEventTest : public testing::Test {
protected:
    void listen() {
        x_listener.emplace(x_io, x_event, [this] { ++x_woken; });
    }

    boost::asio::io_context x_io;
    std::shared_ptr<const WakeEvent> x_event = std::make_shared<const WakeEvent>();
    std::optional<WakeListener> x_listener;
    int x_woken = 0;
};

TEST_F(WakeEventTest, AnotherThreadWakesTheListener) {
    listen();
    std::thread other([event = x_event] { event->set(); });
    x_io.run_one();
    other.join();
    EXPECT_EQ(x_woken, 1);
}

TEST_F(WakeEventTest, WhatWasSetBeforeSomebodyListensIsNotLost) {
    x_event->set();
    listen();
    x_io.run_one();
    EXPECT_EQ(x_woken, 1);
}

TEST_F(WakeEventTest, SetAgainInsideTheHandlerWakesAgain) {
    x_listener.emplace(x_io, x_event, [this] {
        if (++x_woken == 1) {
            x_event->set();
        }
    });
    x_event->set();
    x_io.run_one();
    x_io.run_one();
    EXPECT_EQ(x_woken, 2);
}

TEST_F(WakeEventTest, NobodyIsWokenWithoutNeed) {
    listen();
    x_event->set();
    x_io.run_one();
    x_io.run_for(20ms);
    EXPECT_EQ(x_woken, 1);
}

TEST_F(WakeEventTest, EventMayBeSetWhenItsListenerIsGone) {
    listen();
    x_listener.reset();
    x_event->set();
    x_io.poll();
    EXPECT_EQ(x_woken, 0);
}

}  // namespace
}  // namespace leasehold::net
