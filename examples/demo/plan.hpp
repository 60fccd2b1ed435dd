// What happens when: who asks for which order at what time, and the times that everything rests on.
#pragma once

#include <leasehold/leasehold.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

using namespace std::chrono_literals;
using leasehold::milliseconds;

/// What a task's time counts from.
enum class From { start, hang };

/// One payment: `worker` takes the lock of `order` at `at`, and charges `payment` under it.
struct Task {
    std::string_view process;
    std::string_view worker;
    From from;
    milliseconds at;
    int order;
    std::string_view payment;
};

inline constexpr std::string_view blocking = "blocking";
inline constexpr std::string_view coroutine = "coroutine";

/// Order 42 is the hot one. Each worker does its own tasks one after the other.
// clang-format off
inline constexpr Task plan[] = {
    {blocking,  "a1", From::start,    0ms, 42, "a1/1"},
    {coroutine, "b1", From::start,   50ms, 42, "b1/1"},
    {blocking,  "a2", From::start,  100ms,  7, "a2/1"},
    {coroutine, "b2", From::start,  150ms,  8, "b2/1"},
    {blocking,  "a1", From::start,  500ms, 42, "a1/2"},
    {coroutine, "b1", From::start,  550ms, 42, "b1/2"},
    {blocking,  "a2", From::hang,   200ms, 42, "a2/2"},
    {coroutine, "b2", From::hang,   300ms, 42, "b2/2"},
    {blocking,  "a3", From::hang,   400ms,  9, "a3/1"},
    {coroutine, "b3", From::hang,   500ms, 10, "b3/1"},
    {blocking,  "a3", From::hang,   700ms, 42, "a3/2"},
    {coroutine, "b3", From::hang,   800ms, 42, "b3/2"},
};
// clang-format on
inline constexpr int hot_order = 42;

/// The payment that the gateway never answers.
constexpr std::string_view hanging_payment(std::string_view process) {
    return process == coroutine ? "b1/2" : "a1/2";
}

inline std::string lock_path(int order) {
    return "/orders/" + std::to_string(order);
}

/// Fits a standalone server with tickTime=200: it grants sessions of 0.4 to 4 s. A budget of 2 s
/// plus tick/2 plus the ack gap, 3.1 s, is within 0.99 * 4 s - 0.25 s = 3.71 s.
inline leasehold::ClientOptions client_options() {
    return {
        .session_timeout = 4s, .tick = 200ms, .standalone = true, .ack_gap = 1s, .owner = "demo"};
}

inline constexpr milliseconds budget = 2s;
inline constexpr milliseconds wait = 6s;
/// How often a payment is tried before its worker gives up.
inline constexpr int attempts = 4;
/// How long the worker whose payment failed is held up before it writes that down.
inline constexpr milliseconds stall = 1200ms;
/// How long the gateway takes over a payment that it answers.
inline constexpr milliseconds payment_time = 40ms;
/// For the database, and for everything else that has no lock's deadline above it.
inline constexpr milliseconds patience = 3s;
/// The whole demo is over by then, whatever happens.
inline constexpr milliseconds time_limit = 20s;

}  // namespace demo
