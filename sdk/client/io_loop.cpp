#include "sdk/client/io_loop.hpp"

#include "sdk/core/secret.hpp"
#include "sdk/net/boot_timer.hpp"
#include "sdk/net/connection.hpp"
#include "sdk/net/cyrus_client.hpp"
#include "sdk/net/resolver.hpp"
#include "sdk/net/sasl_runner.hpp"
#include "sdk/net/thread.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <limits>
#include <new>
#include <random>
#include <system_error>
#include <utility>

namespace leasehold::detail {
namespace {

std::uint64_t random_seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

/// What a turn usually needs is kept for the next one; what a storm needed is not.
template <class T>
void keep_memory(std::vector<T>& spare, std::vector<T>&& used) {
    constexpr std::size_t most_kept = 256;
    used.clear();
    if (used.capacity() <= most_kept) {
        spare = std::move(used);
    }
}

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

}  // namespace

struct IoLoop::Transport final : net::ConnectionListener {
    explicit Transport(IoLoop& owner)
        : loop(owner),
          io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),  // sockets and timers are of one thread only
          work(io.get_executor()),
          tasks(io, owner.x_wake, [this] { loop.run_tasks(); }),
          timer(io, [this] { loop.turn([](Turn&) {}); }),
          connection(io, *this, owner.x_settings.tls),
          resolver(io, owner.x_settings.connect_timeout),
          sasl(io, [settings = owner.x_settings.sasl.value_or(core::SaslSettings{})](
                       const std::string& server) {
              return net::open_cyrus_client(settings, server);
          }) {}

    /// False if the effect is not for here.
    bool carry_out(core::Effect& effect);

    void on_connected() override {
        loop.turn([](Turn& turn) { turn.engine->on_connected(turn.now); });
    }
    void on_bytes(std::string_view bytes) override {
        loop.turn([bytes](Turn& turn) { turn.engine->on_bytes(turn.now, bytes); });
    }
    void on_disconnected(errc code, std::string_view why) override {
        loop.turn([code, why](Turn& turn) { turn.engine->on_disconnected(turn.now, why, code); });
    }

    IoLoop& loop;
    boost::asio::io_context io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
    net::WakeListener tasks;
    net::BootTimer timer;
    net::Connection connection;
    net::Resolver resolver;
    net::SaslRunner sasl;
};

bool IoLoop::Transport::carry_out(core::Effect& effect) {
    const auto on_sasl = [this](result<core::SaslMove> move) {
        loop.turn([&](Turn& turn) { turn.engine->on_sasl(turn.now, std::move(move)); });
    };
    if (std::holds_alternative<core::Resolve>(effect)) {
        resolver.resolve(loop.x_settings.servers.hosts, [this](auto endpoints) {
            loop.turn(
                [&](Turn& turn) { turn.engine->on_resolved(turn.now, std::move(endpoints)); });
        });
    } else if (const auto* connect = std::get_if<core::Connect>(&effect)) {
        connection.connect(connect->endpoint);
    } else if (std::holds_alternative<core::Disconnect>(effect)) {
        connection.disconnect();
        sasl.stop();
    } else if (auto* begin = std::get_if<core::SaslBegin>(&effect)) {
        sasl.begin(std::move(begin->server), on_sasl);
    } else if (auto* next = std::get_if<core::SaslContinue>(&effect)) {
        sasl.proceed(std::move(next->challenge), on_sasl);
    } else {
        return false;
    }
    return true;
}

IoLoop::IoLoop(core::Settings settings, LoopListener& listener)
    : x_settings(std::move(settings)), x_listener(listener), x_engine(x_settings, random_seed()) {}

IoLoop::~IoLoop() = default;

result<void> IoLoop::start(std::shared_ptr<void> owner) {
    try {
        x_wake = std::make_shared<const net::WakeEvent>();
        x_transport = std::make_unique<Transport>(*this);
        x_thread = net::start_thread("leasehold-io", [this, owner = std::move(owner)]() mutable {
            run();
            // The owner may be the last to hold this object.
            owner.reset();
        });
    } catch (const std::system_error& error) {
        return Error(error.code(), {.what = "the client's I/O thread could not be started"});
    }
    return success();
}

/// What a turn has begun when memory runs out stays half done. So the engine is not asked again:
/// the client ends, its locks with it, and the process goes on.
void IoLoop::run() {
    x_thread_id = std::this_thread::get_id();
    ClientStats last;
    last.state = ClientState::closed;
    try {
        work();
        last = x_engine.stats(BootClock::now());
    } catch (const std::bad_alloc&) {
        x_is_stopping = true;
        x_listener.on_out_of_memory();
    }
    end(last);
}

