#include "sdk/cli/child_process.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace leasehold::cli {
namespace {

TEST(ChildEnd, HasTheExitCodeOfAShell) {
    EXPECT_EQ((ChildEnd{0, false, 0}.exit_code()), 0);
    EXPECT_EQ((ChildEnd{7, false, 0}.exit_code()), 7);
    EXPECT_EQ((ChildEnd{255, false, 0}.exit_code()), 255);
    EXPECT_EQ((ChildEnd{SIGTERM, true, 0}.exit_code()), 143);
    EXPECT_EQ((ChildEnd{SIGKILL, true, 0}.exit_code()), 137);
    EXPECT_EQ((ChildEnd{127, false, ENOENT}.exit_code()), 127);
    EXPECT_EQ((ChildEnd{127, false, EACCES}.exit_code()), 126);
}

TEST(Signals, OnlyRequestsToEndEndAWait) {
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
        EXPECT_TRUE(is_request_to_end(number)) << number;
    }
    for (const int number : {0, SIGCHLD, SIGTSTP, SIGCONT, SIGTTOU}) {
        EXPECT_FALSE(is_request_to_end(number)) << number;
    }
}

}  // namespace
}  // namespace leasehold::cli
