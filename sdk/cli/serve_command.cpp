#include "sdk/cli/serve_command.hpp"

#include "sdk/cli/event_loop.hpp"
#include "sdk/cli/exit_code.hpp"
#include "sdk/cli/report.hpp"
#include "sdk/embedded/host.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

namespace leasehold::cli {
namespace {

using namespace std::chrono_literals;
using embedded::Front;
using embedded::Host;
using std::chrono::system_clock;

/// A server refuses clients that have seen a later transaction than it has. So a later start needs
/// larger transaction numbers than an earlier one, although nothing was kept: the epoch, their
/// upper half, is the time of day in steps. Nothing is served before the step is over, so that the
/// next start, however soon it comes, has another one. It begins anew after a week; above 2^25 no
/// fencing token could be made of it.
std::int64_t take_epoch() {
    constexpr std::int64_t epochs = (std::int64_t{1} << 25) - 2;
    constexpr auto step = 20ms;
    const auto now = system_clock::now().time_since_epoch();
    const auto number = now / step;
    std::this_thread::sleep_for((number + 1) * step - now);
    return number % epochs + 1;
}

embedded::Settings settings_of(const ServeArguments& arguments) {
    embedded::Settings settings;
    settings.address = arguments.listen.host;
    settings.port = arguments.listen.port;
    settings.ensemble.servers = arguments.nodes;
    settings.ensemble.tick = arguments.tick;
    settings.ensemble.first_epoch = take_epoch();
    // Where the tick is small, sessions may still be long.
    settings.ensemble.max_session_timeout = std::max<Duration>(20 * arguments.tick, 60s);
    return settings;
}

/// What a client on this machine connects to: "any address" is no address.
std::string reachable(const std::string& host) {
    return host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host;
}

std::string announcement(const ServeArguments& arguments, Host& host) {
    std::string text;
    std::string connect;
    for (std::size_t node = 0; node < arguments.nodes; ++node) {
        const std::uint16_t port =
            host.run([&](Front& front) { return front.endpoint(node).port(); });
        text += "listening on " + format_address(arguments.listen.host, port) + "\n";
        connect += connect.empty() ? "" : ",";
        connect += format_address(reachable(arguments.listen.host), port);
    }
    text += "connect string: " + connect + "\n";
    std::string options = arguments.nodes == 1 ? " --standalone" : "";
    if (arguments.tick != ServeArguments{}.tick) {
        options += " --tick " + std::to_string(arguments.tick.count()) + "ms";
    }
    return text + "try: leasehold run /jobs/try --connect " + connect + options + " -- sleep 5\n";
}

int wait_for_the_end(EventLoop& loop) {
    for (;;) {
        const int signal = loop.wait(Instant::max());
        if (signal == SIGINT || signal == SIGTERM) {
            return exit_code::success;
        }
        if (is_request_to_end(signal)) {
            return exit_code::signal_base + signal;
        }
        if (signal == SIGTSTP) {
            std::raise(SIGSTOP);  // Ctrl-Z stops the servers, and their clients find out
        }
    }
}

int serve_until_the_end(const ServeArguments& arguments, EventLoop& loop) {
    const auto host = Host::start(settings_of(arguments));
    if (!host) {
        say(host.error().message());
        say("--listen HOST:0 takes a free port; --listen needs an address of this machine");
        return exit_code::no_server;
    }
    const std::string text = announcement(arguments, *host.value());
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
        say("standard output cannot be written to");
        return exit_code::internal;
    }
    say("for tests and for trying things out only: nothing is kept, and everybody who can connect "
        "may do everything. Ctrl-C ends it.");
    return wait_for_the_end(loop);
}

}  // namespace

int serve(const ServeArguments& arguments) {
    const result<Signals> signals = Signals::block();
    if (!signals) {
        return report(signals.error(), {});
    }
    result<EventLoop> loop = EventLoop::make(signals.value());
    return loop ? serve_until_the_end(arguments, *loop) : report(loop.error(), {});
}

}  // namespace leasehold::cli
