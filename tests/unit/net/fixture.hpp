// What the tests of connections share: a loop that runs until something is so, and a listener that
// writes down what it hears.
#pragma once

#include "sdk/net/connection.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/scripted_server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::net {

/// Writes down what the connection says, and does in between what a test wants.
class Recorder : public ConnectionListener {
public:
    void on_connected() override { note("connected"); }
    void on_bytes(std::string_view bytes) override {
        received += bytes;
        if (const auto once = std::exchange(on_data, {})) {
            once();
        }
    }
    void on_disconnected(errc error, std::string_view reason) override {
        code = error;
        why = reason;
        note("disconnected");
    }
    void note(std::string event) { events.push_back(std::move(event)); }

    std::vector<std::string> events;
    std::string received;
    std::string why;
    std::optional<errc> code;
    std::function<void()> on_data;  ///< called once
};

class Loop : public testing::Test {
protected:
    void run_until(const std::function<bool()>& condition) {
        const auto limit =
            std::chrono::steady_clock::now() + support::patient(std::chrono::seconds(15));
        while (!condition()) {
            ASSERT_LT(std::chrono::steady_clock::now(), limit) << "nothing more happens";
            x_io.run_one_for(std::chrono::seconds(1));
        }
    }

    boost::asio::io_context x_io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> x_work{
        x_io.get_executor()};
};

inline support::ScriptedServer::Script echo() {
    return [](std::string_view bytes) { return std::optional<std::string>(bytes); };
}

}  // namespace leasehold::net
