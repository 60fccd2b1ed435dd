#include "sdk/net/boot_timer.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <vector>

namespace leasehold::net {
namespace {

using namespace std::chrono_literals;

class BootTimerTest : public testing::Test {
protected:
    /// Runs until the timer has been heard once at or after `when`.
    Instant fired_at(Instant when) {
        for (;;) {
            x_io.run_one();
            if (x_fired.empty()) {
                continue;
            }
            if (x_fired.back() >= when) {
                return x_fired.back();
            }
        }
    }

    boost::asio::io_context x_io;
    std::vector<Instant> x_fired;
    BootTimer x_timer{x_io, [this] { x_fired.push_back(BootClock::now()); }};
};

TEST_F(BootTimerTest, FiresAtItsInstantAndNotBefore) {
    const Instant when = BootClock::now() + 30ms;
    x_timer.arm(when);
    x_io.run_one();
    ASSERT_EQ(x_fired.size(), 1u);
    EXPECT_GE(x_fired.front(), when);
}

TEST_F(BootTimerTest, InstantThatHasPassedFiresAtOnce) {
    x_timer.arm(Instant{} - 5s);
    x_io.run_one();
    EXPECT_EQ(x_fired.size(), 1u);
}

TEST_F(BootTimerTest, EarlierInstantReplacesALaterOne) {
    x_timer.arm(BootClock::now() + 1h);
    const Instant when = BootClock::now() + 10ms;
    x_timer.arm(when);
    EXPECT_GE(fired_at(when), when);
}

TEST_F(BootTimerTest, LaterInstantReplacesAnEarlierOne) {
    x_timer.arm(BootClock::now() + 10ms);
    const Instant when = BootClock::now() + 60ms;
    x_timer.arm(when);
    fired_at(when);
    EXPECT_EQ(x_fired.size(), 1u);
}

TEST_F(BootTimerTest, EarlierInstantReplacesOneThatWasPutOff) {
    x_timer.arm(BootClock::now() + 10ms);
    x_timer.arm(BootClock::now() + 1h);
    x_io.run_for(30ms);
    ASSERT_TRUE(x_fired.empty());
    const Instant when = BootClock::now() + 10ms;
    x_timer.arm(when);
    EXPECT_GE(fired_at(when), when);
}

TEST_F(BootTimerTest, SameInstantAgainAfterItFiredIsArmedAgain) {
    const Instant when = BootClock::now() + 5ms;
    x_timer.arm(when);
    fired_at(when);
    x_timer.arm(when);
    x_io.run_one();
    EXPECT_EQ(x_fired.size(), 2u);
}

TEST_F(BootTimerTest, DisarmedTimerStaysSilent) {
    x_timer.arm(BootClock::now() + 5ms);
    x_timer.arm(Instant::max());
    x_io.run_for(50ms);
    EXPECT_TRUE(x_fired.empty());
}

TEST_F(BootTimerTest, MayBeArmedFromItsOwnHandler) {
    int left = 3;
    BootTimer* self = nullptr;
    BootTimer chain(x_io, [&] {
        if (--left > 0) {
            self->arm(BootClock::now() + 1ms);
        }
    });
    self = &chain;
    chain.arm(BootClock::now());
    while (left > 0) {
        x_io.run_one();
    }
    EXPECT_EQ(left, 0);
}

/// From now on timers cannot be made on the boot clock, as on a kernel or in a sandbox without it.
bool forbid_boot_timers() {
    constexpr auto number = static_cast<unsigned>(offsetof(seccomp_data, nr));
    constexpr auto clock = static_cast<unsigned>(offsetof(seccomp_data, args[0]));
    std::array<sock_filter, 6> filter{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_timerfd_create, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, clock),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_BOOTTIME, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{filter.size(), filter.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

using BootTimerDeathTest = BootTimerTest;

TEST_F(BootTimerDeathTest, WithoutTheBootClockItRunsOnTheMonotonicOne) {
    EXPECT_EXIT(
        {
            if (!forbid_boot_timers()) {
                std::exit(0);  // this kernel has no filters
            }
            boost::asio::io_context io;
            Instant fired{};
            BootTimer timer(io, [&] { fired = BootClock::now(); });
            const Instant when = BootClock::now() + 20ms;
            timer.arm(when);
            while (fired < when) {
                io.run_one();
            }
            std::exit(fired < when + 5s ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace leasehold::net
