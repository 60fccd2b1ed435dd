// Many deadlines behind the one timer that the shell arms.
#pragma once

#include <leasehold/clock.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace leasehold::core {

/// At most one instant for each key; every call costs O(log n).
/// Timers that are due at the same instant come in the order of their keys.
template <class Key>
class TimerQueue {
public:
    /// Arms the key's timer, or moves it.
    void set(const Key& key, Instant when) {
        const auto [timer, is_new] = x_when.try_emplace(key, when);
        if (!is_new) {
            if (timer->second == when) {
                return;
            }
            x_order.erase({timer->second, key});
            timer->second = when;
        }
        x_order.emplace(when, key);
    }

    /// True if the key had a timer.
    bool cancel(const Key& key) {
        const auto timer = x_when.find(key);
        if (timer == x_when.end()) {
            return false;
        }
        x_order.erase({timer->second, key});
        x_when.erase(timer);
        return true;
    }

    /// The earliest instant; Instant::max() when nothing is armed.
    [[nodiscard]] Instant next() const {
        return x_order.empty() ? Instant::max() : x_order.begin()->first;
    }

    /// Removes and returns the earliest timer if its instant is `now` or before.
    [[nodiscard]] std::optional<Key> pop_due(Instant now) {
        if (x_order.empty() || x_order.begin()->first > now) {
            return std::nullopt;
        }
        auto timer = x_order.extract(x_order.begin());
        x_when.erase(timer.value().second);
        return std::move(timer.value().second);
    }

    [[nodiscard]] std::size_t size() const { return x_when.size(); }
    [[nodiscard]] bool empty() const { return x_when.empty(); }

private:
    std::map<Key, Instant> x_when;
    std::set<std::pair<Instant, Key>> x_order;  ///< invariant: the same timers as x_when
};

}  // namespace leasehold::core
