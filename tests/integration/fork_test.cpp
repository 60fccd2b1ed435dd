// A forked child holds nothing: its handles are invalid, its calls refused at once, and whatever it
// does, the parent's session goes on.
#include "tests/integration/fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

namespace leasehold::integration {
namespace {

/// The exit status of a child that runs `body` and nothing else of the test.
template <class Body>
int in_child(Body body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(body());
    }
    int status = -1;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Fork, ChildHoldsNothingAndTheParentGoesOn) {
    Client us = connect(one_server().connect_string());
    const Client observer = connect(one_server().connect_string());
    const std::string path = fresh_path();
    auto lock = us.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(lock.has_value()) << why(lock);

    const int faults = in_child([&] {
        int count = 0;
        count += lock->valid() ? 1 : 0;
        count += lock->remaining() == Duration::zero() ? 0 : 2;
        count += fails_with(lock->release(), errc::forked) ? 0 : 4;
        count += fails_with(us.lock(path, {.wait = 10s, .budget = 1s}), errc::forked) ? 0 : 8;
        count += fails_with(us.zookeeper().get("/"), errc::forked) ? 0 : 16;
        count += fails_with(us.close(), errc::forked) ? 0 : 32;
        {
            const ScopedLock dropped = std::move(*lock);
            const Client closed = std::move(us);
        }
        return count;
    });
    EXPECT_EQ(faults, 0);

    EXPECT_TRUE(lock->valid());
    EXPECT_EQ(nodes_under(observer, path), 1);
    EXPECT_TRUE(stays([&] { return us.state() == ClientState::connected; }, 300ms))
        << "the child wrote to our connection";
    EXPECT_EQ(us.stats().reconnects, 0U);
    ASSERT_TRUE(lock->release().has_value());
    EXPECT_EQ(nodes_under(observer, path), 0);
}

}  // namespace
}  // namespace leasehold::integration
