#include "sdk/client/worker.hpp"

#include "sdk/net/thread.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace leasehold::detail {

struct Worker::State : std::enable_shared_from_this<State> {
    State(std::string thread_name, std::size_t limit)
        : name(std::move(thread_name)), most_threads(limit) {}

    const std::string name;
    const std::size_t most_threads;

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Job> jobs;
    std::size_t running = 0;  // threads that have not ended
    std::size_t idle = 0;     // of these, waiting for a job
    bool is_finishing = false;
    std::vector<std::thread> threads;      // to join; detached ones are not in it
    std::vector<std::thread::id> retired;  // of these, at their end

    void push(std::unique_lock<std::mutex>& lock, Job job) {
        jobs.push_back(std::move(job));
        if (jobs.size() > idle && running < most_threads) {
            start_one();
        }
        lock.unlock();
        changed.notify_all();
    }

    /// Under the lock. Without a thread to be had the job waits for one that there is; without any
    /// at all it is kept until the next attempt.
    void start_one() {
        join_retired();
        try {
            std::thread thread =
                net::start_thread(name, [state = shared_from_this()] { state->run(); });
            ++running;
            if (is_finishing) {
                thread.detach();
            } else {
                threads.push_back(std::move(thread));
            }
        } catch (const std::system_error&) {
        }
    }

    /// Under the lock, which they need no more.
    void join_retired() {
        for (const std::thread::id id : std::exchange(retired, {})) {
            const auto found = std::ranges::find(threads, id, &std::thread::get_id);
            if (found != threads.end()) {
                found->join();
                threads.erase(found);
            }
        }
    }

    void run() {
        std::unique_lock lock(mutex);
        for (;;) {
            // One waits for what comes next; the others were for a moment in which it was not
            // enough.
            if (jobs.empty() && idle > 0) {
                retired.push_back(std::this_thread::get_id());
                break;
            }
            ++idle;
            changed.wait(lock, [this] { return !jobs.empty() || is_finishing; });
            --idle;
            if (jobs.empty()) {
                break;
            }
            run_one(lock);
        }
        --running;
        lock.unlock();
        changed.notify_all();
    }

    void run_one(std::unique_lock<std::mutex>& lock) noexcept {
        Job job = std::move(jobs.front());
        jobs.pop_front();
        lock.unlock();
        job();
        job = {};  // what it owns goes before anybody learns that it is done
        lock.lock();
    }

    /// Joins the threads if all have ended by the deadline, else detaches them.
    void finish(std::chrono::steady_clock::time_point deadline) {
        std::unique_lock lock(mutex);
        is_finishing = true;
        changed.notify_all();
        const bool is_inside = std::ranges::any_of(threads, [](const std::thread& thread) {
            return thread.get_id() == std::this_thread::get_id();
        });
        // From inside a job nothing is waited for: what is queued can only run after it.
        const bool ended =
            !is_inside && changed.wait_until(lock, deadline, [this] { return running == 0; });
        auto ending = std::exchange(threads, {});
        lock.unlock();
        for (std::thread& thread : ending) {
            if (ended) {
                thread.join();
            } else {
                thread.detach();
            }
        }
    }
};

Worker::Worker(std::string name, std::size_t most_threads)
    : x_state(std::make_shared<State>(std::move(name), most_threads)) {}

Worker::~Worker() {
    x_state->finish(std::chrono::steady_clock::now());
}

// The job may end this worker before we are out of push(), which still notifies: hence the copies
// of x_state.

void Worker::post(Job job) {
    const auto state = x_state;
    std::unique_lock lock(state->mutex);
    state->push(lock, std::move(job));
}

bool Worker::post_unless_full(Job job, std::size_t limit) {
    const auto state = x_state;
    std::unique_lock lock(state->mutex);
    if (state->jobs.size() >= limit) {
        return false;
    }
    state->push(lock, std::move(job));
    return true;
}

void Worker::finish(std::chrono::steady_clock::time_point deadline) noexcept {
    x_state->finish(deadline);
}

void run_detached(Worker::Job job) {
    auto shared = std::make_shared<Worker::Job>(std::move(job));
    net::start_thread("leasehold-once", [shared] { (*shared)(); }).detach();
}

}  // namespace leasehold::detail
