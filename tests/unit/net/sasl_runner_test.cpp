// Mechanisms that answer when the test says so: the loop never waits for them, and nothing that
// comes late is taken for something of now.
#include "sdk/net/sasl_runner.hpp"

#include "tests/support/answers.hpp"
#include "tests/unit/net/fixture.hpp"
#include "tests/unit/net/gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::net {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct Counts {
    std::atomic<int> opened{0};
    std::atomic<int> alive{0};
};

/// Echoes behind a gate.
class GatedClient final : public SaslClient {
public:
    GatedClient(std::string server, std::shared_ptr<Gate> gate, std::shared_ptr<Counts> counts)
        : x_server(std::move(server)), x_gate(std::move(gate)), x_counts(std::move(counts)) {
        ++x_counts->opened;
        ++x_counts->alive;
    }
    ~GatedClient() override { --x_counts->alive; }

    result<core::SaslMove> begin() override {
        x_gate->pass();
        return core::SaslMove{.token = core::Secret("hello " + x_server)};
    }
    result<core::SaslMove> proceed(std::string_view challenge) override {
        x_gate->pass();
        return core::SaslMove{.token = core::Secret(challenge), .is_done = true};
    }

private:
    const std::string x_server;
    const std::shared_ptr<Gate> x_gate;
    const std::shared_ptr<Counts> x_counts;
};

class SaslRunnerTest : public Loop {
protected:
    ~SaslRunnerTest() override { gate->open(); }

    OpenSaslClient opener() {
        return [gate = gate,
                counts = counts](const std::string& server) -> result<std::unique_ptr<SaslClient>> {
            return std::unique_ptr<SaslClient>(std::make_unique<GatedClient>(server, gate, counts));
        };
    }
    SaslRunner::Handler note() {
        return [this](result<core::SaslMove> move) {
            heard.push_back(move ? std::string(move->token.value().text()) : support::why(move));
        };
    }
    void settle() {
        x_io.restart();
        while (x_io.run_one_for(100ms) != 0) {
        }
    }

    std::shared_ptr<Gate> gate = std::make_shared<Gate>();
    std::shared_ptr<Counts> counts = std::make_shared<Counts>();
    std::vector<std::string> heard;
};

TEST_F(SaslRunnerTest, Conversation) {
    gate->open();
    SaslRunner runner(x_io, opener());
    runner.begin("zk1", note());
    EXPECT_THAT(heard, IsEmpty()) << "told inside the call";
    run_until([&] { return heard.size() == 1; });
    runner.proceed("nonce", note());
    run_until([&] { return heard.size() == 2; });
    EXPECT_THAT(heard, ElementsAre("hello zk1", "nonce"));
    EXPECT_EQ(counts->opened, 1);
}

TEST_F(SaslRunnerTest, FailureToOpenIsTheAnswer) {
    SaslRunner runner(x_io, [](const std::string&) -> result<std::unique_ptr<SaslClient>> {
        return Error{errc::auth_failed, "no ticket"};
    });
    runner.begin("zk1", note());
    run_until([&] { return !heard.empty(); });
    EXPECT_THAT(heard.front(), testing::HasSubstr("no ticket"));
}

TEST_F(SaslRunnerTest, LoopRunsWhileTheMechanismIsStuck) {
    SaslRunner runner(x_io, opener());
    runner.begin("zk1", note());
    bool ran = false;
    boost::asio::post(x_io, [&] { ran = true; });
    run_until([&] { return ran; });
    EXPECT_THAT(heard, IsEmpty());
}

TEST_F(SaslRunnerTest, StuckCallHasNoSecondBesideItAndItsAnswerIsNotTaken) {
    SaslRunner runner(x_io, opener());
    runner.begin("zk1", note());
    ASSERT_TRUE(support::eventually([&] { return counts->opened == 1; }));
    for (int i = 0; i < 100; ++i) {
        runner.stop();
        runner.begin("zk2", note());
    }
    settle();
    EXPECT_EQ(counts->opened, 1);
    gate->open();
    run_until([&] { return !heard.empty(); });
    settle();
    EXPECT_THAT(heard, ElementsAre("hello zk2"));
    EXPECT_EQ(counts->opened, 2);
}

TEST_F(SaslRunnerTest, StoppedConversationIsNotAnsweredAndGivesBackWhatItHas) {
    gate->open();
    SaslRunner runner(x_io, opener());
    runner.begin("zk1", note());
    run_until([&] { return !heard.empty(); });
    EXPECT_EQ(counts->alive, 1);
    runner.proceed("nonce", note());
    runner.stop();
    settle();
    EXPECT_THAT(heard, ElementsAre("hello zk1"));
    EXPECT_TRUE(support::eventually([&] { return counts->alive == 0; }));
}

TEST_F(SaslRunnerTest, RunnerDoesNotWaitForAStuckCall) {
    std::optional<SaslRunner> runner(std::in_place, x_io, opener());
    runner->begin("zk1", note());
    ASSERT_TRUE(support::eventually([&] { return counts->opened == 1; }));
    runner.reset();
    gate->open();
    EXPECT_TRUE(support::eventually([&] { return counts->alive == 0; }));
    settle();
    EXPECT_THAT(heard, IsEmpty());
}

}  // namespace
}  // namespace leasehold::net
