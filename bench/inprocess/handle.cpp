// What a holder asks of its lock, and what the end of its handle costs it. The server is in this
// process, too, and plays no part in it.
#include <leasehold/leasehold.hpp>
#include <leasehold/testing.hpp>

#include <benchmark/benchmark.h>
#include <chrono>
#include <optional>

namespace {

using namespace std::chrono_literals;
using leasehold::Client;
using leasehold::ScopedLock;
using leasehold::testing::EmbeddedServer;

Client connect(const EmbeddedServer& server) {
    leasehold::ClientOptions options = server.client_options();
    options.session_timeout = 60s;
    return Client::connect(server.connect_string(), options).value();
}

struct Shop {
    [[nodiscard]] ScopedLock lock() const {
        return client.lock("/orders/by-number/4711", {.wait = 10s, .budget = 20s}).value();
    }

    EmbeddedServer server = EmbeddedServer::start().value();
    Client client = connect(server);
};

void valid(benchmark::State& state) {
    const Shop shop;
    const ScopedLock lock = shop.lock();
    for ([[maybe_unused]] auto each : state) {
        benchmark::DoNotOptimize(lock.valid());
    }
    if (!lock.valid()) {
        state.SkipWithError("the lock has ended meanwhile");
    }
}
BENCHMARK(valid);

void remaining(benchmark::State& state) {
    const Shop shop;
    const ScopedLock lock = shop.lock();
    for ([[maybe_unused]] auto each : state) {
        benchmark::DoNotOptimize(lock.remaining());
    }
}
BENCHMARK(remaining);

/// Until the destructor returns; the deletion goes on behind it.
void destroy(benchmark::State& state) {
    const Shop shop;
    for ([[maybe_unused]] auto each : state) {
        std::optional<ScopedLock> lock = shop.lock();
        const auto begin = std::chrono::steady_clock::now();
        lock.reset();
        state.SetIterationTime(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
}
BENCHMARK(destroy)->UseManualTime();

}  // namespace
