#include "shop.hpp"

#include "plan.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <sys/wait.h>
#include <utility>

namespace demo {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using leasehold::BootClock;
using leasehold::Instant;

Shop::Shop(asio::io_context& io, std::string connect, std::string_view hanging_payment)
    : x_io(io),
      x_connect(std::move(connect)),
      x_timeline(stdout),
      x_services(io, hanging_payment, [this](Event event) { hear(std::move(event)); }) {}

Shop::~Shop() {
    for (const auto& process : x_processes) {
        if (process->is_running) {
            ::kill(process->pid, SIGKILL);
            ::waitpid(process->pid, nullptr, 0);
        }
    }
}

void Shop::start_process(std::string_view name) {
    const auto child = start_again({"demo", "--connect", x_connect, "--role", std::string(name),
                                    "--services-port", std::to_string(x_services.port())});
    if (!child) {
        say(EventKind::failed, name, "could not be started");
        return;
    }
    x_processes.push_back(std::make_unique<Process>(Process{
        std::string(name), child->pid, asio::posix::stream_descriptor(x_io, child->to_child),
        asio::posix::stream_descriptor(x_io, child->from_child)}));
}

void Shop::run() {
    for (const auto& process : x_processes) {
        asio::co_spawn(x_io, listen_to(*process), asio::detached);
    }
    asio::co_spawn(x_io, keep_time(), asio::detached);
    x_io.run();
    x_timeline.print_until(Instant::max());
}

/// One event a line, until the process closes its standard output.
awaitable<void> Shop::listen_to(Process& process) {
    std::string buffer;
    for (;;) {
        const std::size_t length = co_await asio::async_read_until(
            process.from, asio::dynamic_buffer(buffer), '\n', use_awaitable);
        if (auto event = from_line(std::string_view(buffer).substr(0, length - 1))) {
            hear(std::move(*event));
        }
        buffer.erase(0, length);
    }
}

/// Prints what is due, and notices the ends of the processes and of our patience.
awaitable<void> Shop::keep_time() {
    asio::steady_timer timer(x_io);
    for (;;) {
        std::size_t running = 0;
        for (const auto& process : x_processes) {
            const auto code = process->is_running ? exit_code_of(process->pid) : std::nullopt;
            process->is_running = process->is_running && !code;
            running += process->is_running ? 1 : 0;
            if (code && *code != 0) {
                say(EventKind::failed, process->name, "ended with code " + std::to_string(*code));
            }
        }
        const Instant due = BootClock::now() + std::chrono::milliseconds(20);
        timer.expires_after(due - BootClock::now());
        co_await timer.async_wait(use_awaitable);  // what they said last is read meanwhile
        if (const auto late = BootClock::now() - due; late > std::chrono::milliseconds(50)) {
            x_stood_still += late;
        }
        x_timeline.print_until(BootClock::now());
        if (running == 0) {
            break;
        }
        if (BootClock::now() - x_begin > time_limit) {
            say(EventKind::failed, "parent", "not over after " + seconds(time_limit));
            break;
        }
    }
    x_io.stop();
}

void Shop::hear(Event event) {
    x_ready += event.kind == EventKind::ready ? 1 : 0;
    const bool is_last = event.kind == EventKind::ready && x_ready == x_processes.size();
    x_timeline.add(std::move(event));
    if (is_last) {
        start_all();
    }
}

/// Both are connected: the plan starts a moment from now.
void Shop::start_all() {
    x_has_started = true;
    const Instant start = BootClock::now() + std::chrono::milliseconds(100);
    const std::string line = std::to_string(start.time_since_epoch().count()) + '\n';
    for (const auto& process : x_processes) {
        boost::system::error_code ignored;  // one that is gone is noticed by keep_time()
        asio::write(process->to, asio::buffer(line), ignored);
    }
}

void Shop::say(EventKind kind, std::string_view process, std::string text) {
    Event event;
    event.at = BootClock::now();
    event.kind = kind;
    event.process = process;
    event.text = std::move(text);
    hear(std::move(event));
}

}  // namespace demo
