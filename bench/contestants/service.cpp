// leasehold in a process that lives long and holds much: one session, and thousands of locks.
//
//     service HOSTS TICK_MS SESSION_MS
#include <leasehold/leasehold.hpp>

#include "bench/contestants/held_locks.hpp"
#include "bench/contestants/must.hpp"
#include "bench/contestants/pairs.hpp"
#include "bench/contestants/reconnection.hpp"
#include "bench/contestants/stuck.hpp"
#include "bench/contestants/usage.hpp"
#include "bench/contestants/waking.hpp"

#include <cstdlib>

int main(int argument_count, char** arguments) {
    using namespace leasehold::bench;
    if (argument_count != 4) {
        give_up("usage: service HOSTS TICK_MS SESSION_MS");
    }
    const leasehold::milliseconds tick(std::strtol(arguments[2], nullptr, 10));
    const leasehold::milliseconds session(std::strtol(arguments[3], nullptr, 10));
    const auto client =
        must(leasehold::Client::connect(arguments[1], {.session_timeout = session, .tick = tick}));
    must(client.wait_connected(std::chrono::seconds{10}));
    HeldLocks held(client);
    Commands commands;
    commands.merge(commands_of(held));
    commands.merge(usage_of(client));
    commands.merge(stuck_under(held));
    commands.merge(watching_from(client));
    commands.merge(reconnecting_with(client, held));
    commands.merge(pairs_through(client));
    commands.merge(waking());
    return obey(commands);
}
