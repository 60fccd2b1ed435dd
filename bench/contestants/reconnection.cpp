#include "bench/contestants/reconnection.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace leasehold::bench {
namespace {

namespace asio = boost::asio;

/// Acquisitions under way.
struct Waiters {
    void queue(const Client& client, const std::string& parent, int count, milliseconds wait) {
        const LockOptions options{
            .wait = wait, .budget = milliseconds(10'000), .refuse_hopeless = false};
        for (int number = 0; number < count; ++number) {
            client.async_lock(parent + "/" + std::to_string(number), options,
                              asio::bind_executor(io, [this](result<ScopedLock> granted) {
                                  if (granted) {
                                      locks.push_back(*std::move(granted));
                                  } else {
                                      why_refused = granted.error().message();
                                      ++refused;
                                  }
                              }));
        }
    }
    [[nodiscard]] nlohmann::json await() {
        io.restart();
        io.run();
        const std::size_t granted = locks.size();
        locks.clear();
        return {{"granted", granted},
                {"refused", std::exchange(refused, 0)},
                {"why", std::exchange(why_refused, {})}};
    }

    asio::io_context io{1};
    std::vector<ScopedLock> locks;
    int refused = 0;
    std::string why_refused;
};

/// Changes of the client's state and of the locks' jeopardy. The handlers share it: the client's
/// last change may come when nobody asks any more.
class Course : public std::enable_shared_from_this<Course> {
public:
    void listen(const Client& client, const HeldLocks& held) {
        const auto self = shared_from_this();
        client.on_state_change([self](ClientState state) { self->on_state(state); });
        for (const ScopedLock& lock : held.all()) {
            lock.on_jeopardy([self](bool is_in_jeopardy) { self->on_jeopardy(is_in_jeopardy); });
        }
    }
    /// What came since the last call; waits for what is still to come.
    [[nodiscard]] nlohmann::json await() {
        std::unique_lock lock(x_mutex);
        if (!x_change.wait_for(lock, std::chrono::seconds{60}, [this] {
                return x_was_cut && x_is_connected && x_in_jeopardy == 0;
            })) {
            give_up("the client did not recover within a minute");
        }
        x_was_cut = false;
        return {{"connected_at", nanoseconds(x_connected_at)},
                {"safe_at", nanoseconds(std::max(x_connected_at, x_safe_at))},
                {"in_jeopardy", std::exchange(x_most_in_jeopardy, 0)}};
    }

private:
    void on_state(ClientState state) {
        const Instant now = BootClock::now();
        const std::lock_guard lock(x_mutex);
        x_is_connected = state == ClientState::connected;
        x_was_cut = x_was_cut || !x_is_connected;
        x_connected_at = x_is_connected ? now : x_connected_at;
        x_change.notify_all();
    }
    void on_jeopardy(bool is_in_jeopardy) {
        const Instant now = BootClock::now();
        const std::lock_guard lock(x_mutex);
        x_in_jeopardy += is_in_jeopardy ? 1 : -1;
        x_most_in_jeopardy = std::max(x_most_in_jeopardy, x_in_jeopardy);
        x_safe_at = now;
        x_change.notify_all();
    }

    std::mutex x_mutex;
    std::condition_variable x_change;
    bool x_is_connected = true;
    bool x_was_cut = false;
    Instant x_connected_at{};
    Instant x_safe_at{};
    int x_in_jeopardy = 0;
    int x_most_in_jeopardy = 0;
};

}  // namespace

Commands reconnecting_with(const Client& client, const HeldLocks& held) {
    const auto waiters = std::make_shared<Waiters>();
    const auto course = std::make_shared<Course>();
    return {
        {"queue",
         [&client, waiters](std::istream& words) -> nlohmann::json {
             const auto parent = next<std::string>(words);
             const int count = next<int>(words);
             waiters->queue(client, parent, count, milliseconds(next<int>(words)));
             return {{"waiters", count}};
         }},
        {"granted", [waiters](std::istream&) { return waiters->await(); }},
        {"listen",
         [&client, &held, course](std::istream&) -> nlohmann::json {
             course->listen(client, held);
             return {{"locks", held.all().size()}};
         }},
        {"recovered", [course](std::istream&) { return course->await(); }},
    };
}

}  // namespace leasehold::bench
