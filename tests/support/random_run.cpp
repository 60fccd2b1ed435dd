// The users and the troubles of a random run; its observer is in random_run_observer.cpp.
#include "tests/support/random_run.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace leasehold::support {

namespace {

using namespace std::chrono_literals;

constexpr Duration session_timeout = 4s;

FakeOptions server_options(std::uint64_t seed) {
    constexpr core::ServerVersion versions[] = {{3, 8, 0}, {3, 4, 8}, {3, 9, 4}};
    FakeOptions options{.version = versions[seed % 3]};
    options.answers_close = seed % 5 != 0;
    options.answers_srvr = seed % 7 != 0;
    return options;
}

}  // namespace

RandomRun::RandomRun(std::uint64_t seed, Options options)
    : x_options(options),
      x_random(seed),
      x_world(server_options(seed), seed),
      x_end(x_world.now() + options.length) {
    x_paths = chance(50) ? std::vector<std::string>{"/one"}
                         : std::vector<std::string>{"/one", "/deep/two"};
    for (int i = 0; i < options.clients; ++i) {
        ClientOptions changes{.session_timeout = 4s, .tick = 200ms, .sync_limit = 1};
        changes.standalone = seed % 2 != 0;
        const core::ServerVersion version = x_world.server.options.version;
        const std::string text = std::to_string(version.major) + "." +
                                 std::to_string(version.minor) + "." +
                                 std::to_string(version.patch);
        changes.server_version = chance(75) ? std::string_view(text) : std::string_view{};
        EngineDriver& driver = x_world.add(test_settings(changes));
        driver.link_options = {100us, 100us + up_to(chance(20) ? 150ms : 10ms),
                               chance(15) ? 1 + x_random.below(9) : 0};
        x_clients.push_back({.driver = &driver, .asked = {}, .held = {}, .close_by = {}});
        driver.on_write = [this, who = x_clients.size() - 1](const EngineDriver::Write& write) {
            check_write(x_clients[who], write);
        };
    }
    x_world.server.choose_fate = [this](wire::Opcode op) { return choose_fate(op); };
    x_world.after_step = [this] { observe(); };
}

bool RandomRun::chance(std::uint64_t percent) {
    return x_random.below(100) < percent;
}

Duration RandomRun::up_to(Duration longest) {
    return Duration{
        static_cast<std::int64_t>(x_random.below(static_cast<std::uint64_t>(longest.count()) + 1))};
}

void RandomRun::run() {
    try {
        run_all();
    } catch (const std::logic_error& error) {
        violated(error.what());
    }
}

void RandomRun::run_all() {
    for (std::size_t who = 0; who < x_clients.size(); ++who) {
        x_clients[who].driver->start();
        schedule_user(who);
    }
    schedule_trouble();
    x_world.run_for(x_options.length);

    // The troubles are over: whoever waits or holds comes to an end by itself.
    for (Client& client : x_clients) {
        client.driver->refuses_connects = false;
        client.driver->ignores_connects = false;
        client.driver->link_options = {};  // a slow one would be no evidence for ever
    }
    x_world.run_for(4 * session_timeout);
    if (x_violations.empty()) {
        check_rest();
        close_all();
    }
}

void RandomRun::close_all() {
    for (Client& client : x_clients) {
        if (!client.close_by) {
            client.close_by = x_world.now() + 1s;
            client.driver->close(1s);
        }
    }
    x_world.run_for(2 * session_timeout);
    if (x_world.server.sessions() != 0) {
        violated("S14: sessions outlive the close");
    }
    for (Client& client : x_clients) {
        if (!client.is_closed || !client.driver->is_at_rest()) {
            violated("S14: a closed client has something left to do");
        }
        for (const auto& [id, holding] : client.held) {
            if (holding.ends != 1 || holding.stops != 1 || holding.gone != 1) {
                violated("a lease was told " + std::to_string(holding.stops) + " stops, " +
                         std::to_string(holding.ends) + " ends, " + std::to_string(holding.gone) +
                         " nodes gone");
            }
        }
    }
}

// ---- the users ----

void RandomRun::schedule_user(std::size_t who) {
    x_world.after(up_to(400ms), [this, who] {
        if (x_world.now() < x_end && x_violations.empty()) {
            if (!x_clients[who].driver->is_paused()) {
                act(who);
            }
            schedule_user(who);
        }
    });
}

void RandomRun::act(std::size_t who) {
    Client& client = x_clients[who];
    const std::uint64_t dice = x_random.below(100);
    if (dice < 45) {
        acquire(who);
    } else if (dice < 90) {
        use(who);
    } else if (dice < 98) {
        std::vector<OperationId> waiting;
        for (const auto& [id, asked] : client.asked) {
            if (asked.answers == 0) {
                waiting.push_back(id);
            }
        }
        if (!waiting.empty()) {
            const OperationId id = waiting[x_random.below(waiting.size())];
            note("cancel " + name(who, id));
            count("cancel");
            client.driver->cancel(id);
        }
    } else if (!client.close_by && chance(30)) {
        const Duration within = up_to(2s);
        client.close_by = x_world.now() + within;
        note("close of client " + std::to_string(who));
        count("close");
        client.driver->close(within);
    }
}

