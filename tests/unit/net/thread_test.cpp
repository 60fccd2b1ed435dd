#include "sdk/net/thread.hpp"

#include <gtest/gtest.h>

#include <array>
#include <pthread.h>
#include <signal.h>
#include <string>

namespace leasehold::net {
namespace {

TEST(Thread, HasItsNameAndHearsNoSignal) {
    std::array<char, 16> name{};
    sigset_t mask{};
    start_thread("leasehold-with-a-long-name", [&] {
        pthread_getname_np(pthread_self(), name.data(), name.size());
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    }).join();
    EXPECT_EQ(std::string(name.data()), "leasehold-with-");
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGCHLD, SIGPIPE, SIGALRM}) {
        EXPECT_EQ(sigismember(&mask, signal), 1) << signal;
    }
}

TEST(Thread, CallersSignalMaskIsLeftAsItWas) {
    sigset_t before{};
    sigset_t after{};
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    start_thread("leasehold", [] {}).join();
    pthread_sigmask(SIG_SETMASK, nullptr, &after);
    for (int signal = 1; signal < 32; ++signal) {
        EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
    }
}

}  // namespace
}  // namespace leasehold::net
