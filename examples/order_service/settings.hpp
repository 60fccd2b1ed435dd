// What an operator may set, by flags, by the environment and by a file, in this order.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace order_service {

using std::chrono::milliseconds;

struct Settings {
    std::string zookeeper = "127.0.0.1:2181";
    std::string database;  ///< a libpq connection string; empty leaves all to libpq
    std::string gateway = "127.0.0.1:8090";
    std::string address = "127.0.0.1";
    unsigned short port = 8080;
    unsigned http_threads = 2;
    unsigned database_threads = 4;
    std::size_t database_queue = 256;
    std::size_t max_connections = 1024;

    milliseconds max_budget{5'000};
    milliseconds default_budget{2'000};
    milliseconds max_wait{5'000};
    milliseconds default_wait{500};
    int max_queue = 32;  ///< payments of one order that may be ahead of another
    milliseconds database_timeout{2'000};
    milliseconds drain{3'000};  ///< at shutdown, before what still runs is cancelled

    milliseconds session_timeout{40'000};
    milliseconds tick{2'000};
    int sync_limit = 5;
    bool standalone = false;
};

/// Reads all three. True: `settings` are complete; false: `exit_code` is what to end with, and the
/// reason, or the help, has been printed.
bool read_settings(int count, char** arguments, Settings& settings, int& exit_code);

}  // namespace order_service
