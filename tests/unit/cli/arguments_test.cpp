#include "sdk/cli/arguments.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace leasehold::cli {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

Arguments parse(const Words& words, std::string_view default_connect = "zk:2181") {
    return parse_arguments(words, default_connect);
}

RunArguments run_of(const Words& words) {
    const Arguments arguments = parse(words);
    if (const auto* reply = std::get_if<Reply>(&arguments)) {
        ADD_FAILURE() << reply->text;
        return {};
    }
    return std::get<RunArguments>(arguments);
}

/// The first line of what is said; the second points to the help.
std::string refusal_of(const Words& words, std::string_view default_connect = "zk:2181") {
    const Arguments arguments = parse(words, default_connect);
    const auto* reply = std::get_if<Reply>(&arguments);
    if (reply == nullptr) {
        return "accepted";
    }
    EXPECT_EQ(reply->exit_code, 64);
    EXPECT_EQ(reply->text.substr(0, 11), "leasehold: ");
    EXPECT_NE(reply->text.find("\nleasehold: see 'leasehold "), std::string::npos);
    return reply->text.substr(11, reply->text.find('\n') - 11);
}

std::string help_of(const Words& words) {
    const Arguments arguments = parse(words, "");
    const auto* reply = std::get_if<Reply>(&arguments);
    EXPECT_NE(reply, nullptr);
    EXPECT_EQ(reply->exit_code, 0);
    return reply->text;
}

TEST(RunArguments, DefaultsAreThoseOfTheContract) {
    const RunArguments run = run_of({"run", "/a", "--", "true"});
    EXPECT_EQ(run.ensemble.path, "/a");
    EXPECT_EQ(run.ensemble.connect, "zk:2181");
    EXPECT_EQ(run.ensemble.wait, 5s);
    EXPECT_EQ(run.ensemble.client.session_timeout, 40s);
    EXPECT_EQ(run.ensemble.client.tick, 2s);
    EXPECT_EQ(run.ensemble.client.sync_limit, 5);
    EXPECT_FALSE(run.ensemble.client.standalone);
    EXPECT_EQ(run.ensemble.client.ack_gap, 0ms);
    EXPECT_EQ(run.ensemble.client.clock_drift, 0.01);
    EXPECT_EQ(run.ensemble.client.margin, 250ms);
    EXPECT_EQ(run.budget, 10s);
    EXPECT_EQ(run.grace, 2s);
    EXPECT_EQ(run.naming, Naming::curator);
    EXPECT_EQ(run.kind, LockKind::exclusive);
    EXPECT_EQ(run.command, Words{"true"});
}

TEST(RunArguments, EveryOptionIsTaken) {
    const RunArguments run = run_of({"run",
                                     "--connect",
                                     "a:1,b:2/c",
                                     "--session-timeout=4s",
                                     "--wait",
                                     "1.5s",
                                     "/a",
                                     "--budget",
                                     "1m",
                                     "--grace",
                                     "0s",
                                     "--tick",
                                     "200ms",
                                     "--sync-limit",
                                     "7",
                                     "--standalone",
                                     "--naming",
                                     "kazoo",
                                     "--ack-gap",
                                     "100ms",
                                     "--clock-drift",
                                     "0.02",
                                     "--margin",
                                     "50ms",
                                     "--",
                                     "cmd",
                                     "-x"});
    EXPECT_EQ(run.ensemble.connect, "a:1,b:2/c");
    EXPECT_EQ(run.ensemble.client.session_timeout, 4s);
    EXPECT_EQ(run.ensemble.wait, 1500ms);
    EXPECT_EQ(run.budget, 1min);
    EXPECT_EQ(run.grace, 0s);
    EXPECT_EQ(run.ensemble.client.tick, 200ms);
    EXPECT_EQ(run.ensemble.client.sync_limit, 7);
    EXPECT_TRUE(run.ensemble.client.standalone);
    EXPECT_EQ(run.naming, Naming::kazoo);
    EXPECT_EQ(run.ensemble.client.ack_gap, 100ms);
    EXPECT_EQ(run.ensemble.client.clock_drift, 0.02);
    EXPECT_EQ(run.ensemble.client.margin, 50ms);
    EXPECT_EQ(run.command, (Words{"cmd", "-x"}));
}

