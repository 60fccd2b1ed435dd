// Writes that real servers carry out only while the lock's nodes stand.
#include <leasehold/fence.hpp>

#include "tests/integration/fixture.hpp"

#include <string>
#include <vector>

namespace leasehold::integration {
namespace {

class Fence : public TwoClients {
protected:
    const std::string data = existing_path(observer);

    std::string data_now() {
        const ZooKeeper reader = observer.zookeeper();
        EXPECT_TRUE(reader.sync(data).has_value());  // its server may be behind
        return reader.get(data).value().data;
    }
};

TEST_P(Fence, TheHolderWritesAndTheOneBeforeItNoMore) {
    auto before = us.lock(path, {.wait = 20s, .budget = 5s});
    ASSERT_TRUE(before.has_value()) << why(before);
    auto late = fenced_multi(*before).value();
    late.set(data, "late");
    auto first = fenced_multi(*before).value();
    ASSERT_TRUE(us.zookeeper().multi(first.set(data, "first")).has_value());
    ASSERT_TRUE(before->release().has_value());

    auto next = other.lock(path, {.wait = 20s, .budget = 5s});
    ASSERT_TRUE(next.has_value()) << why(next);
    auto second = fenced_multi(*next).value();
    ASSERT_TRUE(other.zookeeper().multi(second.set(data, "second")).has_value());
    EXPECT_TRUE(fails_with(us.zookeeper().multi(late), zk_errc::no_node));
    EXPECT_EQ(data_now(), "second");
}

TEST_P(Fence, AStuckHoldersWriteIsRefusedOnceItsBudgetIsOver) {
    auto stuck = us.lock(path, {.wait = 20s, .budget = 300ms});
    ASSERT_TRUE(stuck.has_value()) << why(stuck);
    auto late = fenced_multi(*stuck).value();
    late.set(data, "late");
    auto next = other.lock(path, {.wait = 20s, .budget = 5s});
    ASSERT_TRUE(next.has_value()) << why(next);
    EXPECT_TRUE(fails_with(us.zookeeper().multi(late), zk_errc::no_node));
    EXPECT_TRUE(fails_with(fenced_multi(*stuck), errc::lock_lost));
}

TEST_P(Fence, ASetWritesWhileAllItsNodesStand) {
    const std::vector<std::string> paths{path + "/one", path + "/two"};
    auto set = us.lock_all(paths, {.wait = 20s, .budget = 5s});
    ASSERT_TRUE(set.has_value()) << why(set);
    auto in_time = fenced_multi(*set).value();
    ASSERT_TRUE(us.zookeeper().multi(in_time.set(data, "in time")).has_value());
    auto late = fenced_multi(*set).value();
    late.set(data, "late");
    ASSERT_TRUE(us.zookeeper().remove(set->nodes()[1]).has_value());
    EXPECT_TRUE(fails_with(us.zookeeper().multi(late), zk_errc::no_node));
    EXPECT_EQ(data_now(), "in time");
}

INSTANTIATE_TEST_SUITE_P(On, Fence, ::testing::ValuesIn(flavours), flavour_name);

}  // namespace
}  // namespace leasehold::integration
