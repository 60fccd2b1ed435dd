// An observer with two clients, for histories that are made by hand.
#pragma once

#include "tests/sim/observer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::sim {

using namespace std::chrono_literals;

inline constexpr std::int64_t first_session = 0x11;
inline constexpr std::int64_t second_session = 0x22;
inline constexpr std::int64_t third_session = 0x33;
inline constexpr ClientNumber first = 0;
inline constexpr ClientNumber second = 1;

/// Two clients, attached, whose clocks show true time, and one lock.
class ObserverTest : public ::testing::Test {
protected:
    ObserverTest() { build({.locks = {"/a"}}); }

    void build(Observer::Options options) {
        observer.emplace(journal, tally, std::move(options));
        observer->add_client(clock);
        observer->add_client(clock);
        observer->on_attached(genesis, first, first_session);
        observer->on_attached(genesis, second, second_session);
    }

    ClientNumber add_third() {
        const ClientNumber third = observer->add_client(clock);
        observer->on_attached(genesis, third, third_session);
        return third;
    }

    static Instant at(Duration since) { return genesis + since; }

    void ask(ClientNumber who, OperationId id, Duration when, Observer::Asked ask = {}) {
        ask.path = "/a";
        observer->on_asked(at(when), who, id, std::move(ask), 5s);
    }

    std::shared_ptr<core::Lease> grant(ClientNumber who, OperationId id, Duration when,
                                       Duration until, std::int64_t token,
                                       const std::string& node) {
        auto lease = std::make_shared<core::Lease>(at(until), token, core::NodePaths{node});
        lease->kind = token == 0 ? LockKind::shared : LockKind::exclusive;
        core::Grant granted{.lease = lease, .granted_at = at(when), .deadline = at(until)};
        observer->on_done(at(when), who, {id, granted}, genesis);
        observer->check(at(when));
        return lease;
    }

    /// Node 1 of the first client, asked for and granted at one second for ten.
    std::shared_ptr<core::Lease> hold() {
        ask(first, 1, 500ms);
        observer->on_node_created(at(900ms), node_one, first_session, 7);
        return grant(first, 1, 1s, 11s, 7 * 64, node_one);
    }

    void end(const std::shared_ptr<core::Lease>& lease, Duration when, Loss loss,
             ClientNumber who = first, OperationId id = 1) {
        lease->word.latch_dead();
        observer->on_stop(at(when), who, id);
        observer->on_ended(at(when), who, id, loss);
    }

    [[nodiscard]] const std::vector<std::string>& violations() const {
        return journal.violations();
    }

    const std::string node_one = "/a/x-lock-0000000001";
    const std::string node_two = "/a/y-lock-0000000002";
    DriftClock clock{genesis, genesis, 0};
    Journal journal{false};
    Tally tally;
    std::optional<Observer> observer;
};

}  // namespace leasehold::sim
