// Shared locks on the servers that users test with.
#include "tests/unit/embedded/fixture.hpp"

#include <boost/asio/use_future.hpp>

#include <future>

namespace leasehold::embedded_test {
namespace {

constexpr LockOptions patiently{.wait = 60s, .budget = 3s};

class EmbeddedShared : public Embedded {
protected:
    [[nodiscard]] bool becomes_nodes(std::size_t count) {
        return eventually([&] {
            const auto names = second.zookeeper().children("/report");
            return names && names->names.size() == count;
        });
    }

    Client first = connect(server);
    Client second = connect(server);
};

TEST_F(EmbeddedShared, ReadersHoldTogether_AndAWriterWaitsItsTurn) {
    auto reading = first.lock_shared("/report", patiently).value();
    auto beside = second.lock_shared("/report", patiently).value();
    EXPECT_TRUE(reading.valid() && beside.valid());
    EXPECT_EQ(reading.token(), 0);
    auto writing = second.async_lock("/report", patiently, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(3));
    auto late = first.async_lock_shared("/report", patiently, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(4));
    ASSERT_TRUE(beside.release());
    EXPECT_EQ(writing.wait_for(100ms), std::future_status::timeout) << "one reader is left";
    ASSERT_TRUE(reading.release());
    auto written = writing.get().value();
    EXPECT_GT(written.token(), 0);
    EXPECT_EQ(late.wait_for(100ms), std::future_status::timeout) << "granted beside a writer";
    ASSERT_TRUE(written.release());
    EXPECT_EQ(late.get().value().kind(), LockKind::shared);
}

TEST_F(EmbeddedShared, SessionExpires_AndSoDoesTheShare) {
    const auto reading = first.lock_shared("/report", patiently).value();
    server.expire_all_sessions();
    EXPECT_TRUE(eventually([&] { return !reading.valid(); }));
    const auto written = second.lock("/report", patiently);
    EXPECT_TRUE(written.has_value()) << why(written);
}

}  // namespace
}  // namespace leasehold::embedded_test
