// What goes wrong, and when: among the servers one thing at a time, with each client independently.
#pragma once

#include "tests/sim/outsider.hpp"
#include "tests/sim/process.hpp"
#include "tests/sim/world.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace leasehold::sim {

class Troubles {
public:
    Troubles(World& world, Outsider& outsider, std::vector<std::unique_ptr<Process>>& processes)
        : x_world(world), x_outsider(outsider), x_processes(processes) {}

    void start();
    /// Ends whatever is going on.
    void heal();

private:
    enum class Kind { none, killed, paused, partitioned };

    void schedule_for_servers();
    void strike_servers();
    void begin(Kind kind, server::ServerId server, Duration length);
    void end();

    void schedule_for_client(Process& process);
    void strike_client(Process& process);
    [[nodiscard]] Duration choose_pause(const Process& process);
    void strike_connection(Process& process);
    void schedule_outsider();

    World& x_world;
    Outsider& x_outsider;
    std::vector<std::unique_ptr<Process>>& x_processes;
    Kind x_kind = Kind::none;
    server::ServerId x_server = 0;
    std::uint64_t x_serial = 0;
};

}  // namespace leasehold::sim
