// A process of a chaos run that uses the SDK; chaos.py starts it, pauses it and kills it.
//
//     chaos_worker run ...   takes locks until its input ends or says "finish"
//     chaos_worker lead ...  leads one path until then
//     chaos_worker hold ...  what `leasehold run` runs: one hold, under the lock that the tool took
#include <leasehold/leasehold.hpp>

#include "hold.hpp"
#include "journal.hpp"
#include "register_client.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace leasehold::chaos {
namespace {

struct Settings {
    std::string name;
    std::string servers;
    std::string registers;
    std::vector<std::string> paths;
    std::int64_t session_timeout_ms = 6'000;
    std::int64_t tick_ms = 200;
    int sync_limit = 5;
    std::int64_t ack_gap_ms = 400;
    bool is_by_quorum = false;
    std::int64_t wait_ms = 10'000;
    std::int64_t budget_ms = 1'500;
    int threads = 2;  // for each path: they queue behind one node
    unsigned seed = 1;
};

Client connect(const Settings& settings) {
    auto client = Client::connect(
        settings.servers, {.session_timeout = milliseconds{settings.session_timeout_ms},
                           .tick = milliseconds{settings.tick_ms},
                           .sync_limit = settings.sync_limit,
                           .ack_gap = milliseconds{settings.ack_gap_ms},
                           .lease_evidence = settings.is_by_quorum ? LeaseEvidence::quorum
                                                                   : LeaseEvidence::conservative,
                           .owner = settings.name});
    if (!client) {
        throw std::runtime_error(client.error().message());
    }
    return std::move(*client);
}

/// One thread that takes one lock again and again.
class Taker {
public:
    Taker(const Client& client, const Settings& settings, std::string path, unsigned seed)
        : x_client(client),
          x_settings(settings),
          x_path(std::move(path)),
          x_random(seed),
          x_registers(settings.registers, settings.name) {}

    void run(const std::atomic<bool>& is_over) {
        while (!is_over) {
            take();
            std::this_thread::sleep_for(milliseconds{between(0, 60)});
        }
    }

private:
    void take() {
        const Instant asked = BootClock::now();
        auto lock = x_client.lock(x_path, {.wait = milliseconds{x_settings.wait_ms},
                                           .budget = milliseconds{x_settings.budget_ms}});
        if (!lock) {
            tell({{"kind", "refused"},
                  {"t", seconds(BootClock::now())},
                  {"asked", seconds(asked)},
                  {"path", x_path},
                  {"why", lock.error().message()}});
            return;
        }
        hold(*lock, BootClock::now(), x_path, std::string(lock->node()), work(), x_registers);
    }

    /// Mostly short; one in fifty overruns its budget, and every other one of these writes then all
    /// the same.
    Work work() {
        if (between(1, 50) != 1) {
            return {.length = milliseconds{between(2, 40)}, .is_careless = false};
        }
        return {.length = milliseconds{x_settings.budget_ms + 500},
                .is_careless = between(1, 2) == 1};
    }

    std::int64_t between(std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(x_random);
    }

    const Client& x_client;
    const Settings& x_settings;
    std::string x_path;
    std::mt19937 x_random;
    RegisterClient x_registers;
};

/// Until standard input ends or says that it is enough.
void wait_for_end() {
    for (std::string line; std::getline(std::cin, line) && line != "finish";) {
    }
}

void tell_stats(const Client& client) {
    const ClientStats stats = client.stats();
    tell({{"kind", "stats"},
          {"t", seconds(BootClock::now())},
          {"sessions", stats.sessions},
          {"connects", stats.connects},
          {"reconnects", stats.reconnects},
          {"grants", stats.grants},
          {"losses", stats.losses},
          {"overruns", stats.overruns},
          {"gaps", stats.gaps},
          {"held", stats.locks_held},
          {"waiting", stats.locks_waiting},
          {"watches", stats.watches},
          {"nodes_to_delete", stats.nodes_to_delete}});
}

void run(const Settings& settings) {
    const Client client = connect(settings);
    client.on_state_change([](ClientState state) {
        tell({{"kind", "state"},
              {"t", seconds(BootClock::now())},
              {"state", std::string(to_string(state))}});
    });
    std::atomic<bool> is_over{false};
    std::vector<std::thread> threads;
    unsigned seed = settings.seed * 1000;
    for (const std::string& path : settings.paths) {
        for (int i = 0; i < settings.threads; ++i) {
            threads.emplace_back([&client, &settings, &is_over, path, own_seed = ++seed] {
                Taker(client, settings, path, own_seed).run(is_over);
            });
        }
    }
    tell({{"kind", "ready"}, {"t", seconds(BootClock::now())}});
    wait_for_end();
    is_over = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    const auto closed = client.close();
    tell_stats(client);
    tell({{"kind", "closed"},
          {"t", seconds(BootClock::now())},
          {"why", closed ? "" : closed.error().message()}});
}

/// Leads until it has lost the lead, and tells when it last had it.
void lead(const Settings& settings) {
    const Client client = connect(settings);
    RegisterClient registers(settings.registers, settings.name);
    auto led = client.elect(settings.paths.at(0), {});
    if (!led) {
        throw std::runtime_error(led.error().message());
    }
    hold(*led, BootClock::now(), settings.paths.at(0), std::string(led->node()),
         {.length = std::chrono::hours{1}, .is_careless = false}, registers);
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) {
        throw std::runtime_error(std::string(name) + " is not set: leasehold run sets it");
    }
    return value;
}

