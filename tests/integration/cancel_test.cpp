// An acquisition is cancelled, at every stage of it: the caller hears of it at once, and neither a
// node nor a watch stays on the server.
#include "tests/integration/fixture.hpp"
#include "tests/integration/parcel.hpp"
#include "tests/support/cutting_proxy.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>

#include <functional>
#include <mutex>

namespace leasehold::integration {
namespace {

namespace asio = boost::asio;
using wire::Opcode;

/// Cancelling takes at most 10 ms; the rest is for threads that wait for a busy machine's cores.
constexpr milliseconds prompt{10 + 240};

/// One acquisition and its cancellation, from any thread.
class Attempt {
public:
    Attempt(const Client& client, const std::string& path, const LockOptions& options) {
        // The signal is not thread-safe: starting and cancelling exclude each other.
        const std::lock_guard lock(x_mutex);
        client.async_lock(path, options,
                          asio::bind_cancellation_slot(
                              x_signal.slot(), [parcel = x_parcel](result<ScopedLock> answer) {
                                  parcel.deliver({std::move(answer), BootClock::now()});
                              }));
    }

    void cancel() {
        const std::lock_guard lock(x_mutex);
        x_cancelled = BootClock::now();
        x_signal.emit(asio::cancellation_type::total);
    }

    [[nodiscard]] result<ScopedLock> answer() {
        Answer answer = x_parcel.receive();
        x_answered = answer.when;
        return std::move(answer.lock);
    }
    /// From the cancellation to the answer that was received.
    [[nodiscard]] Duration took() const { return x_answered - x_cancelled; }

private:
    struct Answer {
        result<ScopedLock> lock;
        Instant when;
    };

    std::mutex x_mutex;
    asio::cancellation_signal x_signal;
    Parcel<Answer> x_parcel;
    Instant x_cancelled{};
    Instant x_answered{};
};

void expect_cancelled(Attempt& attempt) {
    attempt.cancel();
    EXPECT_TRUE(fails_with(attempt.answer(), errc::cancelled));
    EXPECT_LE(in_ms(attempt.took()), patient(prompt).count());
}

class Cancel : public ::testing::Test {
protected:
    void TearDown() override {
        proxy.judge({});
        proxy.black_hole(false);
        proxy.refuse(false);
        proxy.release();
        EXPECT_TRUE(eventually([&] {
            const ClientStats stats = us.stats();
            return stats.nodes_to_delete == 0 && stats.locks_waiting == 0 && stats.watches == 0;
        }));
        ASSERT_TRUE(us.close().has_value());
        ASSERT_TRUE(other.close().has_value());
        EXPECT_TRUE(nothing_left(one_server()));
    }

