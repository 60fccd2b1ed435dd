// A world with one or two clients and a lock path, for the tests of the engine's promises.
#pragma once

#include "tests/support/engine_driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace leasehold::core {

using support::EngineDriver;
using support::Fate;
using wire::Opcode;
using wire::ServerError;

class EngineBench : public ::testing::Test {
protected:
    explicit EngineBench(support::FakeOptions options = {},
                         Settings settings = support::test_settings())
        : world(std::move(options)), a(world.add(settings)), b(world.add(settings)) {
        server.make(world.now(), "/q");
        a.start();
        b.start();
        world.run_for(std::chrono::milliseconds{100});
        a.forget_writes();
        b.forget_writes();
        server.forget_seen();
    }

    OperationId hold(EngineDriver& who, LockOptions options = default_options()) {
        const OperationId id = who.acquire("/q", options, "record of the holder");
        EXPECT_TRUE(world.run_until([&] { return who.about<AcquireDone>(id) != nullptr; }));
        EXPECT_NE(who.grant(id), nullptr);
        return id;
    }
    /// Joins, and lets it settle without an answer.
    OperationId queue(EngineDriver& who, LockOptions options = default_options()) {
        const OperationId id = who.acquire("/q", options, "record of a waiter");
        world.run_for(std::chrono::milliseconds{20});
        EXPECT_EQ(who.about<AcquireDone>(id), nullptr);
        return id;
    }
    static LockOptions default_options() {
        return {.wait = std::chrono::seconds{5}, .budget = std::chrono::seconds{10}};
    }
    /// A contender of another process, as any recipe would make it.
    std::string stranger(const std::string& name = "stranger-lock-") {
        return server.make(world.now(), "/q/" + name, wire::CreateMode::ephemeral_sequential,
                           "record of a stranger", 999);
    }
    void remove(const std::string& path) {
        server.remove(world.now(), path);
        world.collect();
    }
    bool answered(EngineDriver& who, OperationId id, Duration limit = std::chrono::seconds{60}) {
        return world.run_until([&] { return who.about<AcquireDone>(id) != nullptr; }, limit);
    }
    static std::vector<Opcode> ops(const std::vector<EngineDriver::Frame>& frames) {
        std::vector<Opcode> all;
        for (const auto& frame : frames) {
            all.push_back(frame.op);
        }
        return all;
    }
    std::size_t contenders() {
        const auto* parent = server.tree().find("/q");
        return parent == nullptr ? 0 : parent->children.size();
    }
    std::int64_t lock_token(EngineDriver& who, OperationId id) {
        return who.grant(id)->lease->token;
    }

    support::World world;
    support::FakeZooKeeper& server = world.server;
    EngineDriver& a;
    EngineDriver& b;
};

}  // namespace leasehold::core
