// Waiters behind a holder: those of one process are coroutines on one thread.
#include "bench/contestants/leasehold.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace leasehold::bench {

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr LockOptions holding{.wait = 5s, .budget = 15s};
constexpr LockOptions waiting{.wait = 10min, .budget = 2s, .refuse_hopeless = false};

struct Waiter {
    double called = 0;
    double granted = 0;
    std::int64_t token = 0;
};

class Queue {
public:
    explicit Queue(const Client& client) : x_client(client) {}
    ~Queue() { x_io.stop(); }
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    void hold(const std::string& path) { x_held = must(x_client.lock(path, holding)); }

    nlohmann::json let_go() {
        const double released = now_us();
        must(x_held.value().release());
        x_held.reset();
        return {{"released", released}};
    }

    /// Returns when all have called.
    void enqueue(const std::string& path, int count) {
        for (int left = count; left > 0; --left) {
            asio::co_spawn(x_io, wait(x_client, path, x_waiters.emplace_back()),
                           [this](const std::exception_ptr& thrown) { end_one(thrown); });
        }
        asio::post(x_io, asio::use_future).get();
    }

    nlohmann::json drain() {
        std::promise<void> is_drained;
        asio::post(x_io, [this, &is_drained] {
            x_is_drained = &is_drained;
            end_if_all();
        });
        is_drained.get_future().get();
        nlohmann::json rows = nlohmann::json::array();
        for (const Waiter& each : x_waiters) {
            rows.push_back({each.called, each.granted, each.token});
        }
        x_waiters.clear();
        x_ended = 0;
        return {{"waiters", std::move(rows)}, {"done", now_us()}};
    }

private:
    static asio::awaitable<void> wait(const Client& client, std::string path, Waiter& mine) {
        mine.called = now_us();
        auto granted = co_await client.async_lock(path, waiting, asio::use_awaitable);
        mine.granted = now_us();
        auto lock = must(std::move(granted));
        mine.token = lock.token();
        auto gone = co_await lock.async_release(asio::use_awaitable);
        must(std::move(gone));
    }

    void end_one(const std::exception_ptr& thrown) {
        if (thrown) {
            give_up("leasehold: a waiter has thrown");
        }
        ++x_ended;
        end_if_all();
    }

    void end_if_all() {
        if (x_is_drained != nullptr && x_ended == x_waiters.size()) {
            std::exchange(x_is_drained, nullptr)->set_value();
        }
    }

    const Client& x_client;
    std::optional<ScopedLock> x_held;
    // Nobody touches them, nor what follows, but the thread, and its caller while nothing runs
    // there.
    std::deque<Waiter> x_waiters;
    std::size_t x_ended = 0;
    std::promise<void>* x_is_drained = nullptr;
    asio::io_context x_io{1};
    asio::executor_work_guard<asio::io_context::executor_type> x_work{x_io.get_executor()};
    std::jthread x_thread{[this] { x_io.run(); }};
};

}  // namespace

Commands queue_commands(const Client& client) {
    auto queue = std::make_shared<Queue>(client);
    return {
        {"hold",
         [queue](std::istream& words) -> nlohmann::json {
             queue->hold(next<std::string>(words));
             return nlohmann::json::object();
         }},
        {"let_go", [queue](std::istream&) { return queue->let_go(); }},
        {"enqueue",
         [queue](std::istream& words) -> nlohmann::json {
             const auto path = next<std::string>(words);
             queue->enqueue(path, next<int>(words));
             return nlohmann::json::object();
         }},
        {"drain", [queue](std::istream&) { return queue->drain(); }},
    };
}

}  // namespace leasehold::bench
