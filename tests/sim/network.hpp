// Connections between clients and servers: in order each, independent of each other, and mortal.
#pragma once

#include "sdk/server/ensemble.hpp"
#include "sdk/wire/opcode.hpp"
#include "tests/sim/world.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace leasehold::sim {

class Outsider;
class Process;

/// A request on its way, as its client remembers it.
struct Sent {
    std::int32_t xid;
    wire::Opcode op;
    Instant at;             ///< by the client's clock
    std::string watched{};  ///< the path, if it arms a watch
};

/// One connection, from the attempt on.
struct Link {
    Process* owner;
    std::uint64_t number;  ///< rises with each connection of its client
    server::ServerId server;
    std::optional<server::ConnectionId> id;  ///< once accepted
    bool is_open = true;                     ///< at the client
    bool is_dead = false;                    ///< nothing gets through any more
    bool is_probe = false;                   ///< a four-letter word, no session
    bool is_greeted = false;                 ///< the connect request was written
    bool is_answered = false;                ///< the connect response has reached the client
    bool is_welcome = false;                 ///< the server has sent it
    bool is_fated = false;                   ///< the server is made to spoil it
    bool is_reattach = false;
    bool is_trial = false;  ///< a throw-away session that tries what the server can do
    Duration lag{};         ///< what a fault adds to each delivery
    Instant last_up = Instant::min();
    Instant last_down = Instant::min();
    Instant greeted_at{};        ///< by the client's clock
    std::deque<Sent> sent;       ///< not answered yet; pings have theirs
    std::deque<Instant> pinged;  ///< by the client's clock
    std::string partial;         ///< the beginning of a frame whose end is still to come
};

using LinkPtr = std::shared_ptr<Link>;

class Network {
public:
    explicit Network(World& world) : x_world(world) {}

    [[nodiscard]] Duration delay(const Link& link);
    /// The SYN has arrived: accepted, or not.
    void connect(const LinkPtr& link);
    void send_up(const LinkPtr& link, std::string bytes);
    /// The client has closed its end; what it wrote before arrives first.
    void hang_up(const LinkPtr& link);
    /// Both ends are told at once.
    void reset(const LinkPtr& link);
    /// The server gives the connection up, and the client is not told.
    void abandon(const LinkPtr& link);

    /// A fault of the server's choosing: counted, and carried out by it.
    [[nodiscard]] server::Fate choose_fate(const server::Arrival& arrival);
    /// Takes what the servers wrote, and sends it on its way.
    void collect(Outsider& outsider);

private:
    void send_down(const LinkPtr& link, std::string bytes);
    void deliver_at(const LinkPtr& link, std::string bytes);
    void close_down(const LinkPtr& link);
    void tamper(Link& link, std::string& bytes);
    void count_lost(const Link& link, std::string_view bytes);
    void count_reply_lost(wire::Opcode op);

    World& x_world;
    [[nodiscard]] LinkPtr find(server::ConnectionId id) const;

    std::map<server::ConnectionId, LinkPtr> x_links;
};

}  // namespace leasehold::sim
