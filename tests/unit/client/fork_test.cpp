// A forked child holds nothing: it has neither the threads nor the session of its parent.
#include "tests/unit/client/fixture.hpp"

#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;

/// Runs `body` in a forked child; its return value is the exit code. 99 if it did not end in time.
int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(30);
        ::_exit(body());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

class Fork : public ServedTest {
protected:
    std::optional<Client> x_client = connect();
};

/// The ones whose child starts a thread.
class ForkWithThreads : public Fork {
protected:
    void SetUp() override {
#ifdef __SANITIZE_THREAD__
        GTEST_SKIP() << "ThreadSanitizer ends a forked child that starts a thread";
#endif
    }
};

TEST_F(Fork, LockIsInvalidInTheChildAndValidInTheParent) {
    const auto lock = x_client->lock("/orders/42").value();
    EXPECT_EQ(in_child([&] {
                  return lock.valid() || lock.remaining() != Duration::zero() ||
                         lock.deadline() != Instant::min();
              }),
              0);
    EXPECT_TRUE(lock.valid());
}

TEST_F(ForkWithThreads, EveryOperationIsRefusedInTheChildAtOnce) {
    auto lock = x_client->lock("/orders/42").value();
    auto watched = x_client->zookeeper().exists_watched("/w").value();
    EXPECT_EQ(in_child([&] {
                  int bad = 0;
                  const auto expect = [&](const auto& answer) {
                      bad += answer || answer.error() != errc::forked ? 1 : 0;
                  };
                  expect(x_client->lock("/a"));
                  expect(x_client->wait_connected(10s));
                  expect(x_client->contenders("/a"));
                  expect(x_client->add_auth("digest", "a:b"));
                  expect(x_client->close());
                  expect(x_client->zookeeper().get("/a"));
                  expect(lock.release());
                  expect(lock.extend(1s));
                  expect(lock.call([] {}));
                  expect(watched.watch.wait(10s));
                  expect(x_client->async_lock("/a", {}, asio::use_future).get());
                  expect(lock.lost(asio::use_future).get());
                  bad += x_client->state() == ClientState::closed ? 0 : 1;
                  bad += x_client->stats().sessions == 0 ? 0 : 1;
                  return bad;
              }),
              0);
    EXPECT_TRUE(lock.valid());
    EXPECT_TRUE(x_client->zookeeper().sync());
}

TEST_F(Fork, DestructorsInTheChildLeaveTheParentAlone) {
    std::optional<ScopedLock> lock = x_client->lock("/orders/42").value();
    std::optional<Watched<std::optional<Stat>>> watched =
        x_client->zookeeper().exists_watched("/w").value();
    EXPECT_EQ(in_child([&] {
                  watched.reset();
                  lock.reset();
                  x_client.reset();
                  return 0;
              }),
              0);
    EXPECT_TRUE(lock->valid());
    EXPECT_TRUE(x_client->zookeeper().create("/w")) << "the parent's connection still works";
    EXPECT_EQ(watched->watch.wait(15s).value().type, WatchEventType::created);
    EXPECT_EQ(nodes_under("/orders/42"), 1u);
    EXPECT_EQ(sessions(), 1u);
}

TEST_F(ForkWithThreads, ChildMayConnectAnew) {
    const auto lock = x_client->lock("/orders/42").value();
    EXPECT_EQ(in_child([&] {
                  const auto own = Client::connect(x_server.address(), fast_options());
                  if (!own || !own->wait_connected(20s)) {
                      return 1;
                  }
                  const auto other = own->lock("/orders/43");
                  const auto same = own->lock("/orders/42", {.wait = 0ms, .budget = 1s});
                  return other && other->valid() && !same && !lock.valid() ? 0 : 2;
              }),
              0);
    EXPECT_TRUE(lock.valid());
}

TEST_F(Fork, InsideAGuardedCall) {
    auto lock = x_client->lock("/orders/42").value();
    const auto call = lock.call([&](const CallContext& context) {
        return in_child([&] { return context.valid() ? 1 : 0; });
    });
    EXPECT_EQ(call.value(), 0);
}

}  // namespace
}  // namespace leasehold::testing_client
