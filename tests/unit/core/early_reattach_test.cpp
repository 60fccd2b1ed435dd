// After a gap a connection is no evidence for a long while, and a new one is at once: who waits for
// nothing but evidence is not left waiting for it.
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

/// Delta, and with it the quarantine after a gap, is 13 s; 6.55 s of lease are in hand after each
/// answer.
class EarlyReattach : public EngineBench {
protected:
    static constexpr LockOptions patient{.wait = 60s, .budget = 4s};
    /// Longer than what is in hand lasts, shorter than what makes a server silent (T/3).
    static constexpr Duration stopped = 6400ms;

    EarlyReattach()
        : EngineBench({}, support::test_settings({.session_timeout = 20s,
                                                  .tick = 1s,
                                                  .sync_limit = 10,
                                                  .server_version = "3.8.0"})) {
        world.run_for(30s);  // the creation of the session is no evidence any more
    }
};

TEST_F(EarlyReattach, FirstInTheQueueIsGrantedSoonAfterItWasStopped) {
    hold(b, patient);
    const OperationId id = queue(a, patient);
    a.pause(stopped);
    world.run_for(stopped);  // the holder's budget ends meanwhile
    ASSERT_EQ(contenders(), 1u);
    EXPECT_TRUE(answered(a, id, 500ms)) << "not only when the quarantine is over";
    EXPECT_EQ(a.stats().reconnects, 1u);
    EXPECT_EQ(a.stats().sessions, 1u);
}

TEST_F(EarlyReattach, OnceInAQuarantine) {
    hold(b, patient);
    const OperationId first = queue(a, patient);
    a.pause(stopped);
    world.run_for(stopped);
    ASSERT_TRUE(answered(a, first, 500ms));
    a.release(first);
    a.pause(stopped);
    world.run_for(stopped);
    const OperationId second = a.acquire("/q", patient);
    world.run_for(2s);
    EXPECT_EQ(a.stats().reconnects, 1u);
    EXPECT_TRUE(answered(a, second, 13s));
}

TEST_F(EarlyReattach, NotWhereNobodyWaitsForEvidence) {
    a.pause(stopped);
    world.run_for(stopped + 2s);
    EXPECT_EQ(a.stats().gaps, 1u);
    EXPECT_EQ(a.stats().reconnects, 0u);
}

TEST_F(EarlyReattach, SlowEnsembleIsNotAnsweredWithReconnects) {
    a.link_options = {.min_delay = 600ms, .max_delay = 600ms};  // longer than G, there and back
    world.run_for(10s);
    const OperationId id = a.acquire("/q", patient);
    world.run_for(20s);
    EXPECT_EQ(a.about<AcquireDone>(id), nullptr);
    EXPECT_EQ(a.stats().reconnects, 0u);
}

}  // namespace
}  // namespace leasehold::core
