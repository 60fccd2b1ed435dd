// The contender's machine, cell by cell: what every input does in every state, and nothing else.
#include "tests/unit/core/contender_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::core {
namespace {

using namespace contender_bench;

using Step = std::function<void(Bench&)>;

/// How to get into each state. "reading": waits only for the czxid of its own node.
const std::vector<std::pair<std::string, Step>> states = {
    {"creating", [](Bench&) {}},
    {"uncertain", [](Bench& b) { b.contender.on_detached(), b.contender.on_attached(); }},
    {"listing", [](Bench& b) { b.created(); }},
    {"waiting",
     [](Bench& b) {
         b.created(), b.listed({own, before});
     }},
    {"reading",
     [](Bench& b) { b.contender.on_detached(), b.contender.on_attached(), b.listed({own}); }},
    {"first", [](Bench& b) { b.created(), b.listed({own}); }},
    {"held", [](Bench& b) { b.created(), b.listed({own}), b.contender.on_granted(); }},
    {"ended", [](Bench& b) { b.created(), b.contender.on_deleted(own); }},
};

/// One row for each input; "=" is: same state, and nothing asked for. After the state, the calls.
struct Row {
    std::string input;
    Step apply;
    std::array<std::string, 8> expected;
};

std::vector<Row> rows() {
    const std::string gone = "ended";
    const auto created = [](ServerError err, std::string path, std::int64_t zxid = czxid) {
        return [=](Bench& b) { b.contender.on_created(err, path, zxid); };
    };
    const auto listed = [](std::vector<std::string> names) {
        return [=](Bench& b) { b.listed(names); };
    };
    const auto failed = [](std::error_code code) {
        return [=](Bench& b) { b.contender.on_listed(code, {}); };
    };
    const auto node = [](std::string name, ServerError err, std::int64_t owner = session) {
        return [=](Bench& b) { b.node(name, err, owner); };
    };
    const auto deleted = [](std::string name) {
        return [=](Bench& b) { b.contender.on_deleted(name); };
    };
    return {
        // creating, uncertain, listing, waiting, reading, first, held, ended
        {"created",
         created(ServerError::ok, "/q/" + own),
         {"listing", "=", "=", "=", "=", "=", "=", "="}},
        {"created under another name",
         created(ServerError::ok, "/q/other-lock-0000000005"),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"created elsewhere",
         created(ServerError::ok, "/r/" + own),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"created without a zxid",
         created(ServerError::ok, "/q/" + own, 0),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"created without a number",
         created(ServerError::ok, "/q/p1-lock-"),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"created, number wrapped",
         created(ServerError::ok, "/q/p1-lock--2147483648"),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"created, number at the end",
         created(ServerError::ok, "/q/p1-lock-2147000001"),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"create: no parent",
         created(ServerError::no_node, ""),
         {"creating parents create", "=", "=", "=", "=", "=", "=", "="}},
        {"create: not permitted",
         created(ServerError::no_auth, ""),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"create: exists",
         created(ServerError::node_exists, ""),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"create: ephemeral parent",
         created(ServerError::no_children_for_ephemerals, ""),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"create: unknown error",
         created(static_cast<ServerError>(-999), ""),
         {gone, "=", "=", "=", "=", "=", "=", "="}},
        {"listed, first",
         listed({own}),
         {"=", "waiting watch own", "first", "=", "=", "=", "=", "="}},
        {"listed, second",
         listed({own, before}),
         {"=", "waiting watch " + before + " watch own", "waiting watch " + before + " watch own",
          "=", "=", "=", "=", "="}},
        {"listed, a later one",
         listed({own, "x-lock-0000000006"}),
         {"=", "waiting watch own", "first", "=", "=", "=", "=", "="}},
        {"listed without us",
         listed({before}),
         {"=", "creating create", gone, "=", "=", "=", "=", "="}},
        {"listed, somebody's number is worn out",
         listed({own, "x-lock-2147000001"}),
         {"=", gone, gone, "=", "=", "=", "=", "="}},
        {"listed with strangers",
         listed({own, "backup", "x-lock-12"}),
         {"=", "waiting watch own", "first", "=", "=", "=", "=", "="}},
        {"list: no parent",
         failed(zk_errc::no_node),
         {"=", "creating create", gone, "=", "=", "=", "=", "="}},
        {"list: too long",
         failed(errc::queue_too_long),
         {"=", gone, gone, "=", "=", "=", "=", "="}},
        {"predecessor read",
         node(before, ServerError::ok, 99),
         {"=", "=", "=", "=", "=", "=", "=", "="}},
        {"own node read", node(own, ServerError::ok), {"=", "=", "=", "=", "first", "=", "=", "="}},
        {"own node is another's",
         node(own, ServerError::ok, 99),
         {"=", "=", gone, gone, gone, gone, gone, "="}},
        {"a node cannot be read",
         node(before, ServerError::no_auth),
         {gone, gone, gone, gone, gone, gone, gone, "="}},
        {"predecessor deleted", deleted(before), {"=", "=", "=", "first", "=", "=", "=", "="}},
        {"own node deleted", deleted(own), {"=", "=", gone, gone, gone, gone, gone, "="}},
        {"somebody else deleted",
         deleted("y-lock-0000000001"),
         {"=", "=", "=", "=", "=", "=", "=", "="}},
        {"attached",
         [](Bench& b) { b.contender.on_attached(); },
         {"=", "uncertain barrier+list", "listing list", "=", "=", "=", "held watch own", "="}},
        {"detached",
         [](Bench& b) { b.contender.on_detached(); },
         {"uncertain", "=", "=", "listing", "listing", "listing", "=", "="}},
        {"granted",
         [](Bench& b) { b.contender.on_granted(); },
         {"=", "=", "=", "=", "=", "held", "=", "="}},
    };
}

TEST(Contender, EveryInputInEveryStateDoesWhatTheTableSays) {
    for (const Row& row : rows()) {
        for (std::size_t column = 0; column < states.size(); ++column) {
            SCOPED_TRACE(row.input + " while " + states[column].first);
            Bench bench;
            states[column].second(bench);
            bench.calls();
            const std::string state(to_string(bench.contender.state()));
            row.apply(bench);
            std::string outcome(to_string(bench.contender.state()));
            const auto calls = bench.calls();
            for (const std::string& call : calls) {
                outcome += " " + call;
            }
            EXPECT_EQ(row.expected[column] == "=" ? state : row.expected[column], outcome);
            EXPECT_EQ(bench.contender.failure().has_value(),
                      bench.contender.state() == ContenderState::ended);
        }
    }
}

}  // namespace
}  // namespace leasehold::core
