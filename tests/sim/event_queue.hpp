// What is going to happen in a simulated world, in order of time, and of scheduling at equal times.
#pragma once

#include <leasehold/clock.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace leasehold::sim {

/// A binary heap of small keys; what is to be done stays in place in a pool.
class EventQueue {
public:
    void add(Instant when, std::function<void()> what) {
        std::uint32_t slot = 0;
        if (x_free.empty()) {
            slot = static_cast<std::uint32_t>(x_pool.size());
            x_pool.push_back(std::move(what));
        } else {
            slot = x_free.back();
            x_free.pop_back();
            x_pool[slot] = std::move(what);
        }
        x_heap.push_back({when, x_scheduled++, slot});
        std::push_heap(x_heap.begin(), x_heap.end(), is_later);
    }

    [[nodiscard]] Instant next() const {
        return x_heap.empty() ? Instant::max() : x_heap.front().when;
    }

    /// Takes the earliest out; there must be one.
    [[nodiscard]] std::function<void()> pop() {
        std::pop_heap(x_heap.begin(), x_heap.end(), is_later);
        const std::uint32_t slot = x_heap.back().slot;
        x_heap.pop_back();
        x_free.push_back(slot);
        return std::exchange(x_pool[slot], nullptr);
    }

    [[nodiscard]] std::size_t size() const { return x_heap.size(); }

private:
    struct Key {
        Instant when;
        std::uint64_t number;
        std::uint32_t slot;
    };
    static bool is_later(const Key& one, const Key& other) {
        return one.when != other.when ? one.when > other.when : one.number > other.number;
    }

    std::vector<Key> x_heap;
    std::vector<std::function<void()>> x_pool;
    std::vector<std::uint32_t> x_free;
    std::uint64_t x_scheduled = 0;
};

}  // namespace leasehold::sim
