// A granted lock's deadline as one atomic word, so that any thread can tell whether it still holds.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/options.hpp>

#include <boost/container/small_vector.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace leasehold::core {

/// The token of a lock is its node's czxid with the number of the local grant behind it.
inline constexpr int grants_per_node = 64;

/// Full paths of nodes, most often of one.
using NodePaths = boost::container::small_vector<std::string, 1>;

/// The deadline of one lease. Any thread may ask; only the engine moves it.
///
/// Invariant: once dead, dead for ever (no revival). An asker that finds the deadline passed
/// latches the word before it answers, so a later renewal cannot bring back what somebody has
/// already been told is gone.
class LeaseWord {
public:
    explicit LeaseWord(Instant deadline) noexcept : x_word(count(deadline)) {}

    /// True if the lease is live and `read_clock()`, read after the word, is before its deadline.
    template <class ReadClock>
    [[nodiscard]] bool valid(ReadClock&& read_clock) noexcept {
        std::int64_t seen = x_word.load(std::memory_order_acquire);
        while (seen != dead) {
            // The clock is read after the word: a pause between the two can only make us say no.
            if (count(read_clock()) < seen) {
                return true;
            }
            if (x_word.compare_exchange_weak(seen, dead, std::memory_order_acq_rel)) {
                return false;
            }
        }
        return false;
    }

    /// Moves a live deadline from the value the engine wrote last. False if it was latched dead.
    [[nodiscard]] bool move(Instant from, Instant to) noexcept {
        std::int64_t expected = count(from);
        return x_word.compare_exchange_strong(expected, count(to), std::memory_order_acq_rel);
    }

    void latch_dead() noexcept { x_word.store(dead, std::memory_order_release); }

    /// The deadline as it stands; Instant::min() once dead.
    [[nodiscard]] Instant deadline() const noexcept {
        return Instant{Duration{x_word.load(std::memory_order_acquire)}};
    }

private:
    static constexpr std::int64_t dead = std::numeric_limits<std::int64_t>::min();

    static std::int64_t count(Instant when) noexcept { return when.time_since_epoch().count(); }

    std::atomic<std::int64_t> x_word;
};

/// What the engine and the handle share about one granted lock.
struct Lease {
    Lease(Instant deadline, std::int64_t fencing_token, NodePaths&& node_paths)
        : word(deadline), token(fencing_token), nodes(std::move(node_paths)) {}

    [[nodiscard]] const std::string& node() const noexcept { return nodes.front(); }

    /// Any thread sees the kind go first.
    void share(LockKind as) noexcept {
        kind = as;
        token = 0;
    }
    void be_alone(std::int64_t with_token) noexcept {
        token = with_token;
        kind = LockKind::exclusive;
    }

    LeaseWord word;
    std::atomic<LockKind> kind{LockKind::exclusive};
    std::atomic<std::int64_t> token;
    /// Full paths of the contenders' nodes, chroot included: of a set one on each path, else one.
    const NodePaths nodes;
    /// Guarded calls in progress; with hold_until_return the node outlives the deadline for them.
    std::atomic<int> active_calls{0};
};

}  // namespace leasehold::core
