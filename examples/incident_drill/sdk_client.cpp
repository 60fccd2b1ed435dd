#include "client.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <future>
#include <stdexcept>
#include <stop_token>
#include <utility>

namespace drill {
namespace {

namespace asio = boost::asio;
using leasehold::BootClock;
using leasehold::CallContext;
using leasehold::errc;
using leasehold::ScopedLock;

leasehold::Client connect(const Settings& settings) {
    auto client =
        leasehold::Client::connect(settings.servers, {.session_timeout = settings.session_timeout,
                                                      .tick = settings.tick,
                                                      .standalone = true,
                                                      .ack_gap = settings.ack_gap,
                                                      .owner = "incident_drill"});
    if (!client) {
        throw std::runtime_error(client.error().message());
    }
    return std::move(client).value();
}

std::string_view outcome_of(const leasehold::Error& error) {
    if (error == errc::wait_expired) {
        return "expired";
    }
    return error == errc::cancelled ? "cancelled" : "refused";
}

class SdkClient final : public LockingClient {
public:
    explicit SdkClient(const Settings& settings)
        : x_settings(settings), x_client(connect(settings)) {}

    void run(Order& order, Tools tools) override {
        order.wait = x_settings.wait;
        order.asked = BootClock::now();
        auto lock = order.cancel_after ? lock_unless_cancelled(order)
                                       : x_client.lock(order.path, options());
        order.answered = BootClock::now();
        if (!lock) {
            order.outcome = outcome_of(lock.error());
            order.why = lock.error().message();
            order.ended = order.answered;
            return;
        }
        order.granted = order.answered;
        order.valid_until = lock->deadline();
        work(order, *lock, tools);
        const auto now = BootClock::now();
        if (lock->valid()) {
            order.valid_until = now;
        }
        lock = leasehold::Error(errc::closed);  // released, without waiting
        order.ended = BootClock::now();
    }

    Figures figures() override {
        const auto stats = x_client.stats();
        return {stats.sessions, stats.connects};
    }

    void give_up() override {}  // every wait has its own end

    void close() override { (void)x_client.close(); }

private:
    leasehold::LockOptions options() const {
        return {.wait = x_settings.wait,
                .budget = x_settings.budget,
                .max_queue = x_settings.max_queue};
    }

    /// The signal, the timer and the operation share a strand: a signal is not for two threads.
    leasehold::result<ScopedLock> lock_unless_cancelled(const Order& order) {
        struct Attempt {
            explicit Attempt(asio::thread_pool& pool)
                : strand(asio::make_strand(pool)), timer(strand) {}
            asio::strand<asio::thread_pool::executor_type> strand;
            asio::steady_timer timer;
            asio::cancellation_signal signal;
            std::promise<leasehold::result<ScopedLock>> promise;
        };
        const auto attempt = std::make_shared<Attempt>(x_timers);
        auto answer = attempt->promise.get_future();
        asio::dispatch(attempt->strand, [this, attempt, path = order.path,
                                         after = *order.cancel_after] {
            attempt->timer.expires_after(
                std::chrono::duration_cast<asio::steady_timer::duration>(after));
            attempt->timer.async_wait([attempt](const boost::system::error_code& error) {
                if (!error) {
                    attempt->signal.emit(asio::cancellation_type::total);
                }
            });
            auto on_answer = [attempt](leasehold::result<ScopedLock> lock) {
                attempt->timer.cancel();
                attempt->promise.set_value(std::move(lock));
            };
            x_client.async_lock(path, options(),
                                asio::bind_executor(attempt->strand, asio::bind_cancellation_slot(
                                                                         attempt->signal.slot(),
                                                                         std::move(on_answer))));
        });
        return answer.get();
    }

    void work(Order& order, const ScopedLock& lock, Tools tools) {
        const Counters before = tools.table.read(order.path, lock.token());
        const auto timeout = BootClock::now() + x_settings.rpc_timeout;
        const auto called = lock.call([&](const CallContext& context) {
            if (order.ignores_stop) {
                return tools.gateway.charge(order.is_stuck, timeout, {});
            }
            return tools.gateway.charge(order.is_stuck, std::min(timeout, context.deadline()),
                                        context.stop_token());
        });
        if (!called) {
            order.outcome = called.error() == errc::budget_exceeded ? "cut" : "failed";
            order.why = called.error().message();
        }
        // Who ignores the stop ignores this answer as well, and writes: what a process does that
        // was paused between its last look at the lock and the write.
        if (called || order.ignores_stop) {
            order.wrote_fenced = before.fenced && tools.table.write_fenced(
                                                      order.path, *before.fenced + 1, lock.token());
            order.wrote_unfenced = tools.table.write_unfenced(order.path, before.unfenced + 1);
        }
    }

    const Settings x_settings;
    asio::thread_pool x_timers{1};
    leasehold::Client x_client;
};

}  // namespace

std::unique_ptr<LockingClient> make_sdk_client(const Settings& settings) {
    return std::make_unique<SdkClient>(settings);
}

}  // namespace drill
