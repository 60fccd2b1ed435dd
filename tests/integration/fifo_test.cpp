// First come, first served: between the nodes of several processes by number, inside a process by
// arrival.
#include "tests/integration/fixture.hpp"
#include "tests/integration/worker_process.hpp"

#include <algorithm>
#include <memory>

namespace leasehold::integration {
namespace {

constexpr int processes = 4;
constexpr int threads = 5;
constexpr int local_grants = 4;  // LockOptions::max_local_grants

class Fifo : public ::testing::TestWithParam<Flavour> {};

INSTANTIATE_TEST_SUITE_P(Servers, Fifo, ::testing::Values(flavours[0], flavours[2]), flavour_name);

std::string contender(int process, int thread) {
    return "p" + std::to_string(process) + "t" + std::to_string(thread);
}

/// Each process hands its node over at most max_local_grants times, then queues anew at the end.
std::vector<std::string> expected_order() {
    std::vector<std::string> order;
    for (int first = 0; first < threads; first += local_grants) {
        for (int process = 0; process < processes; ++process) {
            for (int thread = first; thread < std::min(first + local_grants, threads); ++thread) {
                order.push_back(contender(process, thread));
            }
        }
    }
    return order;
}

TEST_P(Fifo, TwentyContendersInFourProcesses_AreServedInTheirOrderOneAtATime) {
    ZooKeeperEnsemble& servers = GetParam().servers();
    const Client gate = connect(servers.connect_string(), ensemble_options(60s));
    const std::string path = fresh_path();
    auto closed = gate.lock(path, {.wait = 10s, .budget = 50s});
    ASSERT_TRUE(closed.has_value()) << why(closed);

    std::vector<std::unique_ptr<WorkerProcess>> workers;
    for (int process = 0; process < processes; ++process) {
        workers.push_back(std::make_unique<WorkerProcess>(servers.connect_string(), 10s,
                                                          GetParam().is_standalone));
    }
    for (int thread = 0; thread < threads; ++thread) {
        for (int process = 0; process < processes; ++process) {
            workers[static_cast<std::size_t>(process)]->serve(contender(process, thread), path, 60s,
                                                              2s, 5ms);
            if (thread == 0) {
                ASSERT_TRUE(becomes_nodes(gate, path, process + 2));
            }
        }
    }
    EXPECT_EQ(nodes_under(gate, path), processes + 1) << "one node per process";
    const std::int64_t gate_token = closed->token();
    ASSERT_TRUE(closed->release().has_value());

    std::vector<Service> services;
    for (const auto& worker : workers) {
        for (int thread = 0; thread < threads; ++thread) {
            services.push_back(worker->next_service());
            if (thread > 0) {
                EXPECT_EQ(services.back().id.back(), '0' + thread) << "arrival inside the process";
            }
        }
    }
    std::sort(services.begin(), services.end(),
              [](const Service& a, const Service& b) { return a.from < b.from; });
    std::vector<std::string> order;
    for (std::size_t i = 0; i < services.size(); ++i) {
        order.push_back(services[i].id);
        const std::int64_t before = i == 0 ? gate_token : services[i - 1].token;
        EXPECT_GT(services[i].token, before) << "the tokens rise in the order of the grants";
        if (i > 0) {
            EXPECT_GE(services[i].from, services[i - 1].to)
                << services[i].id << " beside " << services[i - 1].id;
        }
    }
    EXPECT_EQ(order, expected_order());
    EXPECT_TRUE(becomes_nodes(gate, path, 0));
}

TEST_P(Fifo, OneRelease_WakesOnlyTheNextInLine) {
    ZooKeeperEnsemble& servers = GetParam().servers();
    const Client holder = connect(servers.connect_string(), options_for(GetParam()));
    const std::string path = fresh_path();
    auto held = holder.lock(path, {.wait = 10s, .budget = 7s});
    ASSERT_TRUE(held.has_value()) << why(held);
    WorkerProcess second(servers.connect_string(), 10s, GetParam().is_standalone);
    WorkerProcess third(servers.connect_string(), 10s, GetParam().is_standalone);
    second.lock("second", path, 60s, 5s);
    ASSERT_TRUE(becomes_nodes(holder, path, 2));
    third.lock("third", path, 60s, 5s);
    ASSERT_TRUE(becomes_nodes(holder, path, 3));
    ASSERT_TRUE(held->release().has_value());
    const RemoteGrant now_second = second.granted("second");

    // The third watches the second's node and nothing else: its watch is still there.
    const auto data_watchers = [&] {
        int count = 0;
        for (std::size_t i = 0; i < servers.size(); ++i) {
            for (const auto& [watched, watchers] : data_watches(servers.server(i).port())) {
                count += watched == now_second.node ? watchers : 0;
            }
        }
        return count;
    };
    EXPECT_TRUE(eventually([&] { return data_watchers() >= 1; }));
    second.release("second");
    const RemoteGrant now_third = third.granted("third");
    EXPECT_GT(now_third.token, now_second.token);
    third.release("third");
}

}  // namespace
}  // namespace leasehold::integration
