#include "sdk/client/fork.hpp"

#include <atomic>
#include <pthread.h>
#include <utility>

namespace leasehold::detail {
namespace {

std::atomic<int> generation{0};

struct Abandoned {
    std::shared_ptr<void> object;
    Abandoned* next;
};
/// Reachable for ever, so that leak checkers take it for what it is.
std::atomic<Abandoned*> abandoned{nullptr};

}  // namespace

int fork_generation() noexcept {
    return generation.load(std::memory_order_relaxed);
}

void watch_for_forks() noexcept {
    static const int registered = pthread_atfork(
        nullptr, nullptr, [] { generation.fetch_add(1, std::memory_order_relaxed); });
    static_cast<void>(registered);
}

void abandon(std::shared_ptr<void> object) noexcept {
    if (!object) {
        return;
    }
    auto* entry = new Abandoned{std::move(object), abandoned.load()};
    while (!abandoned.compare_exchange_weak(entry->next, entry)) {
    }
}

}  // namespace leasehold::detail