milliseconds start_tick() {
    return milliseconds{1'000 / ::sysconf(_SC_CLK_TCK)};
}

/// When this process was made, which its main may be much later than: at this time or less than
/// start_tick() after it.
Instant started() {
    std::ifstream file("/proc/self/stat");
    std::string text;
    std::getline(file, text);
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    constexpr int before_start = 19;
    for (int i = 0; i < before_start; ++i) {
        fields >> text;
    }
    std::int64_t ticks = 0;
    fields >> ticks;
    return Instant(ticks * Duration(start_tick()));
}

/// The lock that `leasehold run` holds for its command: all that the command knows of it.
class ToolsLock {
public:
    ToolsLock()
        : x_deadline(x_started + milliseconds{std::stoll(environment("LEASEHOLD_DEADLINE_MS"))}),
          x_token(std::stoll(environment("LEASEHOLD_TOKEN"))) {}

    [[nodiscard]] bool valid() const { return BootClock::now() < x_deadline; }
    [[nodiscard]] Instant deadline() const { return x_deadline; }
    [[nodiscard]] std::int64_t token() const { return x_token; }
    /// The tool had it before it made this process.
    [[nodiscard]] Instant had() const { return x_started + start_tick(); }

private:
    Instant x_started = started();
    Instant x_deadline;
    std::int64_t x_token;
};

/// The tool sends SIGTERM when the lock is about to end, and waits until its command is gone.
void hold_for_tool(const Settings& settings) {
    std::signal(SIGTERM, [](int) { is_stopped = true; });
    const ToolsLock lock;
    RegisterClient registers(settings.registers, settings.name);
    hold(lock, lock.had(), environment("LEASEHOLD_PATH"), "", {}, registers);
}

void add_options(CLI::App& command, Settings& settings) {
    command.add_option("--name", settings.name)->required();
    command.add_option("--servers", settings.servers);
    command.add_option("--registers", settings.registers, "host:port")->required();
    command.add_option("--path", settings.paths);
    command.add_option("--session-timeout", settings.session_timeout_ms, "ms");
    command.add_option("--tick", settings.tick_ms, "ms");
    command.add_option("--sync-limit", settings.sync_limit);
    command.add_option("--ack-gap", settings.ack_gap_ms, "ms");
    command.add_flag("--quorum", settings.is_by_quorum, "quorum evidence");
    command.add_option("--wait", settings.wait_ms, "ms");
    command.add_option("--budget", settings.budget_ms, "ms");
    command.add_option("--threads", settings.threads);
    command.add_option("--seed", settings.seed);
}

}  // namespace
}  // namespace leasehold::chaos

int main(int argument_count, char** arguments) {
    using namespace leasehold::chaos;
    CLI::App app("A process of a chaos run; ./dev chaos starts it.");
    app.require_subcommand(1);
    Settings settings;
    const auto add = [&app, &settings](const char* name, void (*what)(const Settings&)) {
        CLI::App* command = app.add_subcommand(name);
        add_options(*command, settings);
        command->callback([what, &settings] { what(settings); });
    };
    add("run", run);
    add("lead", lead);
    add("hold", hold_for_tool);
    try {
        app.parse(argument_count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "chaos_worker: %s\n", error.what());
        return 1;
    }
    return 0;
}
