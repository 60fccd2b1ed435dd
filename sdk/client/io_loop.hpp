// The client's own thread: it gives the engine its bytes, times and calls, and carries out what the
// engine asks for. No user code runs on it, so nothing a user does can delay a heartbeat.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>
#include <leasehold/state.hpp>

#include "sdk/core/effect.hpp"
#include "sdk/core/engine.hpp"
#include "sdk/core/settings.hpp"
#include "sdk/core/unique_function.hpp"
#include "sdk/net/wake_event.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace leasehold::detail {

/// What a task runs with: the engine, or the reason why there is none.
struct Turn {
    Instant now;
    core::Engine* engine;
    errc refusal = errc::closed;
};

/// What the loop does not carry out itself; called on its thread.
class LoopListener {
public:
    virtual ~LoopListener() = default;

    virtual void on_effect(Turn& turn, core::Effect&& effect) = 0;
    /// Memory ran out in the middle of a turn; on_stopped follows.
    virtual void on_out_of_memory() = 0;
    /// The last call; the turn has no engine.
    virtual void on_stopped(Turn& turn) = 0;
};

class IoLoop {
    /// An operation: its completion, for which lock, and what else it has to be told.
    static constexpr std::size_t room_for_task = core::room_for_completion + 64;

public:
    /// Run exactly once: on the loop's thread with an engine; or without one if the loop has ended,
    /// one at a time on any thread; or at once without one if there were too many
    /// (errc::overloaded): such a task touches nothing but its own.
    using Task = core::UniqueFunction<void(Turn&), room_for_task>;

    IoLoop(core::Settings settings, LoopListener& listener);
    ~IoLoop();
    IoLoop(const IoLoop&) = delete;
    IoLoop& operator=(const IoLoop&) = delete;

    /// Starts the thread, which keeps `owner` alive. Fails if the system has no thread, descriptor
    /// or entropy to give.
    [[nodiscard]] result<void> start(std::shared_ptr<void> owner);

    /// A new operation: refused with errc::overloaded while too many tasks wait.
    void post_operation(Task task);
    /// What ends or steers an operation that exists: bounded by those, and never refused.
    void post_control(Task task);

    /// Ends the loop after the turn that runs now; on its thread only.
    void stop() { x_is_stopping = true; }
    /// False if the thread has not ended by the deadline.
    [[nodiscard]] bool wait_ended(std::chrono::steady_clock::time_point deadline);
    /// Joins the thread if it ends by the deadline, else detaches it.
    void finish(std::chrono::steady_clock::time_point deadline) noexcept;

    [[nodiscard]] bool is_inside() const noexcept {
        return std::this_thread::get_id() == x_thread_id.load();
    }
    /// Taken when the last task had run; empty before.
    [[nodiscard]] ClientStats last_stats() const;

private:
    /// Sockets, timers and the reactor under them: made before the thread and gone with it.
    struct Transport;

    void run();
    void work();
    [[nodiscard]] bool go_to_sleep();
    void run_tasks();
    template <class Input>
    void turn(Input&& input);
    void carry_out(Turn& turn);
    void post(Task task, std::size_t limit);
    void drain(std::unique_lock<std::mutex>& lock);
    void end(const ClientStats& last);

    const core::Settings x_settings;
    LoopListener& x_listener;
    core::Engine x_engine;
    std::unique_ptr<Transport> x_transport;
    std::vector<core::Effect> x_spare_effects;  ///< kept for its memory, like the next
    std::vector<Task> x_spare_tasks;
    bool x_is_stopping = false;
    std::atomic<std::thread::id> x_thread_id{};
    std::thread x_thread;

    mutable std::mutex x_mutex;
    std::condition_variable x_changed;
    std::vector<Task> x_tasks;
    std::shared_ptr<const net::WakeEvent> x_wake;
    std::atomic<bool> x_is_asleep{false};  // the thread may wait for the event: it has to be set
    bool x_is_closed = false;              // no task gets an engine any more
    bool x_is_draining = false;            // somebody runs what has come since
    bool x_has_ended = false;
    ClientStats x_last_stats;
};

}  // namespace leasehold::detail