TEST(RunArguments, ALockMayBeShared) {
    EXPECT_EQ(run_of({"run", "/a", "--shared", "--", "x"}).kind, LockKind::shared);
    EXPECT_EQ(run_of({"run", "/a", "--lock-delay", "15s", "--", "x"}).lock_delay, 15s);
    EXPECT_EQ(run_of({"run", "/a", "--", "x"}).lock_delay, 0s);
    EXPECT_EQ(run_of({"run", "/a", "--also", "/b", "--lock-delay", "1s", "--", "x"}).lock_delay,
              1s);
    EXPECT_EQ(run_of({"run", "/a", "--permits", "3", "--", "x"}).permits, 3);
    for (const std::string number : {"0", "-1", "2147483648", "x", ""}) {
        EXPECT_NE(refusal_of({"run", "/a", "--permits", number, "--", "x"}).find("--permits"),
                  std::string::npos)
            << number;
    }
    EXPECT_NE(refusal_of({"run", "/a", "--permits", "3", "--lock-delay", "1s", "--", "x"})
                  .find("--lock-delay"),
              std::string::npos);
    EXPECT_NE(refusal_of({"run", "/a", "--permits", "3", "--shared", "--", "x"}).find("--shared"),
              std::string::npos);
    EXPECT_EQ(run_of({"run", "/a", "--", "x", "--shared"}).kind, LockKind::exclusive);
    EXPECT_EQ(run_of({"run", "/a", "--upgradable", "--", "x"}).kind, LockKind::upgradable);
    for (const Words& other : {Words{"--shared"}, Words{"--permits", "2"}, Words{"--also", "/b"}}) {
        Words words{"run", "/a", "--upgradable"};
        words.insert(words.end(), other.begin(), other.end());
        words.insert(words.end(), {"--", "x"});
        EXPECT_NE(refusal_of(words).find("--upgradable"), std::string::npos);
    }
    EXPECT_NE(refusal_of({"ls", "/a", "--shared"}).find("--shared"), std::string::npos);
}

TEST(RunArguments, EveryNamingHasAName) {
    for (const auto& [name, naming] :
         std::vector<std::pair<std::string, Naming>>{{"curator", Naming::curator},
                                                     {"curator-rw", Naming::curator_read_write},
                                                     {"kazoo", Naming::kazoo}}) {
        EXPECT_EQ(run_of({"run", "/a", "--naming", name, "--", "x"}).naming, naming) << name;
    }
}

TEST(RunArguments, WhatIsBehindTheDashesIsTheCommandsAlone) {
    const Words command = {"sh", "-c", "echo --wait 1s", "--help", "--", "--budget=x", "", "-1"};
    Words words = {"run", "/a", "--"};
    words.insert(words.end(), command.begin(), command.end());
    EXPECT_EQ(run_of(words).command, command);
}

TEST(RunArguments, AnOptionGivenTwiceIsTheLastOne) {
    EXPECT_EQ(run_of({"run", "/a", "--wait", "1s", "--wait", "2s", "--", "x"}).ensemble.wait, 2s);
}

TEST(RunArguments, BadDurationsAreRefusedByName) {
    for (const std::string option : {"--wait", "--budget", "--grace", "--session-timeout", "--tick",
                                     "--ack-gap", "--margin", "--lock-delay"}) {
        for (const std::string value : {"5", "-5s", "nan", "", "9999999h", "-.5s", "1x"}) {
            const std::string text = refusal_of({"run", "/a", option, value, "--", "x"});
            EXPECT_EQ(text.find(option + ": "), 0u) << option << " " << value << ": " << text;
        }
    }
}

TEST(RunArguments, BadNumbersAndNamesAreRefused) {
    for (const std::string value : {"x", "-1", "nan", "", "1.5.5", "1x"}) {
        EXPECT_EQ(
            refusal_of({"run", "/a", "--clock-drift", value, "--", "x"}).find("--clock-drift"), 0u)
            << value;
        EXPECT_EQ(refusal_of({"run", "/a", "--sync-limit", value, "--", "x"}).find("--sync-limit"),
                  0u)
            << value;
    }
    EXPECT_EQ(refusal_of({"run", "/a", "--naming", "etcd", "--", "x"}),
              "--naming: 'etcd' is not curator, curator-rw or kazoo");
    EXPECT_NE(refusal_of({"run", "/a", "--bogus", "--", "x"}).find("--bogus"), std::string::npos);
}

