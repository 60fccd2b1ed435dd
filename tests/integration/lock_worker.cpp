// A process of its own that takes locks as the test tells it to, and reports when it had them:
//
//     lock_worker HOSTS SESSION_TIMEOUT_MS standalone|ensemble
//
//     lock ID PATH WAIT_MS BUDGET_MS [KIND]
//         -> queued ID; then granted ID TOKEN NOW DEADLINE NODE, or refused ID TEXT
//     serve ID PATH WAIT_MS BUDGET_MS [KIND] WORK_MS
//         -> queued ID; then served ID TOKEN FROM TO, or refused ID TEXT
//     release ID
//         -> released ID ok|TEXT
//     upgrade ID WAIT_MS
//         -> upgraded ID TOKEN, or refused ID TEXT
//     watch ID
//         -> watching ID; then, after each pause of the process, resumed ID VALID NOW; and in the
//            end invalid ID NOW
//     follow ID
//         -> stop|jeopardy|lost ID VALID TEXT, as they come
//     elect ID PATH
//         -> queued ID; then granted ID TOKEN NOW DEADLINE NODE
//     deadline ID
//         -> deadline ID DEADLINE (of a leadership)
//     stats
//         -> stats HELD WAITING SESSIONS
//
// KIND is kazoo, shared, upgradable, permits=N or delay=MS.
//
// Times are nanoseconds of CLOCK_BOOTTIME, which all processes of a machine share. Every lock is
// asked for by a thread of its own. The end of the input ends the process.
#include <leasehold/leasehold.hpp>

#include "tests/support/patience.hpp"

#include <atomic>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace leasehold::integration {
namespace {

constexpr std::string_view delay_word = "delay=";

std::mutex output_mutex;

template <class... Part>
void say(const Part&... parts) {
    std::ostringstream line;
    const char* gap = "";
    ((line << std::exchange(gap, " ") << parts), ...);
    const std::lock_guard lock(output_mutex);
    std::cout << line.str() << std::endl;
}

std::int64_t ns(Instant when) {
    return when.time_since_epoch().count();
}

constexpr std::string_view permits_equal = "permits=";

struct Request {
    std::string id;
    std::string path;
    LockOptions options;
    LockKind kind = LockKind::exclusive;
};

class Worker {
public:
    explicit Worker(Client client) : x_client(std::move(client)) {}
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() {
        x_is_over = true;
        (void)x_client.close();
        for (std::thread& thread : x_threads) {
            thread.join();
        }
    }

    void obey(const std::string& line) {
        std::istringstream words(line);
        std::string verb;
        words >> verb;
        if (verb == "lock" || verb == "serve") {
            Request request = read_request(words);
            std::int64_t work_ms = 0;
            words >> work_ms;
            start(std::move(request), verb == "serve", milliseconds{work_ms});
        } else if (verb == "elect") {
            std::string id;
            std::string path;
            words >> id >> path;
            elect(id, path);
        } else if (verb == "stats") {
            const ClientStats stats = x_client.stats();
            say("stats", stats.locks_held, stats.locks_waiting, stats.sessions);
        } else {
            std::string id;
            words >> id;
            if (const std::shared_ptr<Leadership> led = find_leadership(id)) {
                return obey(verb, id, led);
            }
            const std::shared_ptr<ScopedLock> lock = find(id);
            if (verb == "release") {
                const auto released = lock->release();
                say("released", id, released ? "ok" : released.error().message());
            } else if (verb == "watch") {
                x_threads.emplace_back(
                    [this, id, lock, now = BootClock::now()] { watch(id, *lock, now); });
                say("watching", id);
            } else if (verb == "follow") {
                follow(id, lock);
            } else if (verb == "upgrade") {
                upgrade(id, lock, words);
            }
        }
    }

private:
    void obey(const std::string& verb, const std::string& id,
              const std::shared_ptr<Leadership>& led) {
        if (verb == "release") {
            const auto resigned = led->resign();
            say("released", id, resigned ? "ok" : resigned.error().message());
        } else if (verb == "deadline") {
            say("deadline", id, ns(led->deadline()));
        } else if (verb == "watch") {
            x_threads.emplace_back(
                [this, id, led, now = BootClock::now()] { watch(id, *led, now); });
            say("watching", id);
        }
    }