void IoLoop::work() {
    turn([](Turn& turn) { turn.engine->start(turn.now); });
    while (!x_is_stopping) {
        if (go_to_sleep()) {
            x_transport->io.run_one();
            x_is_asleep = false;
        } else {
            run_tasks();
            x_transport->io.poll_one();  // however many tasks come: the socket has its turn
        }
    }
}

/// False if there are tasks. Who posts one while we are at work need not wake us: that is a system
/// call, and a switch.
bool IoLoop::go_to_sleep() {
    const std::lock_guard lock(x_mutex);
    x_is_asleep = x_tasks.empty();
    return x_is_asleep;
}

/// Everything that happens is one turn: what is overdue first, then the input, then what follows.
template <class Input>
void IoLoop::turn(Input&& input) {
    if (x_is_stopping) {
        return;
    }
    Turn turn{BootClock::now(), &x_engine};
    x_engine.on_time(turn.now);
    input(turn);
    carry_out(turn);
    x_transport->timer.arm(x_engine.next_wakeup());
}

void IoLoop::carry_out(Turn& turn) {
    for (;;) {
        std::string& outbound = x_engine.outbound();
        x_transport->connection.write(outbound);
        core::wipe(outbound);  // credentials may have been in it
        std::vector<core::Effect> effects = std::move(x_spare_effects);
        x_engine.take_effects(effects);
        if (effects.empty()) {
            return keep_memory(x_spare_effects, std::move(effects));
        }
        for (core::Effect& effect : effects) {
            if (!x_transport->carry_out(effect)) {
                x_listener.on_effect(turn, std::move(effect));
            }
        }
        keep_memory(x_spare_effects, std::move(effects));
    }
}

void IoLoop::post_operation(Task task) {
    post(std::move(task), x_settings.max_pending);
}

void IoLoop::post_control(Task task) {
    post(std::move(task), unlimited);
}

void IoLoop::post(Task task, std::size_t limit) {
    std::unique_lock lock(x_mutex);
    if (!x_is_closed && x_tasks.size() >= limit) {
        lock.unlock();
        Turn none{BootClock::now(), nullptr, errc::overloaded};
        return task(none);
    }
    x_tasks.push_back(std::move(task));
    if (x_is_closed) {
        drain(lock);
    } else if (x_is_asleep.exchange(false)) {
        // Outside the mutex: the other thread would wake up only to wait for it.
        const auto wake = x_wake;
        lock.unlock();
        wake->set();
    }
}

/// After the end the tasks still run one at a time, on whatever thread brings them, so that what
/// belonged to the loop's thread needs no lock.
void IoLoop::drain(std::unique_lock<std::mutex>& lock) {
    if (std::exchange(x_is_draining, true)) {
        return;
    }
    while (!x_tasks.empty()) {
        std::vector<Task> tasks = std::exchange(x_tasks, {});
        lock.unlock();
        Turn none{BootClock::now(), nullptr};
        for (Task& task : tasks) {
            task(none);
            task = {};
        }
        lock.lock();
    }
    x_is_draining = false;
}

void IoLoop::run_tasks() {
    std::vector<Task> tasks = std::move(x_spare_tasks);
    {
        const std::lock_guard lock(x_mutex);
        tasks.swap(x_tasks);
    }
    const auto run_all = [&](Turn& turn) {
        for (Task& task : tasks) {
            task(turn);
        }
        tasks.clear();
    };
    turn(run_all);
    if (!tasks.empty()) {
        Turn none{BootClock::now(), nullptr};
        run_all(none);
    }
    keep_memory(x_spare_tasks, std::move(tasks));
}

void IoLoop::end(const ClientStats& last) {
    {
        const std::lock_guard lock(x_mutex);
        x_last_stats = last;
        x_wake.reset();
        x_is_closed = true;
        x_is_draining = true;  // by this thread, below
    }
    run_tasks();
    x_transport.reset();
    Turn none{BootClock::now(), nullptr};
    x_listener.on_stopped(none);
    std::unique_lock lock(x_mutex);
    x_is_draining = false;
    drain(lock);
    x_thread_id = std::thread::id{};  // it may be given to another thread
    x_has_ended = true;
    x_changed.notify_all();
}

bool IoLoop::wait_ended(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(x_mutex);
    return x_changed.wait_until(lock, deadline, [this] { return x_has_ended; });
}

void IoLoop::finish(std::chrono::steady_clock::time_point deadline) noexcept {
    const bool ended = wait_ended(deadline);
    if (!x_thread.joinable()) {
        return;
    }
    ended ? x_thread.join() : x_thread.detach();
}

ClientStats IoLoop::last_stats() const {
    const std::lock_guard lock(x_mutex);
    return x_last_stats;
}

}  // namespace leasehold::detail
