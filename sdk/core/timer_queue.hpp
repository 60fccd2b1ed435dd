// Many deadlines behind the one timer that the shell arms.
#pragma once

#include <leasehold/clock.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace leasehold::core {

/// At most one instant for each key; every call costs O(log n), and memory only while it grows: a
/// binary heap, and where in it each key is. The key has a hash_value() and an order.
/// Timers that are due at the same instant come in the order of their keys.
template <class Key>
class TimerQueue {
public:
    /// Arms the key's timer, or moves it.
    void set(const Key& key, Instant when) {
        const auto [place, is_new] = x_places.try_emplace(key, x_heap.size());
        if (is_new) {
            x_heap.push_back({when, key});
        } else {
            x_heap[place->second].when = when;
        }
        settle(place->second);
    }

    /// True if the key had a timer.
    bool cancel(const Key& key) {
        const auto place = x_places.find(key);
        if (place == x_places.end()) {
            return false;
        }
        take_out(place->second);
        return true;
    }

    /// The earliest instant; Instant::max() when nothing is armed.
    [[nodiscard]] Instant next() const { return x_heap.empty() ? Instant::max() : x_heap[0].when; }

    /// Removes and returns the earliest timer if its instant is `now` or before.
    [[nodiscard]] std::optional<Key> pop_due(Instant now) {
        if (next() > now || x_heap.empty()) {
            return std::nullopt;
        }
        return take_out(0);
    }

    [[nodiscard]] std::size_t size() const { return x_heap.size(); }
    [[nodiscard]] bool empty() const { return x_heap.empty(); }

private:
    struct Timer {
        Instant when;
        Key key;

        friend bool operator<(const Timer& one, const Timer& other) {
            return std::tie(one.when, one.key) < std::tie(other.when, other.key);
        }
    };

    Key take_out(std::size_t index) {
        Key key = std::move(x_heap[index].key);
        x_places.erase(key);
        Timer last = std::move(x_heap.back());
        x_heap.pop_back();
        if (index < x_heap.size()) {
            put(index, std::move(last));
            settle(index);
        }
        return key;
    }

    /// Moves the timer to where it belongs, after it was changed.
    void settle(std::size_t index) {
        const std::size_t before = index;
        Timer timer = std::move(x_heap[index]);
        while (index > 0 && timer < x_heap[(index - 1) / 2]) {
            put(index, std::move(x_heap[(index - 1) / 2]));
            index = (index - 1) / 2;
        }
        for (;;) {
            std::size_t child = 2 * index + 1;
            if (child + 1 < x_heap.size() && x_heap[child + 1] < x_heap[child]) {
                ++child;
            }
            if (child >= x_heap.size() || !(x_heap[child] < timer)) {
                break;
            }
            put(index, std::move(x_heap[child]));
            index = child;
        }
        if (index == before) {
            x_heap[index] = std::move(timer);
        } else {
            put(index, std::move(timer));
        }
    }

    void put(std::size_t index, Timer timer) {
        x_places[timer.key] = index;
        x_heap[index] = std::move(timer);
    }

    std::vector<Timer> x_heap;  ///< none is later than its children, at 2n + 1 and 2n + 2
    boost::unordered_flat_map<Key, std::size_t> x_places;
};

}  // namespace leasehold::core
