// The parts of the order service that touch nothing: what is asked, and what is answered.
#include "answer.hpp"
#include "database.hpp"
#include "pay_request.hpp"
#include "payment_gateway/gateway_client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

namespace order_service {
namespace {

using leasehold::errc;
using leasehold::Error;
using payment_gateway::gateway_errc;
using std::chrono_literals::operator""ms;

TEST(PayRequest, WhatIsLeftOut_IsTheSettings) {
    std::string why;
    const Settings settings;
    const auto request = parse_pay_request("{}", settings, why);
    ASSERT_TRUE(request) << why;
    EXPECT_FALSE(request->amount_cents);
    EXPECT_EQ(request->budget, settings.default_budget);
    EXPECT_EQ(request->wait, settings.default_wait);
}

TEST(PayRequest, WithinTheBounds_IsTaken) {
    std::string why;
    const auto request = parse_pay_request(
        R"({"amount_cents": 5, "budget_ms": 5000, "wait_ms": 0})", Settings{}, why);
    ASSERT_TRUE(request) << why;
    EXPECT_EQ(request->amount_cents, 5);
    EXPECT_EQ(request->budget, 5000ms);
    EXPECT_EQ(request->wait, 0ms);
}

TEST(PayRequest, Nonsense_IsRefusedAndNamed) {
    for (const auto& [body, named] : {
             std::pair{"", "object"},
             std::pair{"[]", "object"},
             std::pair{R"({"amount_cents": 0})", "amount_cents"},
             std::pair{R"({"amount_cents": 1e300})", "amount_cents"},
             std::pair{R"({"amount_cents": 1, "budget_ms": 49})", "budget_ms"},
             std::pair{R"({"amount_cents": 1, "budget_ms": 5001})", "budget_ms"},
             std::pair{R"({"amount_cents": 1, "budget_ms": 18446744073709551615})", "budget_ms"},
             std::pair{R"({"amount_cents": 1, "budget_ms": "100"})", "budget_ms"},
             std::pair{R"({"amount_cents": 1, "wait_ms": -1})", "wait_ms"},
             std::pair{R"({"amount_cents": 1, "wait_ms": null})", "wait_ms"},
         }) {
        std::string why;
        EXPECT_FALSE(parse_pay_request(body, Settings{}, why)) << body;
        EXPECT_NE(why.find(named), std::string::npos) << body << ": " << why;
    }
}

TEST(OrderId, WhatIsNoNameInAPath_IsRefused) {
    for (const char* text : {"", ".", "..", "a/b", "a b", "\xc3\xa4", "a\n"}) {
        EXPECT_FALSE(is_order_id(text)) << text;
    }
    EXPECT_FALSE(is_order_id(std::string(65, 'a')));
    EXPECT_TRUE(is_order_id(std::string(64, 'a')));
    EXPECT_TRUE(is_order_id("Order_42-b"));
}

Error held_by_another(errc code) {
    leasehold::ErrorContext context;
    context.holder = "shop on host pid 7";
    context.position = 1;
    return {make_error_code(code), std::move(context)};
}

TEST(NoLock, HeldByAnother_IsA409_AndNamesHim) {
    for (const errc code : {errc::wait_expired, errc::hopeless_wait}) {
        const Answer answer = answer_no_lock(held_by_another(code), 1500ms);
        EXPECT_EQ(answer.status, 409u);
        EXPECT_EQ(answer.body.at("holder"), "shop on host pid 7");
        EXPECT_EQ(answer.body.at("position"), 1);
        EXPECT_EQ(answer.retry_after_s, 2);
    }
}

TEST(NoLock, NobodyToBeSeen_IsA503) {
    for (const errc code : {errc::wait_expired, errc::no_server, errc::session_expired,
                            errc::hopeless_wait, errc::queue_full, errc::closed}) {
        const Answer answer = answer_no_lock(Error(code), 1500ms);
        EXPECT_EQ(answer.status, 503u) << Error(code).message();
        EXPECT_GE(answer.retry_after_s.value_or(0), 1);
    }
}

TEST(NoReceipt, EachReasonHasItsStatus) {
    const auto status = [](std::error_code code) {
        return answer_no_receipt(Error(code, {})).status;
    };
    EXPECT_EQ(status(make_error_code(gateway_errc::declined)), 402u);
    EXPECT_EQ(status(make_error_code(gateway_errc::bad_answer)), 502u);
    EXPECT_EQ(status(make_error_code(gateway_errc::no_answer)), 502u);
    EXPECT_EQ(status(make_error_code(gateway_errc::busy)), 503u);
    EXPECT_EQ(status(make_error_code(gateway_errc::unreachable)), 503u);
    EXPECT_EQ(status(make_error_code(errc::timed_out)), 504u);
    EXPECT_EQ(status(make_error_code(errc::budget_exceeded)), 504u);
    EXPECT_EQ(status(make_error_code(errc::lock_lost)), 503u);
}

TEST(NoDatabase, OnlyARefusedStatementIsOurFault) {
    const auto status = [](std::error_code code) {
        return answer_no_database(Error(code, {})).status;
    };
    EXPECT_EQ(status(make_error_code(store_errc::failed)), 500u);
    EXPECT_EQ(status(make_error_code(store_errc::unavailable)), 503u);
    EXPECT_EQ(status(make_error_code(store_errc::busy)), 503u);
    EXPECT_EQ(status(make_error_code(errc::timed_out)), 503u);
}

}  // namespace
}  // namespace order_service