    CuttingProxy proxy{one_server().server().port()};
    Client us = connect(proxy.connect_string(), standalone_options(5s));
    Client other = connect(one_server().connect_string());
    const std::string path = existing_path(other);
    const LockOptions patiently{.wait = 60s, .budget = 2s};
};

TEST_F(Cancel, WhileNobodyListens) {
    proxy.refuse(true);
    ClientOptions options = standalone_options();
    const auto lonely = Client::connect(proxy.connect_string(), options);
    ASSERT_TRUE(lonely.has_value()) << why(lonely);
    Attempt attempt(*lonely, path, patiently);
    ASSERT_TRUE(eventually([&] { return lonely->stats().connects >= 2; }));
    expect_cancelled(attempt);
    EXPECT_EQ(lonely->stats().locks_waiting, 0U);
}

TEST_F(Cancel, WhileTheServerDoesNotAnswerTheConnectRequest) {
    proxy.black_hole(true);
    const auto lonely = Client::connect(proxy.connect_string(), standalone_options());
    ASSERT_TRUE(lonely.has_value()) << why(lonely);
    Attempt attempt(*lonely, path, patiently);
    ASSERT_TRUE(eventually([&] { return lonely->stats().connects >= 1; }));
    expect_cancelled(attempt);
}

/// Holds back the first frame of a kind, and cancels while it is held back.
struct HeldFrame {
    const char* name;
    bool is_busy;  ///< somebody holds the lock
    std::function<bool(const ProxyFrame&)> applies;
};

void PrintTo(const HeldFrame& frame, std::ostream* out) {
    *out << frame.name;
}

class CancelAt : public Cancel, public ::testing::WithParamInterface<HeldFrame> {};

const HeldFrame held_frames[] = {
    {"CreateNotSent", false, [](const ProxyFrame& f) { return f.is_request(Opcode::create); }},
    {"CreateNotAnswered", false, [](const ProxyFrame& f) { return f.is_reply(Opcode::create); }},
    {"ListNotAnswered", false,
     [](const ProxyFrame& f) {
         return f.is_reply(Opcode::get_children) || f.is_reply(Opcode::get_children2);
     }},
    {"BusyCreateNotAnswered", true, [](const ProxyFrame& f) { return f.is_reply(Opcode::create); }},
    {"WatchNotSent", true, [](const ProxyFrame& f) { return f.is_request(Opcode::get_data); }},
    {"WatchNotAnswered", true, [](const ProxyFrame& f) { return f.is_reply(Opcode::get_data); }},
};

INSTANTIATE_TEST_SUITE_P(Stages, CancelAt, ::testing::ValuesIn(held_frames),
                         [](const auto& frame) { return std::string(frame.param.name); });

TEST_P(CancelAt, IsAnsweredAtOnceAndLeavesNothing) {
    auto held = GetParam().is_busy ? other.lock(path, {.wait = 10s, .budget = 8s})
                                   : result<ScopedLock>(errc::cancelled);
    ASSERT_EQ(held.has_value(), GetParam().is_busy) << why(held);
    proxy.judge(first_time(GetParam().applies, Verdict::hold));
    {
        Attempt attempt(us, path, patiently);
        ASSERT_TRUE(eventually([&] { return proxy.judged() == 1; }));
        expect_cancelled(attempt);
    }
    proxy.release();
    EXPECT_TRUE(becomes_nodes(other, path, GetParam().is_busy ? 1 : 0));
}

TEST_P(CancelAt, AndTheConnectionBreaks_LeavesNothing) {
    auto held = GetParam().is_busy ? other.lock(path, {.wait = 10s, .budget = 8s})
                                   : result<ScopedLock>(errc::cancelled);
    ASSERT_EQ(held.has_value(), GetParam().is_busy) << why(held);
    proxy.judge(first_time(GetParam().applies, Verdict::hold));
    {
        Attempt attempt(us, path, patiently);
        ASSERT_TRUE(eventually([&] { return proxy.judged() == 1; }));
        expect_cancelled(attempt);
    }
    proxy.cut_all();
    EXPECT_TRUE(eventually([&] { return us.stats().reconnects == 1; }));
    EXPECT_TRUE(becomes_nodes(other, path, GetParam().is_busy ? 1 : 0));
}

TEST_F(Cancel, WhileQueued_GoesAndLetsOthersPass) {
    auto held = other.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    Attempt attempt(us, path, patiently);
    ASSERT_TRUE(eventually([&] { return us.stats().watches == 2; }));
    const Client third = connect(one_server().connect_string());
    auto behind = third.async_lock(path, patiently, asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 3));
    expect_cancelled(attempt);
    EXPECT_TRUE(becomes_nodes(other, path, 2));
    ASSERT_TRUE(held->release().has_value());
    auto passed = behind.get();
    ASSERT_TRUE(passed.has_value()) << why(passed);
    ASSERT_TRUE(passed->release().has_value());
}

TEST_F(Cancel, WhileQueuedBehindAThreadOfOurs_LeavesTheOtherThreadsItsLock) {
    auto held = us.lock(path, {.wait = 10s, .budget = 4s});
    ASSERT_TRUE(held.has_value()) << why(held);
    Attempt attempt(us, path, patiently);
    ASSERT_TRUE(eventually([&] { return us.stats().locks_waiting == 1; }));
    expect_cancelled(attempt);
    EXPECT_TRUE(held->valid());
    EXPECT_EQ(nodes_under(other, path), 1);
    ASSERT_TRUE(held->release().has_value());
}

TEST_F(Cancel, WhileParentsAreBeingMade) {
    proxy.judge(on_reply(Opcode::create_container, Verdict::hold));
    {
        Attempt attempt(us, path + "/a/b", patiently);
        ASSERT_TRUE(eventually([&] { return proxy.judged() == 1; }));
        expect_cancelled(attempt);
    }
    proxy.release();
    EXPECT_TRUE(becomes_nodes(other, path + "/a/b", 0));
}

TEST_F(Cancel, AtEachFrame_IsGrantedOrCancelledAndLeavesNothing) {
    // The cancellation races with the very frame that may bring the grant.
    int granted = 0;
    for (std::size_t stop_at = 0; stop_at < 6; ++stop_at) {
        std::size_t seen = 0;
        std::function<void()> cancel;
        std::mutex mutex;
        proxy.judge([&](const ProxyFrame& frame) {
            if (frame.op != Opcode::ping && seen++ == stop_at) {
                const std::lock_guard lock(mutex);
                if (cancel) {
                    cancel();
                }
            }
            return Verdict::forward;
        });
        std::unique_lock lock(mutex);
        Attempt attempt(us, path, patiently);
        cancel = [&] { attempt.cancel(); };
        lock.unlock();
        auto answer = attempt.answer();
        proxy.judge({});
        if (answer) {
            ++granted;
            EXPECT_TRUE(answer->release().has_value());
        } else {
            EXPECT_TRUE(fails_with(answer, errc::cancelled));
        }
        EXPECT_TRUE(becomes_nodes(other, path, 0)) << "cancelled at frame " << stop_at;
    }
    EXPECT_GT(granted, 0) << "the last rounds have no frame left to be cancelled at";
}

}  // namespace
}  // namespace leasehold::integration
