// The order service as it is written with threads and blocking calls.
#include "blocking_rpc.hpp"
#include "worker.hpp"

#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace demo {
namespace {

using leasehold::BootClock;
using leasehold::CallContext;
using leasehold::Instant;
using leasehold::result;

class BlockingWorker {
public:
    BlockingWorker(leasehold::Client& client, unsigned short port, const Task& task)
        : x_client(client), x_port(port), x_task(task), x_story(task) {}

    /// True if the payment went through.
    bool attempt() {
        x_story.asks();
        auto lock = x_client.lock(lock_path(x_task.order), x_story.lock_options());
        if (!lock) {
            x_story.refused(lock.error());
            return false;
        }
        x_story.holds(*lock);

        x_story.charges();
        auto paid = lock->call([&](const CallContext& context) { return charge(context); });
        if (paid) {
            x_story.paid();
        } else {
            x_story.cancelled(*lock, paid.error());
            x_story.stalls(*lock);
            // What paging, a debugger or a full disk may do to a program between any two lines.
            std::this_thread::sleep_for(stall);
        }

        write_down(lock->token());
        x_story.releases(*lock);
        return paid.has_value();
    }

private:
    /// Runs under the lock: bounded by the lock's deadline, ended by its stop token.
    result<std::string> charge(const CallContext& context) const {
        const auto deadline = [&] { return context.deadline(); };
        return call_line(x_port, x_story.charge_request(), deadline, context.stop_token());
    }

    /// The write carries the fencing token; the database refuses it if a later holder has written.
    void write_down(std::int64_t token) const {
        const Instant latest = BootClock::now() + patience;
        const auto deadline = [&] { return latest; };
        auto answer = call_line(x_port, x_story.write_request(token), deadline, {});
        x_story.written(answer ? *answer : answer.error().message(), token);
    }

    leasehold::Client& x_client;
    unsigned short x_port;
    const Task& x_task;
    Story x_story;
};

void work(leasehold::Client& client, unsigned short port, Instant start, std::string_view worker) {
    std::optional<Instant> hang;
    for (const Task& task : plan) {
        if (task.worker != worker) {
            continue;
        }
        if (task.from == From::hang && !hang) {
            const auto deadline = [&] { return start + time_limit; };
            (void)call_line(port, Story::await_hang_request, deadline, {});
            hang = BootClock::now();
        }
        const Instant base = task.from == From::hang ? *hang : start;
        std::this_thread::sleep_for(base + task.at - BootClock::now());
        // The same payment once more: the gateway knows by its number that it is the same.
        for (int left = attempts; left > 0; --left) {
            if (BlockingWorker(client, port, task).attempt()) {
                break;
            }
        }
    }
}

}  // namespace

int run_blocking_workers(const WorkerSetup& setup) {
    Instant start{};
    auto client = open_client(setup, blocking, start);
    if (!client) {
        return fail(blocking, client.error().message());
    }
    {
        std::vector<std::jthread> threads;
        for (const std::string_view name : workers_of(blocking)) {
            threads.emplace_back([&, name] { work(*client, setup.services_port, start, name); });
        }
    }  // joins
    return close_client(*client, blocking);
}

}  // namespace demo
