// The program around one client: takes locks, uses them well or badly, and does other things
// beside them.
#pragma once

#include "tests/sim/process.hpp"
#include "tests/sim/world.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::sim {

class User {
public:
    using All = std::vector<std::unique_ptr<User>>;

    User(World& world, Process& process, const All& all)
        : x_world(world), x_process(process), x_all(all) {}

    void start();
    /// Asks for the lock a few times from now on, within the time that it takes to be released.
    void join_rush(const std::string& path);
    /// Whatever it waits for or holds comes to an end soon.
    void wind_down();
    void close(Duration within);

private:
    void schedule();
    void act();
    void acquire(const std::string& path);
    [[nodiscard]] std::vector<std::string> choose_more_paths(const std::string& path);
    void start_rush(const Observer::Holding& holding);
    [[nodiscard]] LockOptions choose_options();
    void schedule_afterthought(OperationId id, Duration wait);
    void use_some_lease();
    void cancel_some();
    void cancel(OperationId id);
    void release(OperationId lease);
    void extend(OperationId lease);
    void downgrade(OperationId lease);
    void upgrade(OperationId lease);
    void begin_call(Observer::Holding& holding);
    void end_call(Observer::Holding& holding);
    void request();
    template <class Body>
    void submit(const Body& body, std::optional<core::WatchKind> watch = {});
    [[nodiscard]] bool can_act() const {
        return !x_process.is_gone() && !x_process.is_paused() && !x_is_closing;
    }
    [[nodiscard]] std::string name(OperationId id) const {
        return std::to_string(x_process.number()) + "#" + std::to_string(id);
    }

    World& x_world;
    Process& x_process;
    const All& x_all;
    bool x_is_closing = false;
    std::vector<OperationId> x_watches;
};

}  // namespace leasehold::sim
