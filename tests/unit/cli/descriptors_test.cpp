#include "sdk/cli/descriptors.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace leasehold::cli {
namespace {

bool is_closed_by_exec(const Descriptor& descriptor) {
    return (::fcntl(descriptor.number(), F_GETFD) & FD_CLOEXEC) != 0;
}

TEST(Descriptors, WhatWasOpenedLaterIsNotForTheCommand) {
    const Descriptor before(::open("/dev/null", O_RDONLY));
    const Descriptor far_before(::fcntl(before.number(), F_DUPFD, 200));
    const InheritedDescriptors inherited;
    const Descriptor between(::fcntl(before.number(), F_DUPFD, 100));
    const Descriptor after(::fcntl(before.number(), F_DUPFD, 300));

    inherited.close_others_on_exec();

    EXPECT_FALSE(is_closed_by_exec(before));
    EXPECT_FALSE(is_closed_by_exec(far_before));
    EXPECT_TRUE(is_closed_by_exec(between));
    EXPECT_TRUE(is_closed_by_exec(after));
    EXPECT_EQ(::fcntl(STDERR_FILENO, F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Descriptors, AChannelKeepsMessagesApartAndIsClosedByExec) {
    auto channel = make_channel();
    ASSERT_TRUE(channel);
    EXPECT_TRUE(is_closed_by_exec(channel->ours));
    EXPECT_TRUE(is_closed_by_exec(channel->theirs));
    ASSERT_EQ(::write(channel->ours.number(), "ab", 2), 2);
    ASSERT_EQ(::write(channel->ours.number(), "c", 1), 1);
    char buffer[8];
    EXPECT_EQ(::read(channel->theirs.number(), buffer, sizeof buffer), 2);
    EXPECT_EQ(::read(channel->theirs.number(), buffer, sizeof buffer), 1);
    channel->ours.reset();
    EXPECT_EQ(::read(channel->theirs.number(), buffer, sizeof buffer), 0);
}

TEST(Descriptors, ClosedStandardStreamsAreOpenedOnDevNull) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::close(STDIN_FILENO);
        ::close(STDERR_FILENO);
        open_standard_streams();
        const bool open =
            ::fcntl(STDIN_FILENO, F_GETFD) == 0 && ::fcntl(STDERR_FILENO, F_GETFD) == 0;
        ::_exit(open ? 0 : 1);
    }
    int status = 1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace leasehold::cli
