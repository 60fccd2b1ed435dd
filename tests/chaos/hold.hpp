// One hold of a lock in a chaos run: what is done under it, and what it says of itself meanwhile.
#pragma once

#include <leasehold/leasehold.hpp>

#include "journal.hpp"
#include "register_client.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace leasehold::chaos {

/// What the holder does.
struct Work {
    milliseconds length{20};
    /// Writes without asking whether the lock is still valid: what a process does that was paused
    /// between the question and the write.
    bool is_careless = false;
};

/// Asks a lock whether it is valid, and keeps when it last said yes.
///
/// The time is read before each question: who hears a yes was valid then, because a lock that ended
/// does not come back.
template <class Lock>
class Witness {
public:
    explicit Witness(const Lock& lock) : x_lock(lock) {}

    [[nodiscard]] bool ask() {
        const Instant asked = BootClock::now();
        const bool is_valid = x_lock.valid();
        if (is_valid) {
            x_valid_until = asked;
        }
        return is_valid;
    }
    [[nodiscard]] Instant valid_until() const { return x_valid_until; }

private:
    const Lock& x_lock;
    Instant x_valid_until = Instant::min();
};

constexpr milliseconds look_every{1};

/// Set by a signal: the holder has to stop at once.
inline std::atomic<bool> is_stopped{false};

/// Does the work and tells of the grant and of its end; the lock is still held afterwards. `had` is
/// when it was granted at the latest.
template <class Lock>
void hold(const Lock& lock, Instant had, const std::string& path, const std::string& node,
          const Work& work, RegisterClient& registers) {
    Witness witness(lock);
    const Instant granted = BootClock::now();
    const bool was_valid = witness.ask();
    const std::int64_t token = lock.token();
    tell({{"kind", "grant"},
          {"t", seconds(granted)},
          {"had", seconds(had)},
          {"wall", wall_clock_s()},
          {"path", path},
          {"token", token},
          {"node", node},
          {"deadline", seconds(lock.deadline())},
          {"is_valid", was_valid}});
    const Versions read = registers.read(path, token);
    while (!is_stopped && BootClock::now() < granted + work.length &&
           (witness.ask() || work.is_careless)) {
        std::this_thread::sleep_for(look_every);
    }
    if (!is_stopped && (witness.ask() || work.is_careless)) {
        registers.write(path, token, read);
    }
    const bool is_valid = witness.ask();
    tell({{"kind", "end"},
          {"t", seconds(BootClock::now())},
          {"path", path},
          {"token", token},
          {"valid_until", was_valid ? seconds(witness.valid_until()) : 0.0},
          {"is_valid", is_valid},
          {"is_stopped", is_stopped.load()}});
}

}  // namespace leasehold::chaos
