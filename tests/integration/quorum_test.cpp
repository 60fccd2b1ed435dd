// Quorum evidence against real servers: multis of checks that prove a session, from 3.4.8 on, and
// find nodes that are gone.
#include "tests/integration/old_servers.hpp"

#include <boost/asio/use_future.hpp>

namespace leasehold::integration {
namespace {

ClientOptions by_quorum(milliseconds session_timeout) {
    ClientOptions options = ensemble_options(session_timeout);
    options.sync_limit = 1000;  // with the other evidence no lease would be left
    options.lease_evidence = LeaseEvidence::quorum;
    return options;
}

/// A lease that outlasts its session's timeout has been proved again and again. On one server the
/// client's rules are the same if it does not know that the server is alone.
void prove_that_lease_goes_on(const std::string& hosts) {
    const Client us = connect(hosts, by_quorum(5s));
    auto lock = us.lock(fresh_path(), {.wait = 20s, .budget = 3s, .accept_shortened = false});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    const Instant granted = BootClock::now();
    ASSERT_TRUE(eventually([&] {
        const auto extended = lock->extend(3s);
        EXPECT_TRUE(extended.has_value()) << why(extended);
        return !extended || BootClock::now() - granted > 6s;
    }));
    EXPECT_TRUE(lock->valid());
    EXPECT_GT(us.stats().requests, 60U) << "a write each 50 ms";
    EXPECT_EQ(us.stats().sessions, 1U);
}

class QuorumEvidence : public ::testing::TestWithParam<Flavour> {};

INSTANTIATE_TEST_SUITE_P(Servers, QuorumEvidence, ::testing::ValuesIn(flavours), flavour_name);

TEST_P(QuorumEvidence, LeaseGoesOnWhileWritesAreAnswered) {
    prove_that_lease_goes_on(GetParam().servers().connect_string());
}

TEST_P(QuorumEvidence, LockAfterARestHasItsWholeBudget) {
    const Client us = connect(GetParam().servers().connect_string(), by_quorum(4s));
    // Until the creation of the session does not cover a budget any more.
    ASSERT_TRUE(eventually([&] { return us.stats().lease_in_hand < 1s; }));
    auto lock = us.lock(fresh_path(), {.wait = 20s, .budget = 2s, .accept_shortened = false});
    ASSERT_TRUE(lock.has_value()) << why(lock);
}

TEST_P(QuorumEvidence, DeletedNodeIsFoundWithoutAWatch) {
    const Client us = connect(GetParam().servers().connect_string(), by_quorum(10s));
    auto lock = us.lock(fresh_path(), {.wait = 20s, .budget = 5s});
    ASSERT_TRUE(lock.has_value()) << why(lock);
    auto lost = lock->lost(boost::asio::use_future);
    const Client operators = connect(GetParam().servers().connect_string(), ensemble_options());
    ASSERT_TRUE(operators.zookeeper().remove(lock->node()).has_value());
    EXPECT_EQ(lost.get().value(), Loss::node_deleted);
}

class QuorumEvidenceOfOldServers : public OldServers {};

INSTANTIATE_TEST_SUITE_P(Kinds, QuorumEvidenceOfOldServers, ::testing::Values(false, true),
                         [](const auto& kind) { return kind.param ? "Netty" : "Nio"; });

TEST_P(QuorumEvidenceOfOldServers, LeaseGoesOnWhileWritesAreAnswered) {
    prove_that_lease_goes_on(servers->connect_string());
}

}  // namespace
}  // namespace leasehold::integration
