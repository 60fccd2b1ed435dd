// Downgrade on real servers: those who share come in, nobody else does.
#include "tests/integration/fixture.hpp"

#include <boost/asio/use_future.hpp>

#include <future>

namespace leasehold::integration {
namespace {

namespace asio = boost::asio;

constexpr LockOptions patiently{.wait = 60s, .budget = 7s};

using Downgrade = TwoClients;

INSTANTIATE_TEST_SUITE_P(Servers, Downgrade, ::testing::Values(flavours[0], flavours[2]),
                         flavour_name);

TEST_P(Downgrade, ReadersComeIn_AndTheWriterBehindThemWaitsForAll) {
    auto holder = us.lock(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    auto reading = other.async_lock_shared(path, patiently, asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    auto writing = other.async_lock(path, patiently, asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 3));
    auto late = observer.async_lock_shared(path, patiently, asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 4));
    EXPECT_TRUE(still_waits(reading)) << "granted beside an exclusive holder";
    const auto downgraded = holder->downgrade();
    ASSERT_TRUE(downgraded.has_value()) << why(downgraded);
    EXPECT_EQ(holder->kind(), LockKind::shared);
    EXPECT_EQ(holder->token(), 0);
    auto read = reading.get();
    ASSERT_TRUE(read.has_value()) << why(read);
    EXPECT_TRUE(holder->valid() && read->valid()) << "together";
    EXPECT_TRUE(still_waits(late)) << "a writer came before it";
    ASSERT_TRUE(holder->release().has_value());
    EXPECT_TRUE(still_waits(writing)) << "a reader still holds";
    ASSERT_TRUE(read->release().has_value());
    auto written = writing.get();
    ASSERT_TRUE(written.has_value()) << why(written);
    EXPECT_GT(written->token(), 0);
    ASSERT_TRUE(written->release().has_value());
    EXPECT_TRUE(late.get().has_value());
}

TEST_P(Downgrade, WhoComesLater_PassesAtOnce) {
    auto holder = us.lock(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    EXPECT_EQ(other.lock_shared(path, {.wait = 0ms, .budget = 1s}).error(), errc::wait_expired);
    ASSERT_TRUE(holder->downgrade().has_value());
    const auto read = other.lock_shared(path, {.wait = 0ms, .budget = 1s});
    EXPECT_TRUE(read.has_value()) << why(read);
    EXPECT_EQ(other.lock(path, {.wait = 0ms, .budget = 1s}).error(), errc::wait_expired);
    const auto contenders = observer.contenders(path);
    ASSERT_TRUE(contenders.has_value()) << why(contenders);
    EXPECT_TRUE(contenders->at(0).is_downgraded);
    EXPECT_TRUE(contenders->at(0).is_held && contenders->at(1).is_held);
}

}  // namespace
}  // namespace leasehold::integration