void RandomRun::acquire(std::size_t who) {
    Client& client = x_clients[who];
    const milliseconds waits[] = {0ms, 50ms, 700ms, 2500ms};
    LockOptions options{.wait = waits[x_random.below(4)],
                        .budget = milliseconds{20 + x_random.below(chance(95) ? 3300 : 5000)}};
    options.on_budget = chance(30) ? OnBudget::hold_until_return : OnBudget::release;
    options.max_hold = chance(50) ? milliseconds{0} : 2 * options.budget;
    options.max_queue = chance(10) ? 1 : 0;
    options.check_first = chance(15);
    options.max_local_grants = static_cast<int>(1 + x_random.below(4));
    options.accept_shortened = chance(85);
    options.watch_own_node = chance(15);
    options.naming = chance(90) ? Naming::curator : Naming::kazoo;
    const std::string& path = x_paths[x_random.below(x_paths.size())];
    const Duration wait = options.wait > 0ms ? Duration{options.wait} : Duration{200ms};
    const OperationId id = client.driver->acquire(path, options, "client");
    count("acquire");
    note("acquire " + name(who, id) + " " + path + " wait " + std::to_string(wait / 1ms) +
         " budget " + std::to_string(options.budget.count()));
    client.asked[id] = {x_world.now(), wait, path};
}

void RandomRun::use(std::size_t who) {
    Client& client = x_clients[who];
    std::vector<Holding*> mine;
    for (auto& [id, holding] : client.held) {
        if (holding.ends == 0 || holding.is_calling) {
            mine.push_back(&holding);
        }
    }
    if (mine.empty()) {
        return;
    }
    Holding& holding = *mine[x_random.below(mine.size())];
    if (holding.is_calling) {
        holding.is_calling = false;
        --holding.lease->active_calls;
        note("call returned " + name(who, holding.id));
        return client.driver->call_returned(holding.id);
    }
    switch (x_random.below(7)) {
        case 0:
        case 1:
            count("extend");
            note("extend " + name(who, holding.id));
            client.driver->extend(holding.id, chance(50) ? 2500ms : up_to(3s));
            return;
        case 2:
            holding.is_calling = true;
            ++holding.lease->active_calls;
            return note("call " + name(who, holding.id));
        case 3:
            // A user who asks latches the word if the deadline has passed.
            static_cast<void>(holding.lease->word.valid([&] { return x_world.now(); }));
            return;
        default:
            count("release");
            note("release " + name(who, holding.id));
            return client.driver->release(holding.id);
    }
}

// ---- the troubles ----

Fate RandomRun::choose_fate(wire::Opcode op) {
    if (x_world.now() >= x_end) {
        return Fate::serve;
    }
    if (x_random.below(op == wire::Opcode::ping ? 1500 : 60) != 0) {
        return Fate::serve;
    }
    constexpr Fate fates[] = {Fate::close_before, Fate::close_unheard, Fate::close_after,
                              Fate::freeze_before, Fate::freeze_unheard};
    const std::size_t which = x_random.below(5);
    constexpr const char* names[] = {"close_before", "close_unheard", "close_after",
                                     "freeze_before", "freeze_unheard"};
    count(names[which]);
    note(std::string(names[which]) + " " + std::string(wire::name_of(op)));
    return fates[which];
}

void RandomRun::schedule_trouble() {
    x_world.after(up_to(1500ms), [this] {
        if (x_world.now() < x_end && x_violations.empty()) {
            make_trouble();
            schedule_trouble();
        }
    });
}

void RandomRun::make_trouble() {
    const std::size_t who = x_random.below(x_clients.size());
    EngineDriver& driver = *x_clients[who].driver;
    const std::string client = " client " + std::to_string(who);
    const std::uint64_t dice = x_random.below(100);
    if (dice < 25) {
        note("cut" + client);
        count("cut");
        driver.cut();
    } else if (dice < 40) {
        note("stall" + client);
        count("stall");
        driver.stall();
    } else if (dice < 65 && !driver.is_paused()) {
        const Duration length = up_to(chance(50) ? 3 * session_timeout : Duration{500ms});
        note("pause" + client + " for " + std::to_string(length / 1ms) + " ms");
        count("pause");
        driver.pause(length);
    } else if (dice < 80) {
        bool& knob = chance(50) ? driver.refuses_connects : driver.ignores_connects;
        note("no connects" + client);
        count("no connects");
        knob = true;
        x_world.after(up_to(2 * session_timeout), [&knob] { knob = false; });
        driver.cut();
    } else {
        const std::string& path = x_paths[x_random.below(x_paths.size())];
        const Znode* parent = x_world.server.tree().find(path);
        if (parent == nullptr || parent->children.empty()) {
            return;
        }
        auto child = parent->children.begin();
        std::advance(child, x_random.below(parent->children.size()));
        const std::string node = path + "/" + *child;
        const bool is_delete = x_options.has_foreign_deletes && chance(50);
        note((is_delete ? "foreign delete of " : "foreign write to ") + node);
        count("foreign");
        is_delete ? x_world.server.remove(x_world.now(), node)
                  : x_world.server.write(x_world.now(), node, "somebody else");
    }
}

}  // namespace leasehold::support
