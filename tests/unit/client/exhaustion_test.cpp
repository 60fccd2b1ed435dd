// When the process has no descriptor left, and when it ends without having put anything away.
#include "tests/unit/client/fixture.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <sys/resource.h>

namespace leasehold::testing_client {
namespace {

/// Lets this process open nothing more.
class NoDescriptors {
public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &x_before);
        rlimit none = x_before;
        none.rlim_cur = 0;
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &x_before); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

private:
    rlimit x_before{};
};

class Exhaustion : public ServedTest {
protected:
    void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
        GTEST_SKIP()
            << "UndefinedBehaviorSanitizer, which is on as well, needs a descriptor to look "
               "at an object's type, and takes its lack for a wrong type";
#endif
    }
};

TEST_F(Exhaustion, NewClientSaysThatThereIsNoDescriptor) {
    const NoDescriptors none;
    const auto client = Client::connect(x_server.address(), fast_options());
    ASSERT_FALSE(client);
    EXPECT_NE(client.error().message().find("Too many open files"), std::string::npos)
        << client.error().message();
}

TEST_F(Exhaustion, ClientThatCannotConnectAgainSaysWhyAndGoesOnWhenItCan) {
    Client client = connect();
    auto held = client.lock("/held").value();
    {
        const NoDescriptors none;
        x_server.cut();
        ASSERT_TRUE(eventually([&] { return client.state() == ClientState::jeopardy; }));
        EXPECT_TRUE(held.valid()) << "its lease goes on";
        const auto refused = client.lock("/other", {.wait = 300ms, .budget = 1s});
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message().find("Too many open files"), std::string::npos)
            << refused.error().message();
    }
    EXPECT_TRUE(client.wait_connected(patient(15s)));
    EXPECT_TRUE(held.valid());
    EXPECT_TRUE(client.lock("/other"));
}

using ExitDeathTest = ServedTest;

TEST_F(ExitDeathTest, LockAndClientThatAreStaticDoNotHinderTheEnd) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            static Client client = connect();
            static ScopedLock lock = client.lock("/q").value();
            std::exit(lock.valid() ? 0 : 1);
        },
        ::testing::ExitedWithCode(0), "");
}

TEST_F(ExitDeathTest, LockThatOutlivesItsStaticClientDoesNotEither) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            static std::optional<ScopedLock> lock;
            static Client client = connect();
            lock.emplace(client.lock("/q").value());
            std::exit(lock->valid() ? 0 : 1);
        },
        ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace leasehold::testing_client
