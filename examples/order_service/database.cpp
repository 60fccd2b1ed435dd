#include "database.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <sys/socket.h>

namespace order_service {
namespace {

namespace asio = boost::asio;
using leasehold::BootClock;
using leasehold::errc;
using leasehold::Error;
using leasehold::result;

class StoreCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "order store"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<store_errc>(value)) {
            case store_errc::unavailable: return "the database cannot be reached";
            case store_errc::busy: return "too many statements wait for the database";
            case store_errc::failed: return "the database refused the statement";
        }
        return "unknown";
    }
};

Error store_error(store_errc code, std::string what) {
    std::replace(what.begin(), what.end(), '\n', ' ');
    leasehold::ErrorContext context;
    context.what = std::move(what);
    return {make_error_code(code), std::move(context)};
}

/// 57014: cancelled by statement_timeout. 55P03: by lock_timeout.
bool is_timeout(const std::string& sqlstate) {
    return sqlstate == "57014" || sqlstate == "55P03";
}

}  // namespace

std::error_code make_error_code(store_errc code) noexcept {
    static const StoreCategory category;
    return {static_cast<int>(code), category};
}

/// One piece of work, and the timer that its caller waits on.
struct Database::Ticket {
    Ticket(Job work, const asio::any_io_executor& executor)
        : job(std::move(work)), done(executor) {}

    Job job;
    std::atomic<bool> is_abandoned{false};
    asio::steady_timer done;              ///< on the caller's executor only, as the next one
    std::optional<result<void>> outcome;  ///< of the caller, once it is there
};

struct Database::Worker {
    std::optional<pqxx::connection> connection;
    std::mutex mutex;  ///< guards the descriptor, so that never another one's is shut
    int descriptor = -1;
    std::thread thread;

    void set_descriptor(int number) {
        const std::lock_guard lock(mutex);
        descriptor = number;
    }
    void disconnect() {
        set_descriptor(-1);
        connection.reset();
    }
    /// libpq waits for its socket without a limit; a shut one answers at once.
    void cut() {
        const std::lock_guard lock(mutex);
        if (descriptor >= 0) {
            ::shutdown(descriptor, SHUT_RDWR);
        }
    }
};

Database::Database(const Settings& settings, std::function<void(pqxx::connection&)> prepare)
    : x_connection_string(settings.database),
      x_statement_timeout(settings.database_timeout),
      x_max_queue(settings.database_queue),
      x_prepare(std::move(prepare)) {
    for (unsigned index = 0; index < settings.database_threads; ++index) {
        x_workers.push_back(std::make_unique<Worker>());
        Worker& worker = *x_workers.back();
        worker.thread = std::thread([this, &worker] { serve(worker); });
    }
}

Database::~Database() {
    {
        const std::lock_guard lock(x_mutex);
        x_is_stopping = true;
        x_queue.clear();
    }
    x_wakeup.notify_all();
    for (const auto& worker : x_workers) {
        worker->cut();
        worker->thread.join();
    }
}

asio::awaitable<result<void>> Database::submit(Job job, leasehold::Instant deadline) {
    const auto executor = co_await asio::this_coro::executor;
    const auto ticket = std::make_shared<Ticket>(std::move(job), executor);
    ticket->done.expires_after(deadline - BootClock::now());
    {
        const std::lock_guard lock(x_mutex);
        if (x_is_stopping || x_queue.size() >= x_max_queue) {
            co_return store_error(store_errc::busy, "its queue is full");
        }
        x_queue.push_back(ticket);
    }
    x_wakeup.notify_one();
    // The outcome is posted to this executor, and so cannot come before the wait has begun.
    boost::system::error_code ended;
    co_await ticket->done.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    if (ticket->outcome) {
        co_return *ticket->outcome;
    }
    ticket->is_abandoned = true;
    if (ended) {
        co_return Error(errc::cancelled, "cancelled while the database was at it");
    }
    co_return Error(errc::timed_out, "the database did not answer in time");
}

bool Database::is_stopping() {
    const std::lock_guard lock(x_mutex);
    return x_is_stopping;
}

std::shared_ptr<Database::Ticket> Database::next() {
    std::unique_lock lock(x_mutex);
    x_wakeup.wait(lock, [this] { return x_is_stopping || !x_queue.empty(); });
    if (x_is_stopping) {
        return nullptr;
    }
    auto ticket = std::move(x_queue.front());
    x_queue.pop_front();
    return ticket;
}

void Database::serve(Worker& worker) {
    while (const auto ticket = next()) {
        if (ticket->is_abandoned) {
            continue;
        }
        const bool is_old = worker.connection.has_value();
        auto outcome = attempt(worker, ticket->job);
        const bool is_lost =
            !outcome && outcome.error() == make_error_code(store_errc::unavailable);
        if (is_lost && is_old && !is_stopping()) {
            outcome = attempt(worker, ticket->job);  // it had died while it was idle
        }
        asio::post(ticket->done.get_executor(), [ticket, outcome] {
            ticket->outcome = outcome;
            ticket->done.cancel();
        });
    }
    worker.disconnect();
}

result<void> Database::attempt(Worker& worker, const Job& job) {
    try {
        if (!worker.connection) {
            connect(worker);
        }
        job(*worker.connection);
        return leasehold::success();
    } catch (const pqxx::broken_connection& error) {
        worker.disconnect();
        return store_error(store_errc::unavailable, error.what());
    } catch (const pqxx::sql_error& error) {
        if (is_timeout(error.sqlstate())) {
            return Error(errc::timed_out, "the database did not answer in time");
        }
        // 57P01 to 57P03: it is being stopped, or started.
        const bool is_down = error.sqlstate().starts_with("57P");
        worker.disconnect();
        return store_error(is_down ? store_errc::unavailable : store_errc::failed, error.what());
    } catch (const std::exception& error) {
        worker.disconnect();
        return store_error(store_errc::failed, error.what());
    }
}

void Database::connect(Worker& worker) {
    worker.connection.emplace(x_connection_string);
    worker.set_descriptor(worker.connection->sock());
    pqxx::nontransaction session(*worker.connection);
    const std::string limit = std::to_string(x_statement_timeout.count());
    session.exec("set statement_timeout = " + limit);
    session.exec("set lock_timeout = " + limit);
    session.exec("set application_name = 'order_service'");
    session.commit();
    x_prepare(*worker.connection);
}

}  // namespace order_service
