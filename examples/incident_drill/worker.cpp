// One process of the incident drill; drill.py starts five of each kind and tells them what to do.
#include "load.hpp"

#include <CLI/CLI.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <stop_token>
#include <string>
#include <thread>

namespace drill {
namespace {

using namespace std::chrono_literals;

struct Options {
    std::string client = "sdk";
    std::string gateway;
    std::int64_t hold_ms = 5;
    Settings settings;
    Load load;
};

/// Orders one after the other, with nobody else about: what the server is asked for then is what a
/// lock costs.
void run_alone(LockingClient& client, Gateway& gateway, const Load& load, int count) {
    Table table(load.database);
    for (int i = 0; i < count; ++i) {
        Order order;
        order.path = "/drill/alone";
        client.run(order, {table, gateway});
    }
    tell_state("alone");
}

/// Tells the figures ten times a second, and, once it was asked to, when the last order has ended.
class Reporter {
public:
    Reporter(LockingClient& client, Callers& callers) : x_client(client), x_callers(callers) {}

    void finish() { x_is_finishing = true; }

private:
    void run(const std::stop_token& stop) {
        for (auto due = std::chrono::steady_clock::now(); !stop.stop_requested(); due += 100ms) {
            tell(x_client.figures());
            if (x_is_finishing && x_callers.are_idle()) {
                x_is_finishing = false;
                tell_state("idle");
            }
            std::this_thread::sleep_until(due);
        }
    }

    LockingClient& x_client;
    Callers& x_callers;
    std::atomic<bool> x_is_finishing{false};
    std::jthread x_thread{[this](const std::stop_token& stop) { run(stop); }};
};

/// One line of standard input each: a phase of the load, or one of the words below. Its end is
/// ours.
void obey(LockingClient& client, Gateway& gateway, Callers& callers, const Load& load) {
    Reporter reporter(client, callers);
    for (std::string line; std::getline(std::cin, line);) {
        if (line.starts_with("alone ")) {
            run_alone(client, gateway, load, std::stoi(line.substr(6)));
        } else if (line == "give up") {
            client.give_up();
        } else if (line == "finish") {
            callers.set_phase("quiet");
            reporter.finish();
        } else if (line == "close") {
            client.close();
            tell(client.figures());
            tell_state("closed");
        } else {
            callers.set_phase(line);
        }
    }
    client.give_up();
}

int work(const Options& options) {
    const auto endpoint = payment_gateway::resolve(options.gateway);
    if (!endpoint) {
        std::fprintf(stderr, "%s\n", endpoint.error().message().c_str());
        return 1;
    }
    const auto client = options.client == "sdk" ? make_sdk_client(options.settings)
                                                : make_naive_client(options.settings);
    Gateway gateway(*endpoint, leasehold::milliseconds(options.hold_ms));
    Callers callers(*client, gateway, options.load);
    tell_state("ready");
    obey(*client, gateway, callers, options.load);
    return 0;
}

void add_options(CLI::App& app, Options& options) {
    const auto milliseconds = [&app](const char* name, leasehold::milliseconds& into,
                                     const char* what) {
        app.add_option_function<std::int64_t>(
               name, [&into](std::int64_t ms) { into = leasehold::milliseconds(ms); }, what)
            ->required();
    };
    Settings& settings = options.settings;
    Load& load = options.load;
    app.add_option("--client", options.client)->check(CLI::IsMember({"sdk", "naive"}));
    app.add_option("--servers", settings.servers, "ZooKeeper's connect string")->required();
    app.add_option("--gateway", options.gateway, "host:port")->required();
    app.add_option("--database", load.database, "libpq's connection string")->required();
    app.add_option("--hold", options.hold_ms, "ms that the gateway takes");
    milliseconds("--session-timeout", settings.session_timeout, "ms");
    milliseconds("--tick", settings.tick, "ms");
    milliseconds("--ack-gap", settings.ack_gap, "ms");
    milliseconds("--budget", settings.budget, "ms");
    milliseconds("--rpc-timeout", settings.rpc_timeout, "ms");
    milliseconds("--wait", settings.wait, "ms");
    milliseconds("--cancel-within", load.cancel_within, "ms");
    app.add_option("--max-queue", settings.max_queue);
    app.add_option("--callers", load.callers);
    app.add_option("--hot-rate", load.hot_per_s, "orders per second for the hot lock");
    app.add_option("--cold-rate", load.cold_per_s, "for all others together");
    app.add_option("--cold-locks", load.cold_locks);
    app.add_option("--stuck-every", load.stuck_every);
    app.add_option("--seed", load.seed);
}

}  // namespace
}  // namespace drill

int main(int argument_count, char** arguments) {
    CLI::App app("One process of the incident drill; ./dev drill runs it.");
    drill::Options options;
    drill::add_options(app, options);
    CLI11_PARSE(app, argument_count, arguments);
    try {
        return drill::work(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "incident_drill_worker: %s\n", error.what());
        return 1;
    }
}
