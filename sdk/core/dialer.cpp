#include "sdk/core/dialer.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace leasehold::core {

Dialer::Dialer(const Settings& settings, Random random)
    : x_backoff_min(settings.backoff_min),
      x_backoff_max(std::max(settings.backoff_min, settings.backoff_max)),
      x_rate(static_cast<std::size_t>(std::max(settings.max_connects_per_second, 1))),
      x_random(random),
      x_bound(settings.backoff_min) {}

Dialer::Step Dialer::next(Instant now) {
    if (x_state != State::idle) {
        return Idle{};
    }
    if (now < x_not_before) {
        return Wait{x_not_before};
    }
    if (x_round.empty()) {
        x_state = State::resolving;
        return Resolve{};
    }
    if (const Instant allowed = rate_allows_at(); now < allowed) {
        return Wait{allowed};
    }
    record_attempt(now);
    x_state = State::connecting;
    Connect step{std::move(x_round.back())};
    x_round.pop_back();
    x_last = step.endpoint;
    return step;
}

Instant Dialer::follow_up(Instant now) {
    const Instant allowed = rate_allows_at();
    if (allowed <= now) {
        record_attempt(now);
    }
    return allowed;
}

void Dialer::record_attempt(Instant now) {
    if (x_recent.size() == x_rate) {
        x_recent.pop_front();
    }
    x_recent.push_back(now);
    ++x_attempts;
}

void Dialer::on_resolved(Instant now, std::vector<Endpoint> endpoints) {
    if (x_state != State::resolving) {
        return;
    }
    x_state = State::idle;
    std::sort(endpoints.begin(), endpoints.end());
    endpoints.erase(std::unique(endpoints.begin(), endpoints.end()), endpoints.end());
    // By hand, because std::shuffle differs between standard libraries.
    for (std::size_t left = endpoints.size(); left > 1; --left) {
        std::swap(endpoints[left - 1], endpoints[x_random.below(left)]);
    }
    // A server that has just failed, or went silent, is tried when the others have been: a session
    // that is to be saved has no time for it.
    const auto failed = std::find(endpoints.begin(), endpoints.end(), x_last);
    if (failed != endpoints.end()) {
        std::swap(*failed, endpoints.front());
    }
    if (endpoints.size() > max_addresses) {
        endpoints.erase(endpoints.begin(),
                        endpoints.end() - static_cast<std::ptrdiff_t>(max_addresses));
    }
    x_round = std::move(endpoints);
    if (x_round.empty()) {
        back_off(now);
    }
}

void Dialer::on_failed(Instant now) {
    if (x_state != State::connecting) {
        return;
    }
    x_state = State::idle;
    back_off(now);
}

void Dialer::on_attached(Instant) {
    if (x_state != State::connecting) {
        return;
    }
    x_state = State::attached;
    x_bound = x_backoff_min;
}

void Dialer::on_lost(Instant now) {
    if (x_state != State::attached) {
        return;
    }
    x_state = State::idle;
    // Addresses resolved before the attachment may belong to somebody else by now.
    x_round.clear();
    x_not_before = later(now, up_to(x_backoff_min));
}

void Dialer::back_off(Instant now) {
    x_not_before = later(now, up_to(x_bound));
    x_bound = x_bound > x_backoff_max / 2 ? x_backoff_max : x_bound * 2;
}

Duration Dialer::up_to(Duration bound) {
    const auto choices = static_cast<std::uint64_t>(bound.count()) + 1;
    return Duration{static_cast<std::int64_t>(x_random.below(choices))};
}

/// When the oldest of the last x_rate attempts is more than a second ago.
Instant Dialer::rate_allows_at() const {
    if (x_recent.size() < x_rate) {
        return Instant::min();
    }
    return later(x_recent.front(), std::chrono::seconds{1} + Duration{1});
}

}  // namespace leasehold::core
