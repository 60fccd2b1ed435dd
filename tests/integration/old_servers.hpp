// The real ZooKeeper 3.4.8, with NIO and with Netty, for the tests that need its own.
#pragma once

#include "tests/integration/fixture.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace leasehold::integration {

/// The parameter: with Netty.
class OldServers : public ::testing::TestWithParam<bool> {
protected:
    void SetUp() override {
        const std::string jars = LEASEHOLD_JARS "/zookeeper-3.4.8";
        if (!std::filesystem::exists(jars)) {
            GTEST_SKIP() << "no jars of ZooKeeper 3.4.8; './dev setup' fetches them";
        }
        servers.emplace(ServerOptions{.is_netty = GetParam(), .class_path = jars + "/*"});
    }

    std::optional<ZooKeeperEnsemble> servers;
};

}  // namespace leasehold::integration
