#include "sdk/client/notices.hpp"

#include "tests/unit/client/fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::detail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing_client::Event;

core::Log log_of(std::string event) {
    return {LogLevel::info, std::move(event), {{"path", "/a"}}};
}

class NoticesTest : public ::testing::Test {
protected:
    void drain() { x_worker->finish(std::chrono::steady_clock::now() + support::patient(15s)); }

    std::shared_ptr<Worker> x_worker = std::make_shared<Worker>("test", 1);
};

TEST_F(NoticesTest, RecordsArriveWholeAndInOrder) {
    std::vector<std::string> seen;
    auto handler = [&](const LogRecord& record) {
        seen.push_back(std::string(record.event) + " " + std::string(record.fields[0].name) + "=" +
                       std::string(record.fields[0].value));
    };
    const auto notices = std::make_shared<Notices>(x_worker, handler);
    notices->log(log_of("one"));
    notices->log(log_of("two"));
    drain();
    EXPECT_THAT(seen, ElementsAre("one path=/a", "two path=/a"));
}

TEST_F(NoticesTest, SilentByDefault) {
    const auto notices = std::make_shared<Notices>(x_worker, LogHandler{});
    notices->log(log_of("one"));
    drain();
}

TEST_F(NoticesTest, HandlerThatThrowsIsCalledAgain) {
    int calls = 0;
    auto handler = [&](const LogRecord&) {
        ++calls;
        throw std::runtime_error("handler");
    };
    const auto notices = std::make_shared<Notices>(x_worker, handler);
    notices->log(log_of("one"));
    notices->log(log_of("two"));
    drain();
    EXPECT_EQ(calls, 2);
}

TEST_F(NoticesTest, FloodBehindAStuckHandlerIsCappedAndCounted) {
    Event begun;
    Event let_go;
    std::vector<std::string> dropped;
    int calls = 0;
    auto handler = [&](const LogRecord& record) {
        begun.set();
        let_go.wait();
        ++calls;
        for (const LogField& field : record.fields) {
            if (field.name == "dropped_before") {
                dropped.emplace_back(field.value);
            }
        }
    };
    const auto notices = std::make_shared<Notices>(x_worker, handler);
    notices->log(log_of("first"));
    ASSERT_TRUE(begun.happens());
    for (int i = 0; i < 2000; ++i) {
        notices->log(log_of("flood"));
    }
    let_go.set();
    // The next record that finds room says how many are missing.
    Event room;
    x_worker->post([&] { room.set(); });
    ASSERT_TRUE(room.happens());
    notices->log(log_of("last"));
    drain();
    EXPECT_EQ(calls, 1 + 1024 + 1);
    EXPECT_THAT(dropped, ElementsAre("976"));
}

TEST_F(NoticesTest, NoCallBeginsAfterTheClose) {
    auto handler = [](const LogRecord&) { ADD_FAILURE() << "called"; };
    const auto notices = std::make_shared<Notices>(x_worker, handler);
    notices->set_state_handler([](ClientState) { ADD_FAILURE() << "called"; });
    Event let_go;
    x_worker->post([&] { let_go.wait(); });
    notices->log(log_of("queued"));
    notices->on_state(ClientState::connected);
    notices->close();
    let_go.set();
    drain();
}

TEST_F(NoticesTest, StatesArriveInOrder) {
    std::vector<ClientState> seen;
    const auto notices = std::make_shared<Notices>(x_worker, LogHandler{});
    notices->on_state(ClientState::connecting);  // nobody listens yet
    notices->set_state_handler([&](ClientState state) { seen.push_back(state); });
    notices->on_state(ClientState::connected);
    notices->on_state(ClientState::jeopardy);
    notices->on_state(ClientState::closed);
    drain();
    EXPECT_THAT(seen,
                ElementsAre(ClientState::connected, ClientState::jeopardy, ClientState::closed));
}

TEST_F(NoticesTest, LastStateSurvivesAFlood) {
    std::vector<ClientState> seen;
    Event let_go;
    const auto notices = std::make_shared<Notices>(x_worker, LogHandler{});
    notices->set_state_handler([&](ClientState state) { seen.push_back(state); });
    x_worker->post([&] { let_go.wait(); });
    for (int i = 0; i < 1000; ++i) {
        notices->on_state(i % 2 == 0 ? ClientState::connected : ClientState::jeopardy);
    }
    notices->on_state(ClientState::closed);
    let_go.set();
    drain();
    ASSERT_FALSE(seen.empty());
    EXPECT_LE(seen.size(), 64u);
    EXPECT_EQ(seen.back(), ClientState::closed);
}

TEST_F(NoticesTest, HandlerMayReplaceItself) {
    std::vector<std::string> seen;
    const auto notices = std::make_shared<Notices>(x_worker, LogHandler{});
    notices->set_state_handler([&](ClientState) {
        notices->set_state_handler([&](ClientState) { seen.emplace_back("second"); });
        notices->on_state(ClientState::closed);
        seen.emplace_back("first");
    });
    notices->on_state(ClientState::connected);
    drain();
    EXPECT_THAT(seen, ElementsAre("first", "second"));
}

}  // namespace
}  // namespace leasehold::detail
