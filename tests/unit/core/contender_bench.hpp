// A contender by itself: a port that writes down what it is asked for, and the server's answers.
#pragma once

#include "sdk/core/contender.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::core::contender_bench {

using wire::ServerError;

inline constexpr std::int64_t session = 7;
inline constexpr std::int64_t czxid = 50;
inline const std::string own = "p1-lock-0000000005";
inline const std::string before = "x-lock-0000000003";

/// Writes down what it is asked for. The prefixes are p1-lock-, p2-lock-, ...
class RecordingPort final : public ContenderPort {
public:
    std::string new_prefix() override { return "p" + std::to_string(++creates) + "-lock-"; }
    void create_and_list() override { calls.emplace_back("create"); }
    void create_parents() override { calls.emplace_back("parents"); }
    void list_behind_barrier() override { calls.emplace_back("barrier+list"); }
    void list() override { calls.emplace_back("list"); }
    void watch(std::string_view name) override {
        calls.push_back("watch " + std::string(name == own ? "own" : name));
    }

    void unwatch(std::string_view name) override {
        calls.push_back("unwatch " + std::string(name));
    }

    std::vector<std::string> calls;
    int creates = 0;
};

struct Bench {
    Bench() { contender.start(); }

    RecordingPort port;
    Contender contender{port, "/q", {}, session, false};

    std::vector<std::string> calls() { return std::exchange(port.calls, {}); }
    void listed(const std::vector<std::string>& children) {
        contender.on_listed({}, std::vector<std::string_view>(children.begin(), children.end()));
    }
    void created() { contender.on_created(ServerError::ok, "/q/" + own, czxid); }
    void node(std::string_view name, ServerError err, std::int64_t owner = session) {
        wire::GetDataReply reply;
        reply.data = "record";
        reply.stat.ephemeral_owner = owner;
        reply.stat.czxid = czxid;
        contender.on_node(name, err, reply);
    }
};

}  // namespace leasehold::core::contender_bench
