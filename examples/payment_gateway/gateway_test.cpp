// The client of the gateway against the gateway, over loopback: it answers in time, whatever the
// other end does.
#include "gateway_client.hpp"
#include "hang_up.hpp"
#include "server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace payment_gateway {
namespace {

namespace asio = boost::asio;
using leasehold::BootClock;
using leasehold::errc;
using leasehold::result;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class GatewayTest : public testing::Test {
protected:
    ~GatewayTest() override { stop(); }

    void stop() {
        x_io.stop();
        if (x_thread.joinable()) {
            x_thread.join();
        }
    }

    [[nodiscard]] static Endpoint at(unsigned short port) {
        return {asio::ip::address_v4::loopback(), port};
    }

    static Charge order(std::string behave = {}) {
        Charge charge("order-42", 1999);
        charge.behave = std::move(behave);
        return charge;
    }

    result<Receipt> ask(const Endpoint& gateway, Charge charge, leasehold::Duration within = 10s) {
        asio::io_context io(1);
        auto call = payment_gateway::charge(gateway, std::move(charge), BootClock::now() + within,
                                            &x_connections);
        auto answer = asio::co_spawn(io, std::move(call), asio::use_future);
        io.run();
        return answer.get();
    }
    result<Receipt> ask(std::string behave = {}, leasehold::Duration within = 10s) {
        return ask(at(server.port()), order(std::move(behave)), within);
    }

    /// What the gateway says of the order, once nobody asks it any more.
    Entry charged() {
        stop();
        return server.ledger().find("order-42");
    }

private:
    asio::io_context x_io{1};

protected:
    Server server{x_io, 0};
    BlackHole black_hole{x_io, 0};
    Connections x_connections;

private:
    std::thread x_thread{[this] { x_io.run(); }};
};

TEST_F(GatewayTest, APaymentIsChargedOnce_HoweverOftenItIsAskedFor) {
    const auto first = ask();
    const auto second = ask();
    ASSERT_TRUE(first) << first.error().message();
    ASSERT_TRUE(second) << second.error().message();
    EXPECT_FALSE(first->is_repeated);
    EXPECT_TRUE(second->is_repeated);
    EXPECT_EQ(first->receipt, second->receipt);
    const Entry entry = charged();
    EXPECT_EQ(entry.asked, 2u);
    EXPECT_EQ(entry.charged, 1u);
}

TEST_F(GatewayTest, AnotherAmountForTheSamePayment_IsRefused) {
    ASSERT_TRUE(ask());
    const auto other = ask(at(server.port()), Charge("order-42", 5));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error(), gateway_errc::refused) << other.error().message();
    EXPECT_EQ(charged().amount_cents, 1999);
}

TEST_F(GatewayTest, ADeclinedPayment_IsNotCharged_AndSaysSoForCertain) {
    const auto declined = ask("fail");
    ASSERT_FALSE(declined);
    EXPECT_EQ(declined.error(), gateway_errc::declined) << declined.error().message();
    EXPECT_TRUE(is_certain(declined.error()));
    EXPECT_EQ(charged().charged, 0u);
}

TEST_F(GatewayTest, WhatIsNoReceipt_IsABadAnswer_AndNotReadWithoutEnd) {
    for (const char* behave : {"garbage", "flood"}) {
        const auto answer = ask(behave);
        ASSERT_FALSE(answer) << behave;
        EXPECT_EQ(answer.error(), gateway_errc::bad_answer) << answer.error().message();
        EXPECT_FALSE(is_certain(answer.error()));
    }
}

TEST_F(GatewayTest, AClosedConnection_IsNoAnswer) {
    for (const char* behave : {"close", "charge-then-close"}) {
        const auto answer = ask(behave);
        ASSERT_FALSE(answer) << behave;
        EXPECT_EQ(answer.error(), gateway_errc::no_answer) << answer.error().message();
        EXPECT_FALSE(is_certain(answer.error()));
    }
    EXPECT_EQ(charged().charged, 1u);
}

TEST_F(GatewayTest, ASilentGateway_CostsNoMoreThanTheDeadline) {
    for (const char* behave : {"hang", "charge-then-hang", "delay=30"}) {
        const auto begin = BootClock::now();
        const auto answer = ask(behave, 100ms);
        ASSERT_FALSE(answer) << behave;
        EXPECT_EQ(answer.error(), errc::timed_out) << answer.error().message();
        EXPECT_GE(BootClock::now() - begin, 100ms) << behave;
        EXPECT_LT(BootClock::now() - begin, 5s) << behave;
    }
    EXPECT_EQ(charged().charged, 1u);
}

TEST_F(GatewayTest, OneThatNeverReads_CostsNoMoreThanTheDeadline) {
    const auto answer = ask(at(black_hole.port()), order(), 100ms);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), errc::timed_out) << answer.error().message();
}

TEST_F(GatewayTest, NoTimeIsLeft_NobodyIsAsked) {
    const auto answer = ask({}, -1ms);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), errc::timed_out);
    EXPECT_EQ(charged().asked, 0u);
}

TEST_F(GatewayTest, NobodyListens_IsUnreachable) {
    asio::io_context io(1);
    asio::ip::tcp::acceptor taken(io, at(0));
    const Endpoint nobody = at(taken.local_endpoint().port());
    taken.close();
    const auto answer = ask(nobody, order());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), gateway_errc::unreachable) << answer.error().message();
    EXPECT_TRUE(is_certain(answer.error()));
}

