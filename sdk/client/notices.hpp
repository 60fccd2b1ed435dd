// What the client tells its user without being asked: the log and the changes of its state, in
// order, on the callback thread, and never after the client is gone.
#pragma once

#include <leasehold/options.hpp>
#include <leasehold/state.hpp>

#include "sdk/client/worker.hpp"
#include "sdk/core/effect.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace leasehold::detail {

/// Thread safety: all functions may be called from any thread.
class Notices : public std::enable_shared_from_this<Notices> {
public:
    Notices(std::shared_ptr<Worker> callbacks, LogHandler log)
        : x_callbacks(std::move(callbacks)), x_log(log) {}

    /// While a handler is stuck, records beyond a cap are dropped and counted.
    void log(core::Log&& record);
    /// While a handler is stuck, the oldest of too many changes are dropped; never the last.
    void on_state(ClientState state);
    void set_state_handler(std::function<void(ClientState)> handler);

    /// No call of a handler begins after this.
    void close();

private:
    void write(const core::Log& record);
    void tell_states();
    [[nodiscard]] bool is_open() const;

    const std::shared_ptr<Worker> x_callbacks;
    const LogHandler x_log;

    mutable std::mutex x_mutex;  ///< guards what follows; never held while a handler runs
    bool x_is_open = true;
    std::uint64_t x_dropped = 0;
    std::shared_ptr<const std::function<void(ClientState)>> x_state_handler;
    std::deque<ClientState> x_states;
    bool x_is_telling = false;
};

}  // namespace leasehold::detail
