// The virtual clock, and the network between the engines and the fake server.
#include "tests/support/engine_driver.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::support {

World::World(FakeOptions options, std::uint64_t seed) : server(std::move(options)), random(seed) {}

EngineDriver& World::add(core::Settings settings) {
    x_drivers.push_back(std::make_unique<EngineDriver>(*this, std::move(settings), random.next()));
    return *x_drivers.back();
}

void World::at(Instant when, std::function<void()> what) {
    x_events.emplace(std::pair{std::max(when, x_now), x_next_event++}, std::move(what));
}

Duration World::delay(const LinkOptions& options) {
    const auto spread = static_cast<std::uint64_t>((options.max_delay - options.min_delay).count());
    return options.min_delay +
           Duration{spread == 0 ? 0 : static_cast<std::int64_t>(random.below(spread))};
}

Instant World::next_step() const {
    Instant next = std::min(x_events.empty() ? Instant::max() : x_events.begin()->first.first,
                            server.next_wakeup());
    for (const auto& driver : x_drivers) {
        next = std::min(next, driver->next_wakeup());
    }
    return next;
}

/// One thing: the server's clock first, then what arrives, then the engines' timers.
void World::step(Instant when) {
    x_now = std::max(x_now, when);
    if (server.next_wakeup() <= x_now) {
        server.on_time(x_now);
        collect();
    } else if (!x_events.empty() && x_events.begin()->first.first <= x_now) {
        const auto event = x_events.extract(x_events.begin());
        event.mapped()();
        collect();
    } else {
        for (const auto& driver : x_drivers) {
            if (driver->next_wakeup() <= x_now) {
                driver->wake();
                break;
            }
        }
    }
    if (after_step) {
        after_step();
    }
}

void World::run_for(Duration length) {
    const Instant end = core::later(x_now, length);
    collect();
    for (Instant next = next_step(); next <= end; next = next_step()) {
        step(next);
    }
    x_now = end;
}

bool World::run_until(const std::function<bool()>& is_done, Duration limit) {
    const Instant end = core::later(x_now, limit);
    collect();
    while (!is_done()) {
        const Instant next = next_step();
        if (next > end) {
            x_now = end;
            return is_done();
        }
        step(next);
    }
    return true;
}

void World::connect(const std::shared_ptr<Link>& link) {
    link->server_id = server.accept(x_now);
    x_links[link->server_id] = link;
}

/// In order on each connection, whatever the delays.
void World::send_up(const std::shared_ptr<Link>& link, std::string bytes) {
    link->last_up = std::max(link->last_up, x_now + delay(link->owner->link_options));
    at(link->last_up, [this, link, bytes = std::move(bytes)] {
        if (!link->is_dead) {
            server.receive(x_now, link->server_id, bytes);
        }
    });
}

void World::hang_up(const std::shared_ptr<Link>& link) {
    link->last_up = std::max(link->last_up, x_now + delay(link->owner->link_options));
    at(link->last_up, [this, link] {
        if (!link->is_dead) {
            server.hang_up(link->server_id);
        }
    });
}

void World::collect() {
    for (const ConnectionId id : server.connections()) {
        FakeZooKeeper::Output output = server.take_output(id);
        const std::shared_ptr<Link> link = x_links.at(id);
        const LinkOptions& options = link->owner->link_options;
        for (std::string& frame : output.frames) {
            link->last_down = std::max(link->last_down, x_now + delay(options));
            const std::size_t chunk = options.chunk == 0 ? frame.size() : options.chunk;
            for (std::size_t begin = 0; begin < frame.size(); begin += chunk) {
                at(link->last_down, [link, bytes = frame.substr(begin, chunk)] {
                    if (!link->is_dead) {
                        link->owner->on_bytes(link, bytes);
                    }
                });
            }
        }
        if (output.is_closed) {
            link->last_down = std::max(link->last_down, x_now + delay(options));
            at(link->last_down, [link] {
                if (!link->is_dead) {
                    link->owner->on_server_closed(link);
                }
            });
        }
    }
}

}  // namespace leasehold::support