TEST(RunArguments, WhatIsMissingIsNamed) {
    EXPECT_EQ(refusal_of({}), "run, elect, ls or serve?");
    EXPECT_EQ(refusal_of({"walk"}), "no command 'walk': run, elect, ls or serve?");
    EXPECT_EQ(refusal_of({"run", "--", "x"}), "PATH is required");
    EXPECT_NE(refusal_of({"run", "/a"}).find("which command?"), std::string::npos);
    EXPECT_NE(refusal_of({"run", "/a", "--"}).find("which command?"), std::string::npos);
    EXPECT_NE(refusal_of({"run", "/a", "x"}).find("goes behind --"), std::string::npos);
    EXPECT_NE(refusal_of({"run", "/a", "--", "x"}, "").find("LEASEHOLD_CONNECT"),
              std::string::npos);
    EXPECT_NE(refusal_of({"run", "/a", "--wait"}).find("--wait"), std::string::npos);
}

TEST(ListArguments, AreParsed) {
    const Arguments arguments = parse({"ls", "/a", "--json", "--wait", "1s", "--connect", "b:3"});
    const auto& list = std::get<ListArguments>(arguments);
    EXPECT_EQ(list.ensemble.path, "/a");
    EXPECT_EQ(list.ensemble.connect, "b:3");
    EXPECT_EQ(list.ensemble.wait, 1s);
    EXPECT_TRUE(list.as_json);
    EXPECT_FALSE(std::get<ListArguments>(parse({"ls", "/a"})).as_json);
}

TEST(ListArguments, TakeTheEnsemblesOptionsOfRun) {
    const Arguments arguments = parse({"ls", "/a", "--session-timeout", "4s", "--tick", "200ms",
                                       "--standalone", "--sync-limit", "5"});
    EXPECT_EQ(std::get<ListArguments>(arguments).ensemble.client.session_timeout, 4s);
    EXPECT_NE(refusal_of({"ls", "/a", "--budget", "1s"}).find("--budget"), std::string::npos);
    EXPECT_NE(refusal_of({"ls"}).find("PATH is required"), std::string::npos);
    EXPECT_NE(refusal_of({"ls", "/a", "/b"}).find("/b"), std::string::npos);
}

ServeArguments serve_of(const Words& words) {
    const Arguments arguments = parse(words, "");
    if (const auto* reply = std::get_if<Reply>(&arguments)) {
        ADD_FAILURE() << reply->text;
        return {};
    }
    return std::get<ServeArguments>(arguments);
}

TEST(ServeArguments, NeedNothing_AndServeThisMachineOnly) {
    const ServeArguments serve = serve_of({"serve"});
    EXPECT_EQ(serve.listen, (ListenAddress{"127.0.0.1", 2181, true}));
    EXPECT_EQ(serve.nodes, 1u);
    EXPECT_EQ(serve.tick, 2s);
}

TEST(ServeArguments, EveryOptionIsTaken) {
    const ServeArguments serve =
        serve_of({"serve", "--listen", "127.0.0.1:0", "--nodes", "3", "--tick=200ms"});
    EXPECT_EQ(serve.listen.port, 0);
    EXPECT_EQ(serve.nodes, 3u);
    EXPECT_EQ(serve.tick, 200ms);
}

TEST(ServeArguments, AddressThatOthersReach_HasToBeMeant) {
    for (const std::string host : {"0.0.0.0", "192.0.2.1", "[::]", "[2001:db8::1]"}) {
        const std::string address = host + ":2181";
        EXPECT_NE(refusal_of({"serve", "--listen", address}).find("add --public"),
                  std::string::npos);
        EXPECT_FALSE(serve_of({"serve", "--listen", address, "--public"}).listen.is_loopback);
    }
    EXPECT_TRUE(serve_of({"serve", "--listen", "127.1.2.3:1", "--public"}).listen.is_loopback);
}

TEST(ServeArguments, WhatCannotBe_IsRefusedByName) {
    for (const std::string value : {"0", "10", "x", "-1", "1.5"}) {
        EXPECT_EQ(refusal_of({"serve", "--nodes", value}).find("--nodes"), 0u) << value;
    }
    EXPECT_EQ(refusal_of({"serve", "--tick", "0s"}).find("--tick"), 0u);
    EXPECT_EQ(refusal_of({"serve", "--listen", "127.0.0.1:65534", "--nodes", "3"}).find("--listen"),
              0u);
    EXPECT_EQ(serve_of({"serve", "--listen", "127.0.0.1:65533", "--nodes", "3"}).nodes, 3u);
    EXPECT_EQ(refusal_of({"serve", "--listen", "zk1:2181"}).find("--listen"), 0u);
    EXPECT_NE(refusal_of({"serve", "/path"}).find("/path"), std::string::npos);
    EXPECT_NE(refusal_of({"serve", "--connect", "zk:1"}).find("--connect"), std::string::npos);
}

