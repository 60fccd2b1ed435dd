#include "sdk/server/session_clock.hpp"

#include <utility>

namespace leasehold::server {

void SessionClock::track(Instant now, std::int64_t session, Duration timeout) {
    const auto [place, is_new] = x_sessions.try_emplace(session);
    if (is_new) {
        place->second.queued_at = Instant::max();
    }
    put_off(now, session, place->second, timeout);
}

bool SessionClock::touch(Instant now, std::int64_t session, Duration timeout) {
    const auto found = x_sessions.find(session);
    if (found == x_sessions.end() || found->second.is_closing) {
        return false;
    }
    put_off(now, session, found->second, timeout);
    return true;
}

void SessionClock::put_off(Instant now, std::int64_t id, Session& session, Duration timeout) {
    session.expiry = now + timeout;
    if (!x_is_exact) {
        const Duration due = session.expiry.time_since_epoch();
        session.expiry = Instant{(due / x_tick + 1) * x_tick};
    }
    // Earlier than before only if the session was re-attached with a shorter timeout.
    if (session.expiry < session.queued_at) {
        session.queued_at = session.expiry;
        x_queue[session.expiry].push_back(id);
    }
}

void SessionClock::set_closing(std::int64_t session) {
    const auto found = x_sessions.find(session);
    if (found != x_sessions.end()) {
        found->second.is_closing = true;
    }
}

void SessionClock::clear() {
    x_sessions.clear();
    x_queue.clear();
}

SessionClock::Standing SessionClock::check(std::int64_t session, std::uint64_t owner) {
    const auto found = x_sessions.find(session);
    if (found == x_sessions.end()) {
        return Standing::unknown;
    }
    if (found->second.is_closing) {
        return Standing::closing;
    }
    if (found->second.owner == no_owner) {
        found->second.owner = owner;
    }
    return found->second.owner == owner ? Standing::good : Standing::moved;
}

void SessionClock::set_owner(std::int64_t session, std::uint64_t owner) {
    const auto found = x_sessions.find(session);
    if (found != x_sessions.end()) {
        found->second.owner = owner;
    }
}

std::optional<Instant> SessionClock::expiry_of(std::int64_t session) const {
    const auto found = x_sessions.find(session);
    if (found == x_sessions.end()) {
        return std::nullopt;
    }
    return found->second.expiry;
}

Instant SessionClock::next() const {
    return x_queue.empty() ? Instant::max() : x_queue.begin()->first;
}

std::vector<std::int64_t> SessionClock::take_due(Instant now) {
    std::vector<std::int64_t> due;
    while (!x_queue.empty() && x_queue.begin()->first <= now) {
        const auto bucket = x_queue.extract(x_queue.begin());
        for (const std::int64_t id : bucket.mapped()) {
            const auto found = x_sessions.find(id);
            if (found == x_sessions.end() || found->second.queued_at != bucket.key()) {
                continue;  // gone, or queued anew for an earlier time
            }
            Session& session = found->second;
            session.queued_at = Instant::max();
            if (session.is_closing) {
                continue;
            }
            if (session.expiry <= now) {
                due.push_back(id);
            } else {
                session.queued_at = session.expiry;
                x_queue[session.expiry].push_back(id);
            }
        }
    }
    return due;
}

}  // namespace leasehold::server
