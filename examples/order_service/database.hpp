// PostgreSQL beside coroutines: blocking statements on threads of their own, a bounded queue in
// front of them, and callers that wait no longer than they may.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>

#include "settings.hpp"

#include <boost/asio/awaitable.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <pqxx/connection>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace order_service {

enum class store_errc {
    unavailable = 1,  ///< no connection, or it was lost
    busy,             ///< the queue is full
    failed,           ///< the server refused the statement
};

[[nodiscard]] std::error_code make_error_code(store_errc) noexcept;

/// Thread safety: `run` may be called from any number of threads.
class Database {
public:
    /// Connects when there is something to do. `prepare` runs on each new connection.
    Database(const Settings& settings, std::function<void(pqxx::connection&)> prepare);
    /// Cuts what still runs.
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs `work(pqxx::connection&)` on a thread of the pool and answers what it returned; once
    /// more on a new connection if the old one turns out to be dead: work has to bear that. The
    /// coroutine has to be on a strand, or alone on its context.
    ///
    /// Errors: store_errc, timed_out and cancelled: then the work may still be done.
    template <class F>
    auto run(F work, leasehold::Instant deadline)
        -> boost::asio::awaitable<leasehold::result<std::invoke_result_t<F&, pqxx::connection&>>> {
        using T = std::invoke_result_t<F&, pqxx::connection&>;
        // Shared with the thread, which may still be at it when nobody waits any more.
        auto box = std::make_shared<std::optional<T>>();
        Job job = [box, work = std::move(work)](pqxx::connection& connection) mutable {
            box->emplace(work(connection));
        };
        auto done = co_await submit(std::move(job), deadline);
        if (!done) {
            co_return done.error();
        }
        co_return std::move(**box);
    }

private:
    using Job = std::function<void(pqxx::connection&)>;
    struct Ticket;
    struct Worker;

    boost::asio::awaitable<leasehold::result<void>> submit(Job job, leasehold::Instant deadline);
    void serve(Worker& worker);
    std::shared_ptr<Ticket> next();
    [[nodiscard]] bool is_stopping();
    leasehold::result<void> attempt(Worker& worker, const Job& job);
    void connect(Worker& worker);

    std::string x_connection_string;
    milliseconds x_statement_timeout;
    std::size_t x_max_queue;
    std::function<void(pqxx::connection&)> x_prepare;

    std::mutex x_mutex;
    std::condition_variable x_wakeup;
    std::deque<std::shared_ptr<Ticket>> x_queue;
    bool x_is_stopping = false;
    std::vector<std::unique_ptr<Worker>> x_workers;
};

}  // namespace order_service

template <>
struct std::is_error_code_enum<order_service::store_errc> : std::true_type {};
