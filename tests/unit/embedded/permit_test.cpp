// Semaphores on the servers that users test with.
#include "tests/unit/embedded/fixture.hpp"

#include <boost/asio/use_future.hpp>

#include <future>
#include <vector>

namespace leasehold::embedded_test {
namespace {

constexpr LockOptions patiently(int permits) {
    LockOptions options{.wait = 60s, .budget = 3s};
    options.permits = permits;
    return options;
}

class EmbeddedPermits : public Embedded {
protected:
    [[nodiscard]] bool becomes_nodes(std::size_t count) {
        return eventually([&] {
            const auto names = second.zookeeper().children("/printers");
            return names && names->names.size() == count;
        });
    }

    Client first = connect(server);
    Client second = connect(server);
};

TEST_F(EmbeddedPermits, AsManyAsThereAreHoldTogether_AndTheNextWaitsItsTurn) {
    auto one = first.acquire_permit("/printers", patiently(2)).value();
    auto two = second.acquire_permit("/printers", patiently(2)).value();
    EXPECT_GT(two.token(), one.token());
    auto third = second.async_acquire_permit("/printers", patiently(2), boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(3));
    auto fourth = first.async_acquire_permit("/printers", patiently(2), boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(4));
    EXPECT_EQ(third.wait_for(100ms), std::future_status::timeout) << "both permits are out";
    ASSERT_TRUE(two.release());
    const auto three = third.get().value();
    EXPECT_TRUE(one.valid() && three.valid());
    EXPECT_GT(three.token(), two.token());
    EXPECT_EQ(fourth.wait_for(100ms), std::future_status::timeout) << "there are two permits";
    ASSERT_TRUE(one.release());
    EXPECT_GT(fourth.get().value().token(), three.token());
    const auto refused = first.acquire_permit("/printers", patiently(3));
    EXPECT_TRUE(fails_with(refused, errc::permits_disagree)) << why(refused);
}

TEST_F(EmbeddedPermits, SessionExpires_AndSoDoesThePermit) {
    const auto permit = first.acquire_permit("/printers", patiently(1)).value();
    server.expire_all_sessions();
    EXPECT_TRUE(eventually([&] { return !permit.valid(); }));
    const auto next = second.acquire_permit("/printers", patiently(1));
    EXPECT_TRUE(next.has_value()) << why(next);
}

TEST_F(EmbeddedPermits, NumbersThatAreNoneAreRefusedWithNothingWritten) {
    for (const int number : {0, -1, -2'147'483'647}) {
        EXPECT_TRUE(fails_with(first.acquire_permit("/printers", patiently(number)),
                               errc::invalid_argument));
    }
    EXPECT_FALSE(second.zookeeper().exists("/printers").value().has_value());
}

}  // namespace
}  // namespace leasehold::embedded_test
