// Takes payments for orders, one at a time for each order, however many processes of it run.
#include <leasehold/client.hpp>

#include "http_server.hpp"
#include "log.hpp"
#include "service.hpp"
#include "settings.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

namespace order_service {
namespace {

namespace asio = boost::asio;

int fail(const std::string& why) {
    log("error", "cannot_start", {{"why", why}});
    return 1;
}

leasehold::result<leasehold::Client> open_client(const Settings& settings, const SdkLog& sdk_log) {
    leasehold::ClientOptions options;
    options.session_timeout = settings.session_timeout;
    options.tick = settings.tick;
    options.sync_limit = settings.sync_limit;
    options.standalone = settings.standalone;
    options.owner = "order_service";
    options.on_log = sdk_log;
    return leasehold::Client::connect(settings.zookeeper, options);
}

asio::awaitable<void> end_on_signal(asio::io_context& io, HttpServer& server,
                                    const Settings& settings) {
    asio::signal_set signals(io, SIGINT, SIGTERM);
    const int number = co_await signals.async_wait(asio::use_awaitable);
    log("info", "stopping", {{"signal", number}});
    co_await server.shut_down(settings.drain);
    io.stop();
}

void run(asio::io_context& io, const Settings& settings) {
    std::vector<std::thread> threads;
    for (unsigned index = 1; index < settings.http_threads; ++index) {
        threads.emplace_back([&io] { io.run(); });
    }
    io.run();
    for (std::thread& each : threads) {
        each.join();
    }
}

int serve(const Settings& settings) {
    // A name of the gateway is looked up once; ZooKeeper's again for each attempt.
    const auto gateway = payment_gateway::resolve(settings.gateway);
    if (!gateway) {
        return fail(gateway.error().message());
    }
    const SdkLog sdk_log;
    auto client = open_client(settings, sdk_log);
    if (!client) {
        return fail(client.error().message());
    }
    bool is_closed = false;
    {
        asio::io_context io;  // outlives the database's threads, which post to it
        Service service(settings, *client, *gateway);
        HttpServer server(io, settings, [&service](const HttpRequest& request) {
            return service.handle(request);
        });
        asio::co_spawn(asio::make_strand(io), end_on_signal(io, server, settings), asio::detached);
        std::printf("%u\n", static_cast<unsigned>(server.port()));
        std::fflush(stdout);
        log("info", "serving", {{"port", server.port()}});
        run(io, settings);
        // Nothing of ours is left on the server after this.
        is_closed = client->close(leasehold::milliseconds(3'000)).has_value();
    }
    log(is_closed ? "info" : "warning", "stopped", {{"session_closed", is_closed}});
    return 0;
}

}  // namespace
}  // namespace order_service

int main(int count, char** arguments) {
    // libpq's own default is to wait for a connection for as long as TCP does.
    ::setenv("PGCONNECT_TIMEOUT", "2", 0);
    try {
        order_service::Settings settings;
        int exit_code = 0;
        if (!order_service::read_settings(count, arguments, settings, exit_code)) {
            return exit_code;
        }
        return order_service::serve(settings);
    } catch (const std::exception& error) {
        return order_service::fail(error.what());
    }
}
