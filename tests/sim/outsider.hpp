// Somebody with another program who writes to the nodes of a lock, or deletes them.
#pragma once

#include "tests/sim/world.hpp"

#include <map>
#include <string>
#include <string_view>

namespace leasehold::sim {

/// Opens a session for each deed and closes it again. Its connections take no time and never fail.
class Outsider {
public:
    explicit Outsider(World& world) : x_world(world) {}

    /// Puts what Curator writes in place of the record.
    void ask_for(const std::string& node);
    void remove(const std::string& node);

    /// What a server sent on a connection that is no client's.
    void on_output(server::ConnectionId id, const server::Ensemble::Output& output);

private:
    void begin(std::string request);

    World& x_world;
    struct Deed {
        std::string request;
        bool is_open = false;  ///< the session is
    };
    std::map<server::ConnectionId, Deed> x_deeds;
};

}  // namespace leasehold::sim
