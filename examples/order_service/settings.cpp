#include "settings.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace order_service {
namespace {

/// CLI11 lets the file win over the environment. Here the environment comes as flags in front of
/// the flags, of which the last one counts.
std::vector<std::string> with_environment(const CLI::App& app, int count, char** arguments) {
    std::vector<std::string> all;
    for (const CLI::Option* const option : app.get_options()) {
        const char* const value =
            option->get_envname().empty() ? nullptr : std::getenv(option->get_envname().c_str());
        if (value != nullptr) {
            all.push_back("--" + option->get_lnames().front() + '=' + value);
        }
    }
    all.insert(all.end(), arguments + 1, arguments + count);
    std::reverse(all.begin(), all.end());  // as CLI11 wants it
    return all;
}

class Options {
public:
    explicit Options(CLI::App& app) : x_app(app) {}

    template <class T>
    CLI::Option* add(const std::string& name, T& value, const std::string& what) {
        return named(name, x_app.add_option("--" + name, value, what)->capture_default_str());
    }

    /// Durations are milliseconds everywhere.
    void add(const std::string& name, milliseconds& value, const std::string& what,
             std::int64_t lowest = 1) {
        const auto set = [&value](const std::int64_t& count) { value = milliseconds(count); };
        CLI::Option* const option =
            x_app.add_option_function<std::int64_t>("--" + name, set, what + ", in ms")
                ->check(CLI::Range(lowest, std::int64_t{3'600'000}));
        named(name, option)->default_str(std::to_string(value.count()));
    }

private:
    static CLI::Option* named(std::string name, CLI::Option* option) {
        for (char& each : name) {
            each = each == '-' ? '_' : static_cast<char>(each - 'a' + 'A');
        }
        return option->envname("ORDER_SERVICE_" + name)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }

    CLI::App& x_app;
};

void add_options(CLI::App& app, Settings& settings) {
    Options options(app);
    options.add("zookeeper", settings.zookeeper, "HOST:PORT,HOST:PORT/chroot");
    options.add("database", settings.database, "a libpq connection string");
    options.add("gateway", settings.gateway, "HOST:PORT of the payment gateway");
    options.add("address", settings.address, "to listen on");
    options.add("port", settings.port, "to listen on; 0 takes a free one");
    options.add("http-threads", settings.http_threads, "for HTTP")->check(CLI::Range(1, 64));
    options.add("database-threads", settings.database_threads, "one connection each")
        ->check(CLI::Range(1, 64));
    options.add("database-queue", settings.database_queue, "statements that may wait for a thread")
        ->check(CLI::Range(1, 100000));
    options.add("max-connections", settings.max_connections, "of HTTP")
        ->check(CLI::Range(1, 100000));
    options.add("max-budget", settings.max_budget, "longest budget of a payment");
    options.add("default-budget", settings.default_budget, "when a request names none");
    options.add("max-wait", settings.max_wait, "longest wait for an order's lock", 0);
    options.add("default-wait", settings.default_wait, "when a request names none", 0);
    options.add("max-queue", settings.max_queue, "payments that may be ahead; 0 is no bound")
        ->check(CLI::Range(0, 100000));
    options.add("database-timeout", settings.database_timeout, "of one statement");
    options.add("drain", settings.drain, "at shutdown, before what runs is cancelled", 0);
    options.add("session-timeout", settings.session_timeout, "of the ZooKeeper session");
    options.add("tick", settings.tick, "tickTime of the ensemble");
    options.add("sync-limit", settings.sync_limit, "syncLimit of the ensemble");
    options.add("standalone", settings.standalone, "true: the ensemble is one standalone server");
}

}  // namespace

bool read_settings(int count, char** arguments, Settings& settings, int& exit_code) {
    CLI::App app(
        "Takes payments for orders: one at a time for each, under a lock of ZooKeeper, fenced in "
        "PostgreSQL. Flags win over the environment, the environment over the file. Prints its "
        "port.",
        "order_service");
    app.set_config("--config", "", "a file with lines NAME=VALUE")
        ->envname("ORDER_SERVICE_CONFIG")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.allow_config_extras(CLI::config_extras_mode::error);
    add_options(app, settings);
    try {
        app.parse(with_environment(app, count, arguments));
        if (settings.default_budget > settings.max_budget ||
            settings.default_wait > settings.max_wait) {
            throw CLI::ValidationError("a default is above its maximum");
        }
    } catch (const CLI::ParseError& error) {
        exit_code = app.exit(error);
        return false;
    }
    return true;
}

}  // namespace order_service