TEST(RunArguments, FurtherPathsAreGivenOneByOne) {
    const RunArguments run =
        run_of({"run", "--also", "/b", "/a", "--also=/c", "--", "x", "--also"});
    EXPECT_EQ(run.ensemble.path, "/a");
    EXPECT_EQ(run.also, (Words{"/b", "/c"}));
    EXPECT_TRUE(run_of({"run", "/a", "--", "x"}).also.empty());
    for (const Words& other : {Words{"--shared"}, Words{"--permits", "2"}}) {
        Words words{"run", "/a", "--also", "/b"};
        words.insert(words.end(), other.begin(), other.end());
        words.insert(words.end(), {"--", "x"});
        EXPECT_NE(refusal_of(words).find("--also"), std::string::npos) << other.front();
    }
    EXPECT_NE(refusal_of({"run", "/a", "--also", "--", "x"}).find("--also"), std::string::npos);
    EXPECT_NE(refusal_of({"elect", "/a", "--also", "/b", "--", "x"}), "accepted");
}

TEST(Help, EachHasAnExampleAndTheExitCodes) {
    EXPECT_NE(help_of({"--help"}).find("Example"), std::string::npos);
    const std::string run = help_of({"run", "--help"});
    EXPECT_NE(run.find("Usage: leasehold run PATH [OPTIONS] -- CMD [ARGS...]"), std::string::npos);
    EXPECT_NE(run.find("Example:"), std::string::npos);
    for (const char* code : {"64", "69", "70", "75", "76", "77", "124", "125", "126", "127"}) {
        EXPECT_NE(run.find("  " + std::string(code) + "  "), std::string::npos) << code;
    }
    for (const char* option : {"--connect", "--session-timeout", "--wait", "--budget", "--grace",
                               "--tick", "--sync-limit", "--standalone", "--naming", "--ack-gap",
                               "--clock-drift", "--margin", "--shared", "--also", "curator-rw"}) {
        EXPECT_NE(run.find(option), std::string::npos) << option;
    }
    const std::string list = help_of({"ls", "--help"});
    EXPECT_NE(list.find("Usage: leasehold ls PATH [OPTIONS]"), std::string::npos);
    EXPECT_NE(list.find("Exit codes:"), std::string::npos);
    const std::string serve = help_of({"serve", "--help"});
    EXPECT_NE(serve.find("Usage: leasehold serve [OPTIONS]"), std::string::npos);
    EXPECT_NE(serve.find("Exit codes:"), std::string::npos);
    for (const char* option : {"--listen", "--nodes", "--tick", "--public"}) {
        EXPECT_NE(serve.find(option), std::string::npos) << option;
    }
}

TEST(Help, FitsIntoAHundredColumns) {
    for (const Words& words : {Words{"--help"}, Words{"run", "--help"}, Words{"ls", "--help"},
                               Words{"serve", "--help"}}) {
        const std::string text = help_of(words);
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = text.find('\n', begin);
            EXPECT_LE(end - begin, 100u) << text.substr(begin, end - begin);
            begin = end + 1;
        }
    }
}

TEST(Version, IsTheProjects) {
    EXPECT_EQ(help_of({"--version"}), "leasehold " LEASEHOLD_VERSION "\n");
}

TEST(ElectArguments, StandForEverAndHaveNoBudget) {
    const RunArguments elect = run_of({"elect", "/a", "--payload", "host:1", "--", "true", "-x"});
    EXPECT_TRUE(elect.is_election);
    EXPECT_EQ(elect.ensemble.path, "/a");
    EXPECT_EQ(elect.ensemble.wait, milliseconds::max());
    EXPECT_EQ(elect.payload, "host:1");
    EXPECT_EQ(elect.command, (Words{"true", "-x"}));
    EXPECT_EQ(run_of({"elect", "/a", "--wait", "3s", "--", "true"}).ensemble.wait, 3s);
    EXPECT_FALSE(run_of({"run", "/a", "--", "true"}).is_election);
    for (const std::string option : {"--budget", "--shared", "--permits"}) {
        EXPECT_NE(refusal_of({"elect", "/a", option, "3", "--", "true"}), "accepted") << option;
    }
}

TEST(ElectArguments, CommandGoesBehindItsSeparator) {
    EXPECT_EQ(refusal_of({"elect", "/a"}), "which command? leasehold elect PATH -- CMD ARGS...");
    EXPECT_EQ(refusal_of({"elect", "/a", "true"}),
              "the command goes behind --: leasehold elect PATH -- CMD ARGS...");
}

}  // namespace
}  // namespace leasehold::cli
