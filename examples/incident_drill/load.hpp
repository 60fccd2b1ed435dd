// The load of one process: orders arrive at random, and each takes one of a fixed number of
// threads, if there is one.
#pragma once

#include "client.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace drill {

struct Load {
    int callers = 20;
    double hot_per_s = 10;   ///< arrivals at the hot lock
    double cold_per_s = 10;  ///< at all others together
    int cold_locks = 50;
    int stuck_every = 40;  ///< hot hold, while calls hang
    leasehold::milliseconds cancel_within{500};
    std::string database;
    std::uint64_t seed = 1;
};

/// Path of the hot lock (-1), or of a cold one.
std::string path_of(int number);

class Callers {
public:
    Callers(LockingClient& client, Gateway& gateway, Load load);
    ~Callers();
    Callers(const Callers&) = delete;
    Callers& operator=(const Callers&) = delete;

    /// `quiet`: nothing arrives. `steady`, `stuck`: some calls hang. `cancel`: half of the callers
    /// give up at a random moment.
    void set_phase(std::string_view phase);
    /// No order is under way or waits for a thread.
    [[nodiscard]] bool are_idle();

private:
    void arrive();
    void call(int number);
    Order next_order(bool is_hot);

    LockingClient& x_client;
    Gateway& x_gateway;
    const Load x_load;
    std::mutex x_mutex;
    std::condition_variable x_changed;
    std::string x_phase = "quiet";
    std::deque<Order> x_orders;
    std::mt19937_64 x_random;
    int x_busy = 0;
    std::uint64_t x_hot_holds = 0;
    std::uint64_t x_stuck = 0;
    bool x_is_over = false;
    std::vector<std::thread> x_threads;
};

}  // namespace drill