    /// Returns when the candidate is in the queue or answered.
    void elect(const std::string& id, const std::string& path) {
        const ClientStats before = x_client.stats();
        auto is_answered = std::make_shared<std::atomic<bool>>(false);
        x_threads.emplace_back([this, id, path, is_answered] {
            auto led = x_client.elect(path, {.payload = id});
            *is_answered = true;
            if (!led) {
                return say("refused", id, led.error().message());
            }
            const Instant now = BootClock::now();
            const auto kept = std::make_shared<Leadership>(std::move(*led));
            {
                const std::lock_guard guard(x_mutex);
                x_leaderships[id] = kept;
            }
            say("granted", id, kept->token(), ns(now), ns(kept->deadline()), kept->node());
        });
        (void)support::eventually(
            [&] { return *is_answered || x_client.stats().locks_waiting > before.locks_waiting; });
        say("queued", id);
    }

    static Request read_request(std::istream& words) {
        Request request;
        std::int64_t wait_ms = 0;
        std::int64_t budget_ms = 0;
        words >> request.id >> request.path >> wait_ms >> budget_ms;
        request.options.wait = milliseconds{wait_ms};
        request.options.budget = milliseconds{budget_ms};
        const auto at = words.tellg();
        std::string more;
        words >> more;
        if (more == "kazoo") {
            request.options.naming = Naming::kazoo;
        } else if (more == "shared") {
            request.kind = LockKind::shared;
        } else if (more == "upgradable") {
            request.kind = LockKind::upgradable;
        } else if (more.starts_with(permits_equal)) {
            request.kind = LockKind::permit;
            request.options.permits = std::stoi(more.substr(permits_equal.size()));
        } else if (more.starts_with(delay_word)) {
            request.options.lock_delay = milliseconds{std::stol(more.substr(delay_word.size()))};
        } else {
            words.clear();
            words.seekg(at);
        }
        return request;
    }

    /// Returns when the request is in the queue or answered, so that requests queue in the order in
    /// which they were told.
    void start(Request request, bool is_serving, milliseconds work) {
        const ClientStats before = x_client.stats();
        auto is_answered = std::make_shared<std::atomic<bool>>(false);
        const std::string id = request.id;
        x_threads.emplace_back([this, request = std::move(request), is_serving, work, is_answered] {
            auto lock = take(request);
            *is_answered = true;
            if (!lock) {
                say("refused", request.id, lock.error().message());
            } else if (is_serving) {
                serve(request.id, *lock, work);
            } else {
                keep(request.id, std::move(*lock));
            }
        });
        (void)support::eventually(
            [&] { return *is_answered || x_client.stats().locks_waiting > before.locks_waiting; });
        say("queued", id);
    }

    [[nodiscard]] result<ScopedLock> take(const Request& request) const {
        switch (request.kind) {
            case LockKind::exclusive: break;
            case LockKind::shared: return x_client.lock_shared(request.path, request.options);
            case LockKind::permit: return x_client.acquire_permit(request.path, request.options);
            case LockKind::upgradable:
                return x_client.lock_upgradable(request.path, request.options);
        }
        return x_client.lock(request.path, request.options);
    }

    static void serve(const std::string& id, ScopedLock& lock, milliseconds work) {
        const Instant from = BootClock::now();
        support::wait_until(from + work);
        const Instant to = BootClock::now();
        const bool was_valid = lock.valid();
        const std::int64_t token = lock.token();
        const auto released = lock.release();
        if (was_valid && released) {
            say("served", id, token, ns(from), ns(to));
        } else {
            say("refused", id, "lost while it was held");
        }
    }

