// Candidates in one queue with those of other clients: Curator's LeaderSelector and kazoo's
// Election, in both directions; and Curator's LeaderLatch, with which there is none.
#include "tests/integration/fixture.hpp"
#include "tests/integration/peers.hpp"

#include <boost/asio/use_future.hpp>

#include <future>
#include <memory>
#include <ostream>
#include <string>

namespace leasehold::integration {
namespace {

using Answer = std::future<result<Leadership>>;

struct Library {
    const char* name;
    Naming naming;
    ContenderKind kind;
    std::unique_ptr<Peer> (*start)(const std::string& hosts);
    bool (*is_here)();
};

void PrintTo(const Library& library, std::ostream* out) {
    *out << library.name;
}

const Library libraries[] = {
    {"Curator", Naming::curator, ContenderKind::curator,
     [](const std::string& hosts) -> std::unique_ptr<Peer> {
         return std::make_unique<CuratorPeer>(hosts);
     },
     &CuratorPeer::is_here},
    {"Kazoo", Naming::kazoo, ContenderKind::kazoo,
     [](const std::string& hosts) -> std::unique_ptr<Peer> {
         return std::make_unique<KazooPeer>(hosts);
     },
     [] { return true; }},
};

class ElectionInterop : public ::testing::TestWithParam<Library> {
protected:
    void SetUp() override {
        if (!GetParam().is_here()) {
            GTEST_SKIP() << "no jars of Curator; './dev setup' fetches them";
        }
        x_peer = GetParam().start(hosts);
    }

    [[nodiscard]] Peer& they() { return *x_peer; }
    [[nodiscard]] Answer stand(const Client& who) {
        return who.async_elect(path, options, boost::asio::use_future);
    }
    [[nodiscard]] bool are_queued(int count) { return becomes_nodes(observer, path, count); }
    [[nodiscard]] static bool still_waits(const Answer& answer) {
        return answer.wait_for(150ms) == std::future_status::timeout;
    }
    [[nodiscard]] bool they_still_wait(const std::string& id) {
        return stays([&] { return !they().was_granted(id); }, 150ms);
    }

