#include "sdk/core/server_probe.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace leasehold::core {
namespace {

constexpr std::string_view answer_of_3_8 =
    "Zookeeper version: 3.8.0-5a02a05eddb59aee6ac762f7ea82e92a68eb9c0f, built on 2022-02-25 08:49 "
    "UTC\nLatency min/avg/max: 0/0.0/0\nReceived: 1\nSent: 0\nConnections: 1\nOutstanding: 0\n"
    "Zxid: 0x0\nMode: standalone\nNode count: 5\n";
constexpr std::string_view answer_of_3_4 =
    "Zookeeper version: 3.4.8--1, built on 02/06/2016 03:18 GMT\nLatency min/avg/max: 0/0/0\n";

TEST(ServerProbe, AsksInFourBytes) {
    EXPECT_EQ(ServerProbe::request, "srvr");
}

TEST(ServerProbe, KnowsNothingBeforeAnAnswer) {
    const ServerProbe probe;
    EXPECT_FALSE(probe.is_done());
    EXPECT_EQ(probe.version(), std::nullopt);
}

TEST(ServerProbe, IsDoneOnceTheVersionLineIsComplete) {
    ServerProbe probe;
    probe.on_bytes(answer_of_3_8);
    EXPECT_TRUE(probe.is_done());
    EXPECT_EQ(probe.version(), (ServerVersion{3, 8, 0}));
}

TEST(ServerProbe, ReadsTheAnswerOfTheVersionOfTheIncident) {
    ServerProbe probe;
    probe.on_bytes(answer_of_3_4);
    EXPECT_EQ(probe.version(), (ServerVersion{3, 4, 8}));
}

TEST(ServerProbe, AnswerMayComeByteByByte) {
    ServerProbe probe;
    const std::size_t line = answer_of_3_8.find('\n');
    for (std::size_t i = 0; i < line; ++i) {
        probe.on_bytes(answer_of_3_8.substr(i, 1));
        ASSERT_FALSE(probe.is_done()) << i;
    }
    probe.on_bytes("\n");
    EXPECT_TRUE(probe.is_done());
    EXPECT_EQ(probe.version(), (ServerVersion{3, 8, 0}));
}

TEST(ServerProbe, VersionCutShortIsNoVersion) {
    ServerProbe probe;
    probe.on_bytes("Zookeeper version: 3.4.1");  // of 3.4.14
    probe.on_end();
    EXPECT_TRUE(probe.is_done());
    EXPECT_EQ(probe.version(), std::nullopt);
}

TEST(ServerProbe, NothingCountsAfterTheEnd) {
    ServerProbe probe;
    probe.on_end();
    probe.on_bytes(answer_of_3_8);
    EXPECT_EQ(probe.version(), std::nullopt);
}

TEST(ServerProbe, ServerThatRefusesTheWordLeavesTheVersionUnknown) {
    for (const std::string_view answer :
         {"", "srvr is not executed because it is not in the whitelist.\n",
          "This ZooKeeper instance is not currently serving requests\n",
          "HTTP/1.1 400 Bad Request\r\n\r\n"}) {
        ServerProbe probe;
        probe.on_bytes(answer);
        EXPECT_FALSE(probe.is_done()) << answer;
        probe.on_end();
        EXPECT_TRUE(probe.is_done());
        EXPECT_EQ(probe.version(), std::nullopt) << answer;
    }
}

TEST(ServerProbe, VersionCountsOnlyAtTheBeginningOfALine) {
    ServerProbe probe;
    probe.on_bytes("no Zookeeper version: 3.8.0\nZookeeper version: 3.6.1\n");
    EXPECT_EQ(probe.version(), (ServerVersion{3, 6, 1}));
}

TEST(ServerProbe, VersionLineThatIsNoneEndsTheProbe) {
    ServerProbe probe;
    probe.on_bytes("Zookeeper version: unknown\nZookeeper version: 3.6.1\n");
    EXPECT_TRUE(probe.is_done());
    EXPECT_EQ(probe.version(), std::nullopt);
}

TEST(ServerProbe, EndlessAnswerIsGivenUp) {
    ServerProbe probe;
    const std::string line(1000, 'x');
    for (std::size_t i = 0; i < ServerProbe::max_answer / line.size(); ++i) {
        probe.on_bytes(line);
        EXPECT_FALSE(probe.is_done());
    }
    probe.on_bytes(line);
    EXPECT_TRUE(probe.is_done());
    probe.on_bytes("\nZookeeper version: 3.8.0\n");
    EXPECT_EQ(probe.version(), std::nullopt);
}

TEST(ServerProbe, AnswerInOneHugePieceIsReadUpToTheCap) {
    ServerProbe probe;
    std::string answer(ServerProbe::max_answer, 'x');
    answer.append("\nZookeeper version: 3.8.0\n");
    probe.on_bytes(answer);
    EXPECT_TRUE(probe.is_done());
    EXPECT_EQ(probe.version(), std::nullopt);
}

}  // namespace
}  // namespace leasehold::core
