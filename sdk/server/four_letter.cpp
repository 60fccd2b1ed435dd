#include "sdk/server/four_letter.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

namespace leasehold::server {

namespace {

constexpr std::string_view not_serving =
    "This ZooKeeper instance is not currently serving requests\n";

std::string version_of(Release release) {
    return std::to_string(release.major) + "." + std::to_string(release.minor) + "." +
           std::to_string(release.patch) + "-leasehold, built on 01/01/2020 00:00 GMT";
}

std::string hex(std::int64_t number) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(number));
    return text.data();
}

/// A real server counts its root twice: under "" and under "/".
std::size_t node_count(const Store& store) {
    return store.tree().size() + 1;
}

std::string srvr(const FourLetterContext& context) {
    const Store& store = context.store;
    return "Zookeeper version: " + version_of(context.options.release) +
           "\nConnections: " + std::to_string(context.connections.count(context.server)) +
           "\nOutstanding: 0\nZxid: " + hex(store.zxid()) +
           "\nMode: " + std::string(context.upstream.mode()) +
           "\nNode count: " + std::to_string(node_count(store)) + "\n";
}

std::string mntr(const FourLetterContext& context) {
    const Store& store = context.store;
    std::string text;
    const auto add = [&](const char* key, const std::string& value) {
        text += std::string(key) + "\t" + value + "\n";
    };
    add("zk_version", version_of(context.options.release));
    add("zk_server_state", std::string(context.upstream.mode()));
    add("zk_num_alive_connections", std::to_string(context.connections.count(context.server)));
    add("zk_outstanding_requests", "0");
    add("zk_znode_count", std::to_string(node_count(store)));
    add("zk_watch_count",
        std::to_string(store.data_watches().size() + store.child_watches().size()));
    add("zk_ephemerals_count", std::to_string(store.tree().ephemerals()));
    add("zk_global_sessions", std::to_string(store.sessions().size()));
    return text;
}

/// As on a real server, of the data table alone.
std::string wchs(const FourLetterContext& context) {
    const WatchTable& table = context.store.data_watches();
    return std::to_string(table.watchers()) + " connections watching " +
           std::to_string(table.paths()) + " paths\nTotal watches:" + std::to_string(table.size()) +
           "\n";
}

std::string cons(const FourLetterContext& context) {
    std::string text;
    for (const ConnectionId id : context.connections.of_server(context.server)) {
        const Connection& connection = *context.connections.find(id);
        text += " /" + connection.address +
                ":0[1](queued=0,recved=" + std::to_string(connection.received) +
                ",sent=" + std::to_string(connection.sent);
        if (connection.session != 0) {
            text +=
                ",sid=" + hex(connection.session) + ",to=" + std::to_string(connection.timeout_ms);
        }
        text += ")\n";
    }
    return text + "\n";
}

}  // namespace

std::optional<std::string> four_letter_answer(std::string_view word,
                                              const FourLetterContext& context) {
    std::string (*answer)(const FourLetterContext&) = nullptr;
    if (word == "srvr" || word == "stat") {
        answer = srvr;
    } else if (word == "mntr") {
        answer = mntr;
    } else if (word == "wchs") {
        answer = wchs;
    } else if (word == "cons") {
        answer = cons;
    } else if (word != "ruok") {
        return std::nullopt;
    }
    if (!context.options.answers_four_letter_words) {
        return std::string(word) + " is not executed because it is not in the whitelist.\n";
    }
    if (answer == nullptr) {
        return "imok";
    }
    return context.upstream.is_serving() ? answer(context) : std::string(not_serving);
}

}  // namespace leasehold::server
