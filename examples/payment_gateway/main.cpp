// A payment gateway to try things on: it charges nobody, and goes wrong when it is asked to.
#include "behaviour.hpp"
#include "hang_up.hpp"
#include "server.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>

namespace payment_gateway {
namespace {

int serve(unsigned short port, std::optional<unsigned short> black_hole_port, Behaviour behaviour) {
    boost::asio::io_context io(1);
    boost::asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&](const boost::system::error_code&, int) { io.stop(); });

    Server server(io, port);
    server.script().set(behaviour, std::nullopt);
    std::printf("%u\n", static_cast<unsigned>(server.port()));
    std::optional<BlackHole> black_hole;
    if (black_hole_port) {
        black_hole.emplace(io, *black_hole_port);
        std::printf("%u\n", static_cast<unsigned>(black_hole->port()));
    }
    std::fflush(stdout);
    io.run();
    return 0;
}

int run(int count, char** arguments) {
    CLI::App app(
        "A payment gateway for tests, on loopback. Prints its port, and below it that of the black "
        "hole. A charge asks for a behaviour by the header X-Behave; for others: PUT /behaviour. "
        "There are: " +
            behaviours(),
        "payment_gateway");
    unsigned short port = 0;
    std::optional<unsigned short> black_hole_port;
    std::string behave = "normal";
    app.add_option("--port", port, "to listen on; 0 takes a free one")->capture_default_str();
    app.add_option("--black-hole-port", black_hole_port,
                   "one more port that accepts connections and never reads; 0 takes a free one");
    app.add_option("--behave", behave, "of all charges, until they are told otherwise")
        ->capture_default_str();
    CLI11_PARSE(app, count, arguments);
    const auto behaviour = parse_behaviour(behave);
    if (!behaviour) {
        std::fprintf(stderr, "payment_gateway: --behave is one of %s\n", behaviours().c_str());
        return 2;
    }
    return serve(port, black_hole_port, *behaviour);
}

}  // namespace
}  // namespace payment_gateway

int main(int count, char** arguments) {
    try {
        return payment_gateway::run(count, arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "payment_gateway: %s\n", error.what());
        return 1;
    }
}
