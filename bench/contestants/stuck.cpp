#include "bench/contestants/stuck.hpp"

#include <leasehold/zookeeper.hpp>

#include "bench/contestants/must.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <cerrno>
#include <ctime>
#include <latch>
#include <memory>
#include <thread>
#include <utility>

namespace leasehold::bench {
namespace {

namespace asio = boost::asio;

/// How late the system itself wakes a thread that sleeps until then.
std::int64_t lateness_of_sleep(Instant until) {
    const std::int64_t wanted = nanoseconds(until);
    const timespec end{.tv_sec = wanted / 1'000'000'000, .tv_nsec = wanted % 1'000'000'000};
    while (::clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &end, nullptr) == EINTR) {
    }
    return nanoseconds(BootClock::now()) - wanted;
}

nlohmann::json stick(HeldLocks& held, milliseconds budget) {
    const auto count = static_cast<std::ptrdiff_t>(held.all().size());
    std::latch are_stuck(count);
    std::latch over(1);
    std::vector<std::jthread> holders;
    for (const ScopedLock& lock : held.all()) {
        holders.emplace_back([&] {
            static_cast<void>(lock.call([&] {
                are_stuck.count_down();
                over.wait();  // and listens to nobody
            }));
        });
    }
    are_stuck.wait();
    held.extend(budget);
    nlohmann::json deadlines;
    for (const ScopedLock& lock : held.all()) {
        deadlines[std::string(lock.node())] = nanoseconds(lock.deadline());
    }
    std::int64_t timer_late = 0;
    std::jthread timer(
        [&, until = held.all().front().deadline()] { timer_late = lateness_of_sleep(until); });
    asio::io_context io(1);
    for (const ScopedLock& lock : held.all()) {
        lock.lost(asio::bind_executor(io, [](result<Loss> loss) {
            if (must(std::move(loss)) != Loss::budget) {
                give_up("a lock was lost otherwise than by its budget");
            }
        }));
    }
    io.run();
    over.count_down();
    timer.join();
    return {{"deadlines", std::move(deadlines)}, {"timer_late", timer_late}};
}

/// Watches, and when they fired.
struct Watching {
    explicit Watching(const Client& from) : zookeeper(from.zookeeper()) {}

    void watch(const std::string& parent) {
        const Children children = must(zookeeper.children(parent));
        for (const std::string& name : children.names) {
            const std::string node = parent + "/" + name;
            watches.push_back(must(zookeeper.exists_watched(node)).watch);
            watches.back().async_wait(
                asio::bind_executor(io, [this, node](result<WatchEvent> event) {
                    gone[node] = nanoseconds(BootClock::now());
                    must(std::move(event));
                }));
        }
    }
    [[nodiscard]] nlohmann::json await() {
        io.restart();
        io.run();
        watches.clear();
        return {{"gone", std::exchange(gone, nlohmann::json::object())}};
    }

    ZooKeeper zookeeper;
    asio::io_context io{1};
    std::vector<Watch> watches;
    nlohmann::json gone = nlohmann::json::object();
};

}  // namespace

Commands stuck_under(HeldLocks& held) {
    return {{"stick",
             [&held](std::istream& words) { return stick(held, milliseconds(next<int>(words))); }}};
}

Commands watching_from(const Client& client) {
    const auto watching = std::make_shared<Watching>(client);
    return {{"watch",
             [watching](std::istream& words) -> nlohmann::json {
                 const auto parent = next<std::string>(words);
                 const int count = next<int>(words);
                 for (int number = 0; number < count; ++number) {
                     watching->watch(parent + "/" + std::to_string(number));
                 }
                 return {{"watches", watching->watches.size()}};
             }},
            {"gone", [watching](std::istream&) { return watching->await(); }}};
}

}  // namespace leasehold::bench
