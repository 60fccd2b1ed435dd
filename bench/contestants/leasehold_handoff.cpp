// One lock that goes from session to session of one process, so that its times compare.
#include "bench/contestants/leasehold.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace leasehold::bench {

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr LockOptions terms{.wait = 30s, .budget = 2s};

struct Grant {
    int session;
    double running;
    double released;  // when the release was called
};

/// What holders have in common: how many grants there are to be, and what became of them.
class Grants {
public:
    explicit Grants(int wanted) : x_wanted(wanted) {}

    void add(const Grant& grant) {
        const std::lock_guard lock(x_mutex);
        x_all.push_back(grant);
    }
    [[nodiscard]] bool is_enough() const {
        const std::lock_guard lock(x_mutex);
        return static_cast<int>(x_all.size()) >= x_wanted;
    }
    [[nodiscard]] nlohmann::json all() const {
        nlohmann::json rows = nlohmann::json::array();
        for (const Grant& grant : x_all) {
            rows.push_back({grant.session, grant.running, grant.released});
        }
        return rows;
    }

private:
    const int x_wanted;
    mutable std::mutex x_mutex;
    std::vector<Grant> x_all;
};

struct Terms {
    std::string path;
    std::chrono::microseconds hold;
};

asio::awaitable<void> compete(int session, const Client& client, const Terms& how, Grants& grants) {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    while (!grants.is_enough()) {
        auto granted = co_await client.async_lock(how.path, terms, asio::use_awaitable);
        const double running = now_us();
        auto lock = must(std::move(granted));
        if (how.hold.count() > 0) {
            pause.expires_after(how.hold);
            co_await pause.async_wait(asio::use_awaitable);
        }
        grants.add({session, running, now_us()});
        auto gone = co_await lock.async_release(asio::use_awaitable);
        must(std::move(gone));
    }
}

void compete_blocking(int session, const Client& client, const Terms& how, Grants& grants) {
    while (!grants.is_enough()) {
        auto lock = must(client.lock(how.path, terms));
        const double running = now_us();
        if (how.hold.count() > 0) {
            std::this_thread::sleep_for(how.hold);
        }
        grants.add({session, running, now_us()});
        must(lock.release());
    }
}

void run_coroutines(const std::vector<Client>& clients, int sessions, const Terms& how,
                    Grants& grants) {
    asio::io_context io(1);
    for (int session = 0; session < sessions; ++session) {
        asio::co_spawn(io,
                       compete(session, clients[static_cast<std::size_t>(session)], how, grants),
                       asio::detached);
    }
    io.run();
}

void run_threads(const std::vector<Client>& clients, int sessions, const Terms& how,
                 Grants& grants) {
    std::vector<std::jthread> threads;
    for (int session = 0; session < sessions; ++session) {
        threads.emplace_back([&, session] {
            compete_blocking(session, clients[static_cast<std::size_t>(session)], how, grants);
        });
    }
}

}  // namespace

Command handoff_command(const Entry& entry) {
    auto clients = std::make_shared<std::vector<Client>>();
    return [&entry, clients](std::istream& words) -> nlohmann::json {
        Terms how{next<std::string>(words), {}};
        const int sessions = next<int>(words);
        Grants grants(next<int>(words));
        how.hold = std::chrono::microseconds(next<int>(words));
        while (static_cast<int>(clients->size()) < sessions) {
            clients->push_back(connect(entry));
        }
        (entry.is_coroutine ? run_coroutines : run_threads)(*clients, sessions, how, grants);
        return {{"grants", grants.all()}};
    };
}

}  // namespace leasehold::bench
