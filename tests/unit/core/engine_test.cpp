// The engine as a whole against the fake server: one acquisition from the connect to the delete.
#include "tests/support/engine_driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using support::World;

TEST(Engine, AcquiresAndReleasesAFreeLock) {
    World world;
    auto& client = world.add();
    client.start();
    const OperationId id = client.acquire("/locks", {.wait = 5s, .budget = 10s});
    ASSERT_TRUE(world.run_until([&] { return client.grant(id) != nullptr; }));
    EXPECT_TRUE(client.is_valid(id));
    client.release(id);
    EXPECT_FALSE(client.is_valid(id));
    ASSERT_TRUE(world.run_until([&] { return client.count<NodeGone>(id) == 1; }));
    EXPECT_EQ(world.server.tree().ephemerals(), 0u);
}

}  // namespace
}  // namespace leasehold::core
