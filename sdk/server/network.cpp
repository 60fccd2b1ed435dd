#include "sdk/server/network.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::server {

namespace {

bool is_later(const Event& one, const Event& other) {
    return one.at != other.at ? one.at > other.at : one.order > other.order;
}

}  // namespace

Network::Network(const EnsembleOptions& options)
    : x_options(options),
      x_links(options.servers * options.servers),
      x_partitioned(options.servers) {}

Network::Link& Network::link(ServerId one, ServerId other) {
    return x_links[std::min(one, other) * x_options.servers + std::max(one, other)];
}

const Network::Link& Network::link(ServerId one, ServerId other) const {
    return x_links[std::min(one, other) * x_options.servers + std::max(one, other)];
}

Duration Network::delay(ServerId from, ServerId to) const {
    return x_options.delay ? x_options.delay(from, to) : Duration{};
}

void Network::push(Event event) {
    event.order = x_next_order++;
    x_queue.push_back(std::move(event));
    std::push_heap(x_queue.begin(), x_queue.end(), is_later);
}

void Network::send(Instant now, ServerId from, ServerId to, Message message) {
    Link& between = link(from, to);
    if (!reaches(from, to)) {
        between.has_lost = true;
        return;
    }
    Instant& last = between.last_arrival[from < to ? 0 : 1];
    last = std::max(last, now + delay(from, to));
    ++between.under_way;
    push({.at = last,
          .to = to,
          .from = from,
          .message = std::make_unique<Message>(std::move(message)),
          .generation = between.generation});
}

void Network::set_timer(Instant at, ServerId server, Timer timer, std::uint64_t generation) {
    push({.at = at, .to = server, .timer = timer, .generation = generation});
}

Instant Network::next() const {
    return x_queue.empty() ? Instant::max() : x_queue.front().at;
}

std::optional<Event> Network::take(Instant now) {
    while (!x_queue.empty() && x_queue.front().at <= now) {
        std::pop_heap(x_queue.begin(), x_queue.end(), is_later);
        Event event = std::move(x_queue.back());
        x_queue.pop_back();
        if (event.message == nullptr) {
            return event;
        }
        Link& between = link(event.from, event.to);
        if (event.generation == between.generation) {
            --between.under_way;
            return event;
        }
    }
    return std::nullopt;
}

bool Network::reaches(ServerId one, ServerId other) const {
    return one == other ||
           (!link(one, other).is_cut && !x_partitioned[one] && !x_partitioned[other]);
}

void Network::lose_what_is_under_way(ServerId one, ServerId other) {
    Link& between = link(one, other);
    between.has_lost |= between.under_way != 0;
    between.under_way = 0;
    ++between.generation;
}

void Network::set_linked(ServerId one, ServerId other, bool is_linked) {
    link(one, other).is_cut = !is_linked;
    if (!is_linked) {
        lose_what_is_under_way(one, other);
    }
}

void Network::set_partitioned(ServerId server, bool is_partitioned) {
    x_partitioned[server] = is_partitioned;
    for (ServerId other = 0; is_partitioned && other < x_options.servers; ++other) {
        if (other != server) {
            lose_what_is_under_way(server, other);
        }
    }
}

bool Network::take_break(ServerId one, ServerId other) {
    return reaches(one, other) && std::exchange(link(one, other).has_lost, false);
}

Duration Network::slowest() const {
    Duration slowest{};
    for (ServerId one = 0; x_options.delay && one < x_options.servers; ++one) {
        for (ServerId other = 0; other < x_options.servers; ++other) {
            if (one != other && reaches(one, other)) {
                slowest = std::max(slowest, delay(one, other));
            }
        }
    }
    return slowest;
}

}  // namespace leasehold::server
