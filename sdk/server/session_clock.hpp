// The leader's clock of each session: when it was last touched, through which server, and when it
// has to be expired.
#pragma once

#include <leasehold/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

namespace leasehold::server {

class SessionClock {
public:
    /// `is_exact`: a session expires exactly its timeout after the last touch, not at the end of
    /// the tick in which that falls.
    SessionClock(Duration tick, bool is_exact) : x_tick(tick), x_is_exact(is_exact) {}

    void track(Instant now, std::int64_t session, Duration timeout);
    /// False if the session is unknown or about to be closed.
    bool touch(Instant now, std::int64_t session, Duration timeout);
    /// From now on it is neither touched nor expired any more.
    void set_closing(std::int64_t session);
    void remove(std::int64_t session) { x_sessions.erase(session); }
    void clear();

    enum class Standing : std::uint8_t { good, unknown, closing, moved };
    /// Whether a request through this owner may pass. The first one makes itself the owner.
    Standing check(std::int64_t session, std::uint64_t owner);
    void set_owner(std::int64_t session, std::uint64_t owner);

    [[nodiscard]] std::optional<Instant> expiry_of(std::int64_t session) const;
    /// Not later than the first expiry; Instant::max() without sessions.
    [[nodiscard]] Instant next() const;
    /// The sessions whose time has come. Each is given out once.
    [[nodiscard]] std::vector<std::int64_t> take_due(Instant now);

private:
    static constexpr std::uint64_t no_owner = ~std::uint64_t{0};

    struct Session {
        Instant expiry;
        Instant queued_at;  ///< of its one valid entry in x_queue, which may be too early
        std::uint64_t owner = no_owner;
        bool is_closing = false;
    };

    void put_off(Instant now, std::int64_t id, Session& session, Duration timeout);

    Duration x_tick;
    bool x_is_exact;
    std::unordered_map<std::int64_t, Session> x_sessions;
    /// A touch changes the session alone; the queue hears of it when the old entry comes up.
    std::map<Instant, std::vector<std::int64_t>> x_queue;
};

}  // namespace leasehold::server
