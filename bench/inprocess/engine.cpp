// The engine alone: what a pair costs it, and what a hand-over between two callers of one process.
#include "bench/inprocess/canned_client.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace std::chrono_literals;
using leasehold::LockOptions;
using leasehold::bench::CannedClient;
using leasehold::core::OperationId;

constexpr LockOptions terms{.wait = 5s, .budget = 10s};

/// The argument: how many others wait behind us.
void acquire_and_release(benchmark::State& state) {
    CannedClient client(static_cast<int>(state.range(0)));
    static_cast<void>(client.take_seconds());
    for ([[maybe_unused]] auto each : state) {
        const OperationId lease = client.acquire(terms);
        client.answer();
        client.release(lease);
        client.answer();
        state.SetIterationTime(client.take_seconds());
    }
    if (client.granted() != static_cast<std::uint64_t>(state.iterations()) ||
        client.gone() != client.granted()) {
        state.SkipWithError("some were not granted, or not released");
    }
}
BENCHMARK(acquire_and_release)->Arg(0)->Arg(16)->Arg(250)->UseManualTime();

/// The next caller has queued already when the holder releases. Every 64th goes over the wire.
void hand_over_locally(benchmark::State& state) {
    CannedClient client;
    LockOptions options = terms;
    options.max_local_grants = 64;
    OperationId holder = client.acquire(options);
    client.answer();
    static_cast<void>(client.take_seconds());
    for ([[maybe_unused]] auto each : state) {
        const OperationId next = client.acquire(options);
        client.release(holder);
        client.answer();
        holder = next;
        state.SetIterationTime(client.take_seconds());
    }
    if (client.granted() != static_cast<std::uint64_t>(state.iterations()) + 1) {
        state.SkipWithError("some were not granted");
    }
}
BENCHMARK(hand_over_locally)->UseManualTime();

}  // namespace
