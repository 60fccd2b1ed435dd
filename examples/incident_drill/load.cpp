#include "load.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace drill {

using leasehold::BootClock;

std::string path_of(int number) {
    return number < 0 ? "/drill/hot" : "/drill/cold-" + std::to_string(number);
}

Callers::Callers(LockingClient& client, Gateway& gateway, Load load)
    : x_client(client), x_gateway(gateway), x_load(std::move(load)), x_random(x_load.seed) {
    for (int i = 0; i < x_load.callers; ++i) {
        x_threads.emplace_back([this, i] { call(i); });
    }
    x_threads.emplace_back([this] { arrive(); });
}

Callers::~Callers() {
    {
        const std::lock_guard lock(x_mutex);
        x_is_over = true;
        x_changed.notify_all();
    }
    for (std::thread& thread : x_threads) {
        thread.join();
    }
}

void Callers::set_phase(std::string_view phase) {
    const std::lock_guard lock(x_mutex);
    x_phase = phase;
    x_changed.notify_all();
}

bool Callers::are_idle() {
    const std::lock_guard lock(x_mutex);
    return x_orders.empty() && x_busy == 0;
}

/// Poisson arrivals: independent of how the orders before them fared, as customers are.
void Callers::arrive() {
    std::unique_lock lock(x_mutex);
    std::exponential_distribution<double> gap(x_load.hot_per_s + x_load.cold_per_s);
    std::bernoulli_distribution is_hot(x_load.hot_per_s / (x_load.hot_per_s + x_load.cold_per_s));
    auto due = std::chrono::steady_clock::now();
    while (!x_is_over) {
        if (x_phase == "quiet") {
            x_changed.wait(lock);
            due = std::chrono::steady_clock::now();
            continue;
        }
        due += std::chrono::duration_cast<std::chrono::steady_clock::duration>(
            std::chrono::duration<double>(gap(x_random)));
        while (!x_is_over && x_changed.wait_until(lock, due) != std::cv_status::timeout) {
        }
        if (x_is_over || x_phase == "quiet") {
            continue;
        }
        Order order = next_order(is_hot(x_random));
        if (x_busy + static_cast<int>(x_orders.size()) < x_load.callers) {
            x_orders.push_back(std::move(order));
            x_changed.notify_all();
        } else {
            order.asked = order.answered = order.ended = BootClock::now();
            order.outcome = "no_thread";
            tell(order);
        }
    }
}

Order Callers::next_order(bool is_hot) {
    Order order;
    order.is_hot = is_hot;
    std::uniform_int_distribution<int> cold(0, x_load.cold_locks - 1);
    order.path = path_of(is_hot ? -1 : cold(x_random));
    if (x_phase == "stuck" && is_hot &&
        ++x_hot_holds % static_cast<std::uint64_t>(x_load.stuck_every) == 0) {
        order.is_stuck = true;
        order.ignores_stop = x_stuck++ % 2 == 0;
    }
    if (x_phase == "cancel" && std::bernoulli_distribution(0.5)(x_random)) {
        std::uniform_int_distribution<leasehold::Duration::rep> when(
            0, leasehold::Duration(x_load.cancel_within).count());
        order.cancel_after = leasehold::Duration(when(x_random));
    }
    return order;
}

void Callers::call(int number) {
    Table table(x_load.database);
    std::unique_lock lock(x_mutex);
    while (true) {
        x_changed.wait(lock, [this] { return x_is_over || !x_orders.empty(); });
        if (x_orders.empty()) {
            return;
        }
        Order order = std::move(x_orders.front());
        x_orders.pop_front();
        ++x_busy;
        lock.unlock();
        order.caller = number;
        try {
            x_client.run(order, {table, x_gateway});
        } catch (const std::exception& error) {  // libpqxx throws
            order.outcome = "failed";
            order.why = error.what();
            order.ended = BootClock::now();
        }
        tell(order);
        lock.lock();
        --x_busy;
    }
}

}  // namespace drill