    std::string hosts = one_server().connect_string();
    Client us = connect(hosts);
    Client observer = connect(hosts);
    const std::string path = existing_path(observer);
    const ElectOptions options{.payload = "ours", .naming = GetParam().naming};

private:
    std::unique_ptr<Peer> x_peer;
};

INSTANTIATE_TEST_SUITE_P(With, ElectionInterop, ::testing::ValuesIn(libraries),
                         [](const auto& library) { return std::string(library.param.name); });

TEST_P(ElectionInterop, TheyLead_AndWeFollow) {
    they().elect("e1", path);
    they().expect_granted("e1");
    const auto theirs = observer.leader(path);
    ASSERT_TRUE(theirs.has_value() && *theirs) << why(theirs);
    EXPECT_EQ((*theirs)->kind, GetParam().kind);
    EXPECT_EQ((*theirs)->payload, "");
    EXPECT_TRUE(fails_with(observer.elect(path, {.wait = 0ms, .naming = options.naming}),
                           errc::wait_expired));
    ASSERT_TRUE(are_queued(1));
    auto ours = stand(us);
    ASSERT_TRUE(are_queued(2));
    EXPECT_TRUE(still_waits(ours)) << "elected beside them";
    they().release("e1");
    const auto led = ours.get();
    ASSERT_TRUE(led.has_value()) << why(led);
    EXPECT_TRUE(led->valid());
    const auto now = observer.leader(path);
    ASSERT_TRUE(now.has_value() && *now) << why(now);
    EXPECT_EQ((*now)->payload, "ours");
}

TEST_P(ElectionInterop, WeLead_AndTheyFollow) {
    auto led = us.elect(path, options);
    ASSERT_TRUE(led.has_value()) << why(led);
    they().elect("e1", path);
    ASSERT_TRUE(are_queued(2));
    EXPECT_TRUE(they_still_wait("e1"));
    EXPECT_TRUE(led->valid()) << "too slow to tell";
    ASSERT_TRUE(led->resign().has_value());
    they().expect_granted("e1");
    they().release("e1");
    EXPECT_TRUE(are_queued(0));
}

TEST_P(ElectionInterop, OneQueue_IsServedInItsOrder) {
    auto first = us.elect(path, options);
    ASSERT_TRUE(first.has_value()) << why(first);
    they().elect("e2", path);
    ASSERT_TRUE(are_queued(2));
    auto third = stand(observer);
    ASSERT_TRUE(are_queued(3));
    they().elect("e4", path);
    ASSERT_TRUE(are_queued(4));
    EXPECT_TRUE(they_still_wait("e2"));
    ASSERT_TRUE(first->resign().has_value());
    they().expect_granted("e2");
    EXPECT_TRUE(still_waits(third)) << "elected beside them";
    EXPECT_FALSE(they().was_granted("e4"));
    they().release("e2");
    auto led = third.get();
    ASSERT_TRUE(led.has_value()) << why(led);
    EXPECT_GT(led->token(), first->token());
    EXPECT_TRUE(they_still_wait("e4"));
    EXPECT_TRUE(led->valid()) << "too slow to tell";
    ASSERT_TRUE(led->resign().has_value());
    they().expect_granted("e4");
    they().release("e4");
}

TEST_P(ElectionInterop, Observer_SeesTheirLeadersAndOurs) {
    auto seeing = observer.observe(path);
    ASSERT_TRUE(seeing.has_value()) << why(seeing);
    they().elect("e1", path);
    they().expect_granted("e1");
    auto ours = stand(us);
    ASSERT_TRUE(are_queued(2));
    const auto theirs = seeing->next(patient(10s));
    ASSERT_TRUE(theirs.has_value() && *theirs) << why(theirs);
    EXPECT_EQ((*theirs)->kind, GetParam().kind);
    EXPECT_EQ((*theirs)->payload, "");
    they().release("e1");
    const auto next = seeing->next(patient(10s));
    ASSERT_TRUE(next.has_value() && *next) << why(next);
    EXPECT_EQ((*next)->payload, "ours");
    EXPECT_TRUE(ours.get().has_value());
}

TEST(ElectionBesideALatch, IsRefusedAndLeavesNothing) {
    if (!CuratorPeer::is_here()) {
        GTEST_SKIP() << "no jars of Curator; './dev setup' fetches them";
    }
    const std::string hosts = one_server().connect_string();
    const Client us = connect(hosts);
    const Client observer = connect(hosts);
    const std::string path = existing_path(observer);
    CuratorPeer curator(hosts);
    curator.latch("l1", path);
    curator.expect_granted("l1");
    for (const Naming naming : {Naming::curator, Naming::curator_read_write, Naming::kazoo}) {
        const auto refused = us.elect(path, {.naming = naming});
        EXPECT_TRUE(fails_with(refused, errc::mixed_queue));
        EXPECT_NE(why(refused).find("LeaderLatch"), std::string::npos) << why(refused);
    }
    EXPECT_TRUE(becomes_nodes(observer, path, 1)) << "the latch's";
    EXPECT_TRUE(eventually([&] {
        const ClientStats stats = us.stats();
        return stats.nodes_to_delete == 0 && stats.locks_waiting == 0 && stats.watches == 0;
    }));
    const auto leader = observer.leader(path);
    ASSERT_TRUE(leader.has_value() && *leader) << why(leader);
    EXPECT_NE((*leader)->node.find("latch-"), std::string::npos);
    curator.release("l1");
    ASSERT_TRUE(becomes_nodes(observer, path, 0));
    const auto led = us.elect(path);
    EXPECT_TRUE(led.has_value()) << "nobody is in the way any more: " << why(led);
}

}  // namespace
}  // namespace leasehold::integration
