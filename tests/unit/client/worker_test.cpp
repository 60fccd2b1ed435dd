#include "sdk/client/worker.hpp"

#include "tests/unit/client/fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace leasehold::detail {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing_client::Event;

steady_clock::time_point in(std::chrono::milliseconds time) {
    return steady_clock::now() + support::patient(time);
}

TEST(Worker, JobsOfOneThreadRunInOrder) {
    std::vector<int> ran;
    Worker worker("test", 1);
    for (int i = 0; i < 1000; ++i) {
        worker.post([&ran, i] { ran.push_back(i); });
    }
    worker.finish(in(15s));
    std::vector<int> expected(1000);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(ran, expected);
}

TEST(Worker, NoThreadUntilThereIsAJob) {
    Worker worker("test", 1);
    const auto start = steady_clock::now();
    worker.finish(in(15s));
    EXPECT_LT(steady_clock::now() - start, 5s);
}

TEST(Worker, StuckJobHoldsUpNobodyWhoHasAnotherThread) {
    Event let_go;
    Event second_ran;
    Worker worker("test", 2);
    worker.post([&] { let_go.wait(); });
    worker.post([&] { second_ran.set(); });
    EXPECT_TRUE(second_ran.happens());
    let_go.set();
    worker.finish(in(15s));
}

TEST(Worker, ThreadsThatAMomentNeededGoWithIt) {
    const auto threads = [] {
        std::size_t count = 0;
        for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
            std::ifstream file(task.path() / "comm");
            std::string name;
            count += std::getline(file, name) && name == "worker-test" ? 1 : 0;
        }
        return count;
    };
    Worker worker("worker-test", 8);
    for (int round = 0; round < 3; ++round) {
        Event let_go;
        std::atomic<int> inside{0};
        for (int i = 0; i < 8; ++i) {
            worker.post([&] {
                ++inside;
                let_go.wait();
            });
        }
        ASSERT_TRUE(support::eventually([&] { return inside == 8; }));
        EXPECT_EQ(threads(), 8u);
        let_go.set();
        EXPECT_TRUE(support::eventually([&] { return threads() == 1; })) << round;
    }
    worker.finish(in(15s));
    EXPECT_TRUE(support::eventually([&] { return threads() == 0; }));
}

TEST(Worker, OneThreadNeverRunsTwoJobsAtOnce) {
    std::atomic<int> inside{0};
    std::atomic<bool> overlapped{false};
    Worker worker("test", 1);
    std::vector<std::thread> posters;
    for (int i = 0; i < 4; ++i) {
        posters.emplace_back([&] {
            for (int j = 0; j < 200; ++j) {
                worker.post([&] {
                    overlapped = overlapped || inside.fetch_add(1) != 0;
                    inside.fetch_sub(1);
                });
            }
        });
    }
    for (std::thread& poster : posters) {
        poster.join();
    }
    worker.finish(in(15s));
    EXPECT_FALSE(overlapped);
}

TEST(Worker, FinishDoesNotWaitForAStuckJobBeyondItsDeadline) {
    const auto let_go = std::make_shared<Event>();
    const auto is_over = std::make_shared<Event>();
    {
        Worker worker("test", 1);
        worker.post([let_go] { let_go->wait(); });
        worker.post([is_over] { is_over->set(); });
        const auto start = steady_clock::now();
        worker.finish(start + 50ms);
        EXPECT_LT(steady_clock::now() - start, 5s);
    }  // what is stuck keeps what it needs
    let_go->set();
    EXPECT_TRUE(is_over->happens()) << "what was posted before the end still runs";
}

TEST(Worker, JobPostedAfterTheEndStillRuns) {
    Event ran;
    Worker worker("test", 1);
    worker.post([] {});
    worker.finish(in(15s));
    worker.post([&] { ran.set(); });
    EXPECT_TRUE(ran.happens());
}

TEST(Worker, MayBeFinishedFromItsOwnJob) {
    Event done;
    auto worker = std::make_shared<std::optional<Worker>>(std::in_place, "test", 1);
    (*worker)->post([&, worker] {
        (*worker)->finish(steady_clock::now() + 10s);
        worker->reset();
        done.set();
    });
    EXPECT_TRUE(done.happens(5s));
}

TEST(Worker, FullQueueRefuses) {
    Event let_go;
    Worker worker("test", 1);
    Event begun;
    worker.post([&] {
        begun.set();
        let_go.wait();
    });
    ASSERT_TRUE(begun.happens());
    EXPECT_TRUE(worker.post_unless_full([] {}, 2));
    EXPECT_TRUE(worker.post_unless_full([] {}, 2));
    EXPECT_FALSE(worker.post_unless_full([] { ADD_FAILURE() << "ran"; }, 2));
    let_go.set();
    worker.finish(in(15s));
}

TEST(Worker, DetachedJobRuns) {
    const auto ran = std::make_shared<Event>();
    run_detached([ran] { ran->set(); });
    EXPECT_TRUE(ran->happens());
}

}  // namespace
}  // namespace leasehold::detail
