// A client on a kernel, or in a sandbox, without the clock that counts suspend.
#include "tests/unit/client/fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <mutex>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr auto variable = "LEASEHOLD_TEST_WITHOUT_BOOT_CLOCK";

/// From the start of the process on: the choice of the clock is made once.
const bool has_no_boot_clock = std::getenv(variable) != nullptr;

}  // namespace

/// The C library's, for this program.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
    if (has_no_boot_clock && clock == CLOCK_BOOTTIME) {
        errno = EINVAL;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
}

namespace leasehold::testing_client {
namespace {

using ::testing::HasSubstr;

/// What a client says, and what it allows.
class Story {
public:
    void operator()(const LogRecord& record) {
        const std::lock_guard lock(x_mutex);
        for (const LogField& field : record.fields) {
            x_lines.push_back(std::string(record.event) + ": " + std::string(field.value));
        }
    }
    [[nodiscard]] int count(const std::string& event) {
        const std::lock_guard lock(x_mutex);
        int found = 0;
        for (const std::string& line : x_lines) {
            found += line.starts_with(event + ": ") ? 1 : 0;
        }
        return found;
    }

private:
    std::mutex x_mutex;
    std::vector<std::string> x_lines;
};

class NoBootClockDeathTest : public ServedTest {
protected:
    NoBootClockDeathTest() {
        GTEST_FLAG_SET(death_test_style, "threadsafe");  // the process starts anew
        ::setenv(variable, "1", 1);
    }
    ~NoBootClockDeathTest() override { ::unsetenv(variable); }

    ClientOptions options(milliseconds margin, Story& story) {
        ClientOptions some = fast_options();
        some.margin = margin;
        some.on_log = story;
        return some;
    }
};

TEST_F(NoBootClockDeathTest, ClientWarnsOnceAndDoublesItsMargin) {
    EXPECT_EXIT(
        {
            // With 20 s and no drift to speak of, 9 s twice leave 2 s, and once 11 s.
            Story story;
            Client client = connect(options(9s, story));
            const auto brief = client.lock("/a", {.wait = 5s, .budget = 1s});
            const auto longer = client.lock("/b", {.wait = 5s, .budget = 5s});
            const bool is_right = brief && brief->valid() && !longer &&
                                  longer.error() == errc::budget_refused &&
                                  eventually([&] { return story.count("no_boot_clock") == 1; });
            std::cerr << (longer ? "granted" : longer.error().message()) << std::endl;
            std::_Exit(is_right ? 0 : 1);
        },
        ::testing::ExitedWithCode(0), HasSubstr("0.99 x 20 s - 18 s"));
}

TEST_F(NoBootClockDeathTest, BudgetsEndInTimeAllTheSame) {
    EXPECT_EXIT(
        {
            Story story;
            Client client = connect(options(250ms, story));
            const auto lock = client.lock("/a", {.wait = 5s, .budget = 300ms}).value();
            const bool ends = eventually([&] { return !lock.valid(); }) &&
                              eventually([&] { return nodes_under("/a") == 0; });
            std::_Exit(ends ? 0 : 1);
        },
        ::testing::ExitedWithCode(0), "");
}

using BootClockTest = ServedTest;

TEST_F(BootClockTest, LeavesTheMarginAsItWasGiven) {
    Story story;
    ClientOptions some = fast_options();
    some.margin = 9s;
    some.on_log = story;
    const Client client = connect(some);
    EXPECT_TRUE(client.lock("/b", {.wait = 5s, .budget = 5s}));
    EXPECT_EQ(story.count("no_boot_clock"), 0);
}

}  // namespace
}  // namespace leasehold::testing_client
