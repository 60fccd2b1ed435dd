// The links between the servers, and everything that is to happen later, in the order of time.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/server/message.hpp"
#include "sdk/server/options.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace leasehold::server {

struct Event {
    Instant at;
    std::uint64_t order = 0;  ///< of equal times, the earlier first
    ServerId to = 0;
    ServerId from = 0;
    std::unique_ptr<Message> message{};  ///< or a timer:
    Timer timer{};
    std::uint64_t generation = 0;  ///< of the timer, or of the link
};

class Network {
public:
    explicit Network(const EnsembleOptions& options);

    /// Nothing arrives before what was sent earlier on the same link. Lost if that is cut.
    void send(Instant now, ServerId from, ServerId to, Message message);
    void set_timer(Instant at, ServerId server, Timer timer, std::uint64_t generation);

    [[nodiscard]] Instant next() const;
    /// The next event that is due, or nothing.
    [[nodiscard]] std::optional<Event> take(Instant now);

    void set_linked(ServerId one, ServerId other, bool is_linked);
    void set_partitioned(ServerId server, bool is_partitioned);
    [[nodiscard]] bool reaches(ServerId one, ServerId other) const;
    /// Whether a message between these two was lost, so that their connection is broken; asked
    /// once they reach each other again.
    [[nodiscard]] bool take_break(ServerId one, ServerId other);
    /// The slowest link there is now.
    [[nodiscard]] Duration slowest() const;

private:
    struct Link {
        bool is_cut = false;
        bool has_lost = false;
        std::uint64_t generation = 0;  ///< what was sent in an older one is lost
        std::size_t under_way = 0;
        Instant last_arrival[2] = {Instant::min(), Instant::min()};
    };

    [[nodiscard]] Link& link(ServerId one, ServerId other);
    [[nodiscard]] const Link& link(ServerId one, ServerId other) const;
    [[nodiscard]] Duration delay(ServerId from, ServerId to) const;
    void push(Event event);
    void lose_what_is_under_way(ServerId one, ServerId other);

    const EnsembleOptions& x_options;
    std::vector<Link> x_links;
    std::vector<bool> x_partitioned;
    std::vector<Event> x_queue;  ///< a heap
    std::uint64_t x_next_order = 0;
};

}  // namespace leasehold::server