    void keep(const std::string& id, ScopedLock granted) {
        const Instant now = BootClock::now();
        auto lock = std::make_shared<ScopedLock>(std::move(granted));
        {
            const std::lock_guard guard(x_mutex);
            x_locks[id] = lock;
        }
        say("granted", id, lock->token(), ns(now), ns(lock->deadline()), lock->node());
    }

    std::shared_ptr<ScopedLock> find(const std::string& id) {
        const std::lock_guard guard(x_mutex);
        return x_locks.at(id);
    }

    std::shared_ptr<Leadership> find_leadership(const std::string& id) {
        const std::lock_guard guard(x_mutex);
        const auto found = x_leaderships.find(id);
        return found == x_leaderships.end() ? nullptr : found->second;
    }

    /// Asks valid() without a break. A pause of the process shows as a jump of the clock between
    /// two rounds; the first answer that was begun after it is reported.
    template <class Lock>
    void watch(const std::string& id, const Lock& lock, Instant last) {
        constexpr auto pause = std::chrono::milliseconds{700};
        bool was_valid = true;
        while (!x_is_over && was_valid) {
            const Instant begun = BootClock::now();
            const bool is_valid = lock.valid();
            const bool was_paused_inside = BootClock::now() - begun > pause;
            if (begun - last > pause || (was_paused_inside && !is_valid)) {
                say("resumed", id, is_valid, ns(begun));
            }
            // A yes from before the pause does not count: the next round is the first one after it.
            last = was_paused_inside ? last : begun;
            was_valid = is_valid;
        }
        say("invalid", id, ns(BootClock::now()));
    }

    void follow(const std::string& id, const std::shared_ptr<ScopedLock>& lock) {
        // The callbacks must not keep the handle that they belong to.
        const auto is_valid = [weak = std::weak_ptr(lock)] {
            const auto live = weak.lock();
            return live && live->valid();
        };
        lock->on_jeopardy([id, is_valid](bool is_in_jeopardy) {
            say("jeopardy", id, is_valid(), is_in_jeopardy ? "begun" : "over");
        });
        x_stop_callbacks.push_back(std::make_unique<StopCallback>(
            lock->stop_token(), [id, is_valid] { say("stop", id, is_valid(), "requested"); }));
        lock->lost([id, is_valid](result<Loss> loss) {
            say("lost", id, is_valid(),
                loss ? std::string(to_string(*loss)) : loss.error().message());
        });
    }

    static void upgrade(const std::string& id, const std::shared_ptr<ScopedLock>& lock,
                        std::istream& words) {
        std::int64_t wait_ms = 0;
        words >> wait_ms;
        const UpgradeOptions options{.wait = milliseconds{wait_ms}};
        lock->async_upgrade(options, [id, weak = std::weak_ptr(lock)](result<void> answer) {
            const auto live = weak.lock();
            if (answer && live) {
                say("upgraded", id, live->token());
            } else {
                say("refused", id, answer ? "gone" : answer.error().message());
            }
        });
    }

    using StopCallback = std::stop_callback<std::function<void()>>;

    Client x_client;
    std::mutex x_mutex;
    std::map<std::string, std::shared_ptr<ScopedLock>> x_locks;
    std::map<std::string, std::shared_ptr<Leadership>> x_leaderships;
    std::vector<std::unique_ptr<StopCallback>> x_stop_callbacks;
    std::atomic<bool> x_is_over{false};
    std::vector<std::thread> x_threads;
};

int run(const std::vector<std::string>& arguments) {
    const std::string kind = arguments.at(3);
    auto client = Client::connect(arguments.at(1),
                                  {.session_timeout = milliseconds{std::stol(arguments.at(2))},
                                   .tick = milliseconds{200},
                                   .standalone = kind == "standalone"});
    if (!client || !client->wait_connected(support::patient(milliseconds{15'000}))) {
        say("failed");
        return 1;
    }
    Worker worker(std::move(*client));
    say("ready");
    for (std::string line; std::getline(std::cin, line);) {
        worker.obey(line);
    }
    return 0;
}

}  // namespace
}  // namespace leasehold::integration

int main(int argc, char** argv) {
    return leasehold::integration::run({argv, argv + argc});
}
