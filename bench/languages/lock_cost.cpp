// What an uncontended acquire and an awaited release cost through C++: what the bindings are
// measured against.
//
//     lock_cost HOSTS PATH COUNT
//
// prints the microseconds of each pair on a line of its own.
#include <leasehold/leasehold.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int argument_count, char** arguments) {
    using namespace std::chrono_literals;
    using Clock = std::chrono::steady_clock;
    if (argument_count != 4) {
        std::fputs("usage: lock_cost HOSTS PATH COUNT\n", stderr);
        return 64;
    }
    const char* const path = arguments[2];
    const long count = std::strtol(arguments[3], nullptr, 10);

    // The tick is that of the servers that tests and benchmarks start.
    auto client = leasehold::Client::connect(arguments[1], {.tick = 200ms});
    if (!client || !client->wait_connected(10s)) {
        std::fputs("lock_cost: no server\n", stderr);
        return 1;
    }
    std::vector<double> costs;
    for (long pair = 0; pair < count; ++pair) {
        const auto begin = Clock::now();
        auto lock = client->lock(path, {.wait = 5s, .budget = 1s});
        if (!lock || !lock->release()) {
            std::fputs("lock_cost: an operation failed\n", stderr);
            return 1;
        }
        const std::chrono::duration<double, std::micro> cost = Clock::now() - begin;
        costs.push_back(cost.count());
    }
    for (const double cost : costs) {
        std::printf("%.1f\n", cost);
    }
    return 0;
}