/// A gateway that answers one charge and forgets the connection; it cannot be seen to be closed
/// when the next charge takes it, since the gateway closes it only when it hears of it.
TEST_F(GatewayTest, AConnectionThatDiesUnderTheNextCharge_IsReplacedWithoutAWord) {
    asio::io_context io(1);
    asio::ip::tcp::acceptor acceptor(io, at(0));
    const Endpoint gateway = at(acceptor.local_endpoint().port());
    std::thread stranger([&] {
        for (int connection = 0; connection < 2; ++connection) {
            asio::ip::tcp::socket socket = acceptor.accept();
            for (int request = 0; request <= 1 - connection; ++request) {
                std::string text;
                asio::read_until(socket, asio::dynamic_buffer(text), "}");
                if (request == 0) {
                    Receipt receipt;
                    receipt.payment = "order-42";
                    receipt.amount_cents = 1999;
                    const std::string body = to_json(receipt);
                    asio::write(socket,
                                asio::buffer("HTTP/1.1 200 OK\r\nContent-Length: " +
                                             std::to_string(body.size()) + "\r\n\r\n" + body));
                }
            }
        }
    });
    EXPECT_TRUE(ask(gateway, order()));
    const auto second = ask(gateway, order());
    EXPECT_TRUE(second) << second.error().message();
    stranger.join();
}

/// Cancelled from outside, as the guard of a lock does it.
TEST_F(GatewayTest, ACancelledCharge_AnswersAtOnce) {
    for (const auto type : {asio::cancellation_type::all, asio::cancellation_type::terminal}) {
        asio::io_context io(1);
        asio::cancellation_signal signal;
        std::optional<result<Receipt>> answer;
        auto call =
            payment_gateway::charge(at(server.port()), order("hang"), BootClock::now() + 60s);
        asio::co_spawn(io, std::move(call),
                       asio::bind_cancellation_slot(signal.slot(),
                                                    [&](std::exception_ptr, result<Receipt> got) {
                                                        answer = std::move(got);
                                                    }));
        asio::steady_timer timer(io, 50ms);
        timer.async_wait([&](const boost::system::error_code&) { signal.emit(type); });
        const auto begin = BootClock::now();
        io.run();
        EXPECT_LT(BootClock::now() - begin, 10s);
        ASSERT_TRUE(answer && !*answer);
        EXPECT_EQ(answer->error(), errc::cancelled) << answer->error().message();
    }
}

asio::awaitable<int> pay(Endpoint gateway, int caller, int times, Connections& connections) {
    int charged = 0;
    for (int index = 0; index < times; ++index) {
        Charge one("p-" + std::to_string(caller) + '-' + std::to_string(index), 1);
        auto call = charge(gateway, std::move(one), BootClock::now() + 30s, &connections);
        const auto receipt = co_await std::move(call);
        charged += receipt ? 1 : 0;
    }
    co_return charged;
}

TEST_F(GatewayTest, AHundredAtOnce_AreAllCharged) {
    constexpr int callers = 100;
    constexpr int each = 10;
    asio::io_context io(1);
    int paid = 0;
    for (int caller = 0; caller < callers; ++caller) {
        asio::co_spawn(io, pay(at(server.port()), caller, each, x_connections),
                       [&](std::exception_ptr, int charged) { paid += charged; });
    }
    io.run();
    EXPECT_EQ(paid, callers * each);
    stop();
    EXPECT_EQ(server.ledger().totals().charged, static_cast<std::uint64_t>(callers * each));
}

TEST(Resolve, WhatIsNoAddress_IsRefused) {
    for (const char* text : {"", "localhost", ":80", "localhost:", "127.0.0.1:http", "[::1"}) {
        EXPECT_FALSE(resolve(text)) << text;
    }
    const auto found = resolve("http://127.0.0.1:8080");
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->port(), 8080);
}

TEST(Behaviour, WhatIsUnknown_IsRefused) {
    for (const char* text : {"", "delay=", "delay=x", "delay=-1", "delay=nan", "delay=1e9", "no"}) {
        EXPECT_FALSE(parse_behaviour(text)) << text;
    }
    EXPECT_EQ(parse_behaviour("delay=0.5")->delay, 500ms);
    EXPECT_EQ(parse_behaviour("charge-then-hang")->kind, Kind::charge_then_hang);
}

TEST(Script, HoldsForAsManyChargesAsItSays) {
    Script script;
    script.set({Kind::hang, {}}, 2);
    EXPECT_EQ(script.next().kind, Kind::hang);
    EXPECT_EQ(script.next().kind, Kind::hang);
    EXPECT_EQ(script.next().kind, Kind::normal);
    script.set({Kind::fail, {}}, std::nullopt);
    EXPECT_EQ(script.next().kind, Kind::fail);
    EXPECT_EQ(script.next().kind, Kind::fail);
}

TEST(ParseCharge, WhatIsNoCharge_IsRefusedWithAReason) {
    for (const char* text :
         {"", "[]", "{", R"({"payment": "a b", "amount_cents": 1})",
          R"({"payment": "a", "amount_cents": 0})", R"({"payment": "a", "amount_cents": "1"})",
          R"({"payment": "a", "amount_cents": 1.5})", R"({"amount_cents": 1})",
          R"({"payment": "a", "amount_cents": 99999999999999999999})"}) {
        std::string why;
        EXPECT_FALSE(parse_charge(text, why)) << text;
        EXPECT_FALSE(why.empty()) << text;
    }
}

}  // namespace
}  // namespace payment_gateway
