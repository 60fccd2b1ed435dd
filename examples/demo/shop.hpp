// The parent: starts both worker processes, is the world around them, and listens to what they say.
#pragma once

#include "child_process.hpp"
#include "event.hpp"
#include "services.hpp"
#include "timeline.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

/// Thread safety: none; everything runs on the thread of the io_context.
class Shop {
public:
    Shop(boost::asio::io_context& io, std::string connect, std::string_view hanging_payment);
    ~Shop();
    Shop(const Shop&) = delete;
    Shop& operator=(const Shop&) = delete;

    /// Before the first thread is started.
    void start_process(std::string_view name);
    /// Returns when all processes have ended, or at the time limit.
    void run();

    /// False if a process could not connect: then nothing happened.
    [[nodiscard]] bool did_start() const { return x_has_started; }
    [[nodiscard]] const std::vector<Event>& events() const { return x_timeline.printed(); }
    /// For how long, in sum, this process was not run when it was due: as good as a measure as any
    /// of a machine that was busy with something else.
    [[nodiscard]] leasehold::Duration stood_still() const { return x_stood_still; }
    [[nodiscard]] const Ledger& ledger() const { return x_services.ledger(); }

private:
    struct Process {
        std::string name;
        pid_t pid;
        boost::asio::posix::stream_descriptor to;
        boost::asio::posix::stream_descriptor from;
        bool is_running = true;
    };

    boost::asio::awaitable<void> listen_to(Process& process);
    boost::asio::awaitable<void> keep_time();
    void hear(Event event);
    void start_all();
    void say(EventKind kind, std::string_view process, std::string text);

    boost::asio::io_context& x_io;
    std::string x_connect;
    Timeline x_timeline;
    Services x_services;
    std::vector<std::unique_ptr<Process>> x_processes;
    std::size_t x_ready = 0;
    bool x_has_started = false;
    leasehold::Duration x_stood_still{};
    leasehold::Instant x_begin = leasehold::BootClock::now();
};

}  // namespace demo
