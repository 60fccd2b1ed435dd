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
            .token = 274'877'909'184,
            .owner = "billing",
            .host = "web1",
            .pid = 4711,
            .age = 4'299ms,
            .budget = 10s,
            .trace_id = "t-1",
            .payload = "web1:8080",
            .session = "00ab"};
}

ContenderInfo stranger() {
    return {.node = "x__rlock__0000000008",
            .sequence = 8,
            .is_held = false,
            .kind = ContenderKind::kazoo,
            .lock_kind = LockKind::shared,
            .blocked_by = "0123456789abcdef-lock-0000000007",
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
              "POS  STATE    LOCK    OWNER    HOST  PID   AGE   BUDGET  SESS  TOKEN         "
              "NODE                  KIND\n"
              "0    held     excl    billing  web1  4711  4.2s  10s     00ab  274877909184  "
              "01234567..0000000007  curator\n"
              "1    after 0  shared  -        -     -     0s    -       00cd  -             "
              "x__rlock__0000000008  kazoo\n");
}

TEST(ContenderTable, TellsWhoHasBeenAskedToLetGo) {
    ContenderInfo asked = holder();
    asked.is_asked = true;
    EXPECT_NE(to_table(std::vector{asked}).find("\n0    asked  excl"), std::string::npos);
    const auto json = nlohmann::json::parse(to_json(std::vector{asked, stranger()}));
    EXPECT_EQ(json[0]["state"], "held");
    EXPECT_EQ(json[0]["asked"], true);
    EXPECT_EQ(json[1]["asked"], false);
}

TEST(ContenderTable, NamesThePositionThatEachWaitsFor) {
    ContenderInfo last = stranger();
    last.node = "y__lock__0000000009";
    last.lock_kind = LockKind::exclusive;
    last.blocked_by = stranger().node;
    ContenderInfo lost = stranger();
    lost.blocked_by = "somebody who is not in the list";
    const std::string table = to_table(std::vector{holder(), stranger(), last, lost});
    EXPECT_NE(table.find("\n2    after 1  excl "), std::string::npos) << table;
    EXPECT_NE(table.find("\n3    waiting  shared "), std::string::npos) << table;
}

TEST(ContenderTable, NamesPermitsAndWhatNobodyCanTell) {
    ContenderInfo permit = holder();
    permit.lock_kind = LockKind::permit;
    ContenderInfo next = permit;
    next.node = "0123456789abcdef-lease-0000000008";
    next.is_held = false;
    next.blocked_by = permit.node;
    ContenderInfo untold = next;
    untold.blocked_by = "";
    const std::string table = to_table(std::vector{permit, next, untold});
    EXPECT_NE(table.find("\n0    held     permit  "), std::string::npos) << table;
    EXPECT_NE(table.find("\n1    after 0  permit  "), std::string::npos) << table;
    EXPECT_NE(table.find("\n2    unknown  permit  "), std::string::npos) << table;
    const auto parsed = nlohmann::json::parse(to_json(std::vector{permit, next, untold}));
    EXPECT_EQ(parsed[0]["lock"], "permit");
    EXPECT_EQ(parsed[0]["state"], "held");
    EXPECT_EQ(parsed[1]["state"], "waiting");
    EXPECT_EQ(parsed[1]["blocked_by"], permit.node);
    EXPECT_TRUE(parsed[2]["state"].is_null());
    EXPECT_TRUE(parsed[2]["blocked_by"].is_null());
}

TEST(ContenderTable, FitsIntoAHundredAndTwentyColumnsForUsualNames) {
    ContenderInfo usual = holder();
    usual.node = "_c_f81d4fae-7dec-11d0-a765-00a0c91e6bf6-__READ__0000000007";
    usual.owner = "billing.sh";
    usual.host = "shop-web-17";
    usual.pid = 4'194'304;
    usual.age = 59s;
    const std::string table = to_table(std::vector{usual, stranger()});
    EXPECT_LE(table.find('\n'), 120u) << table;
    for (std::size_t begin = 0; begin < table.size();) {
        const std::size_t end = table.find('\n', begin);
        EXPECT_LE(end - begin, 120u) << table;
        begin = end + 1;
    }
}

TEST(ContenderTable, CutsNamesBetweenTheirCharacters) {
    ContenderInfo odd = holder();
    odd.node = "1234567\u00fc-a-long-name-0000000001";
    EXPECT_NE(to_table(std::vector{odd}).find(" 1234567..0000000001 "), std::string::npos);
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
    ContenderInfo holding = holder();
    holding.token = 9'007'199'254'740'993;
    const auto parsed = nlohmann::json::parse(to_json(std::vector{holding, stranger()}));
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
    EXPECT_EQ(held["lock"], "exclusive");
    EXPECT_EQ(held["token"], "9007199254740993") << "text: a double would end in 2";
    EXPECT_TRUE(held["blocked_by"].is_null());
    EXPECT_EQ(held["payload"], "web1:8080");
    EXPECT_EQ(held.size(), 17u);

    const auto& waiting = parsed[1];
    EXPECT_EQ(waiting["state"], "waiting");
    EXPECT_EQ(waiting["kind"], "kazoo");
    EXPECT_EQ(waiting["lock"], "shared");
    EXPECT_EQ(waiting["blocked_by"], held["node"]);
    for (const char* key : {"owner", "host", "pid", "budget_ms", "trace_id", "token"}) {
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
