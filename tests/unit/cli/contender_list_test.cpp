#include "sdk/cli/contender_list.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace leasehold::cli {
namespace {

using namespace std::chrono_literals;

ContenderInfo holder() {
    return {.node = "0123456789abcdef-lock-0000000007",
            .sequence = 7,
            .is_held = true,
            .kind = ContenderKind::curator,
            .owner = "billing",
            .host = "web1",
            .pid = 4711,
            .age = 4'299ms,
            .budget = 10s,
            .trace_id = "t-1",
            .session = "00ab"};
}

ContenderInfo stranger() {
    return {.node = "x__lock__0000000008",
            .sequence = 8,
            .is_held = false,
            .kind = ContenderKind::kazoo,
            .owner = "",
            .host = "",
            .pid = 0,
            .age = -20ms,
            .budget = {},
            .trace_id = "",
            .session = "00cd"};
}

TEST(ContenderTable, AlignsItsColumnsAndNamesTheHolderFirst) {
    EXPECT_EQ(to_table(std::vector{holder(), stranger()}),
              "POS  STATE    OWNER    HOST  PID   AGE   BUDGET  SESSION  "
              "NODE                              KIND\n"
              "0    held     billing  web1  4711  4.2s  10s     00ab     "
              "0123456789abcdef-lock-0000000007  curator\n"
              "1    waiting  -        -     -     0s    -       00cd     "
              "x__lock__0000000008               kazoo\n");
}

TEST(ContenderTable, CountsCharactersAndNotBytes) {
    ContenderInfo first = holder();
    first.owner = "m\u00fcller";
    ContenderInfo second = holder();
    second.owner = "muller";
    const std::string table = to_table(std::vector{first, second});
    const std::string first_line = table.substr(table.find("0    held"));
    EXPECT_NE(first_line.find("m\u00fcller  web1"), std::string::npos) << table;
    EXPECT_NE(first_line.find("muller  web1"), std::string::npos) << table;
}

TEST(ContenderJson, KeepsItsKeysAndSaysNullForWhatIsUnknown) {
    const auto parsed = nlohmann::json::parse(to_json(std::vector{holder(), stranger()}));
    ASSERT_EQ(parsed.size(), 2u);
    const auto& held = parsed[0];
    EXPECT_EQ(held["position"], 0);
    EXPECT_EQ(held["state"], "held");
    EXPECT_EQ(held["owner"], "billing");
    EXPECT_EQ(held["host"], "web1");
    EXPECT_EQ(held["pid"], 4711);
    EXPECT_EQ(held["age_ms"], 4'299);
    EXPECT_EQ(held["budget_ms"], 10'000);
    EXPECT_EQ(held["session"], "00ab");
    EXPECT_EQ(held["node"], "0123456789abcdef-lock-0000000007");
    EXPECT_EQ(held["kind"], "curator");
    EXPECT_EQ(held["sequence"], 7);
    EXPECT_EQ(held["trace_id"], "t-1");
    EXPECT_EQ(held.size(), 12u);

    const auto& waiting = parsed[1];
    EXPECT_EQ(waiting["state"], "waiting");
    EXPECT_EQ(waiting["kind"], "kazoo");
    for (const char* key : {"owner", "host", "pid", "budget_ms", "trace_id"}) {
        EXPECT_TRUE(waiting[key].is_null()) << key;
    }
    EXPECT_EQ(waiting.size(), held.size());
}

TEST(ContenderJson, NobodyIsAnEmptyArray) {
    EXPECT_EQ(to_json({}), "[]\n");
}

TEST(ContenderJson, BytesThatAreNoUtf8AreReplaced) {
    ContenderInfo odd = holder();
    odd.node = "\xff\xfe-lock-0000000001";
    EXPECT_TRUE(nlohmann::json::accept(to_json(std::vector{odd})));
}

}  // namespace
}  // namespace leasehold::cli
