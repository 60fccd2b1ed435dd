#include <leasehold/error.hpp>
#include <leasehold/state.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>

namespace leasehold {
namespace {

using namespace std::chrono_literals;

/// The last enumerator: a new one has to be put here, and gets a text.
constexpr errc last_errc = errc::auth_failed;

TEST(Error, EveryConditionHasATextOfItsOwn) {
    std::set<std::string> texts;
    for (int value = 1; value <= static_cast<int>(last_errc); ++value) {
        const std::string text = make_error_code(static_cast<errc>(value)).message();
        EXPECT_NE(text, "unknown leasehold error") << value;
        EXPECT_TRUE(texts.insert(text).second) << text;
    }
    EXPECT_EQ(make_error_code(static_cast<errc>(static_cast<int>(last_errc) + 1)).message(),
              "unknown leasehold error");
}

TEST(Error, NoSuccessIsAnError) {
    EXPECT_FALSE(std::error_code(0, leasehold_category()));
    EXPECT_NE(Error{}, errc::closed);
}

TEST(Error, ServersCodesKeepTheirNumbers) {
    EXPECT_EQ(make_error_code(zk_errc::no_node).value(), -101);
    EXPECT_EQ(make_error_code(zk_errc::no_node).message(), "no such node");
    EXPECT_EQ(std::string(make_error_code(zk_errc::no_node).category().name()), "zookeeper");
    EXPECT_EQ(make_error_code(static_cast<zk_errc>(-9999)).message(), "ZooKeeper error -9999");
    EXPECT_NE(make_error_code(zk_errc::session_expired), make_error_code(errc::session_expired));
}

TEST(Error, MessageSaysWhoHoldsTheLockAndWhereWeStand) {
    const Error error(make_error_code(errc::wait_expired), {.what = "not free in time",
                                                            .path = "/orders/42",
                                                            .holder = "shop on h1 pid 7",
                                                            .holder_node = "ab-lock-0000000003",
                                                            .position = 2,
                                                            .time_left = 1500ms});
    EXPECT_EQ(error.message(),
              "/orders/42: the lock was not acquired within the wait: not free in time; held by "
              "shop on h1 pid 7, node ab-lock-0000000003; 2 ahead of us; 1500 ms left");
}

TEST(Error, MessageLeavesOutWhatIsUnknown) {
    EXPECT_EQ(Error(errc::closed).message(), "the client is closed");
    EXPECT_EQ(Error(errc::wait_expired).at("/a").message(),
              "/a: the lock was not acquired within the wait");
    EXPECT_EQ(Error(make_error_code(errc::queue_full), {.holder_node = "n-0000000001"}).message(),
              "too many contenders are ahead; held by node n-0000000001");
}

TEST(Error, ForeignTextCannotSteerATerminal) {
    const Error error(make_error_code(errc::wait_expired),
                      {.path = "/a\x1b[2J", .holder = "evil\r\n\x1b]0;title\x07"});
    EXPECT_EQ(error.message().find_first_of("\x1b\r\n\x07"), std::string::npos);
}

TEST(Error, PathIsFilledInOnce) {
    const Error error = Error(errc::timed_out, "slow").at("/a").at("/b");
    EXPECT_EQ(error.context().path, "/a");
    EXPECT_EQ(error.context().what, "slow");
    EXPECT_EQ(error, errc::timed_out);
}

result<void> succeed_or_fail(bool fail) {
    if (fail) {
        return Error(errc::queue_full, "3 ahead");
    }
    return success();
}

result<std::unique_ptr<int>> pass_on(bool fail) {
    BOOST_OUTCOME_TRYV(succeed_or_fail(fail));
    return std::make_unique<int>(42);
}

TEST(Result, FailureIsPassedOnWithItsContext) {
    const auto failed = pass_on(true);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error(), errc::queue_full);
    EXPECT_EQ(failed.error().context().what, "3 ahead");
}

TEST(Result, ValueIsReachedLikeAPointer) {
    auto value = pass_on(false);
    ASSERT_TRUE(value);
    EXPECT_EQ(**value, 42);
    EXPECT_EQ(*value->get(), 42);
    const std::unique_ptr<int> taken = *std::move(value);
    EXPECT_EQ(*taken, 42);
}

TEST(Result, AskingAFailureForItsValueThrowsItsCode) {
    auto failed = pass_on(true);
    for (const auto& ask :
         {+[](result<std::unique_ptr<int>>& r) { static_cast<void>(r.value()); },
          +[](result<std::unique_ptr<int>>& r) { static_cast<void>(*r); },
          +[](result<std::unique_ptr<int>>& r) { static_cast<void>(r->get()); }}) {
        try {
            ask(failed);
            FAIL() << "nothing was thrown";
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), errc::queue_full);
            EXPECT_NE(std::string(error.what()).find("3 ahead"), std::string::npos);
        }
    }
}

TEST(Result, MadeFromNothingItIsAFailure) {
    EXPECT_EQ(result<int>().error(), errc::call_failed);
    EXPECT_EQ(result<void>().error(), errc::call_failed);
}

TEST(State, EveryValueHasAName) {
    for (const auto state : {ClientState::connecting, ClientState::connected, ClientState::jeopardy,
                             ClientState::closed}) {
        EXPECT_NE(to_string(state), "unknown");
    }
    for (const auto loss : {Loss::released, Loss::budget, Loss::deadline, Loss::session_expired,
                            Loss::node_deleted, Loss::closed}) {
        EXPECT_NE(to_string(loss), "unknown");
    }
}

}  // namespace
}  // namespace leasehold
