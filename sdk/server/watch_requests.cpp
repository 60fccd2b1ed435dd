// The requests about watches alone; how a read arms one is in reads.cpp.
#include "sdk/server/question.hpp"
#include "sdk/server/reads.hpp"
#include "sdk/wire/watch.hpp"

#include <utility>

namespace leasehold::server {

using wire::Opcode;
using wire::ServerError;
using wire::WatcherType;
using wire::WatchEventType;

bool Reads::add_watch(Question& question) {
    wire::AddWatchRequest body;
    if (!question.decode(body)) {
        return refuse(question, ServerError::marshalling_error);
    }
    const bool is_recursive = body.mode == wire::AddWatchMode::persistent_recursive;
    if (!is_recursive && body.mode != wire::AddWatchMode::persistent) {
        return refuse(question, ServerError::marshalling_error);
    }
    const WatchMode mode = is_recursive ? WatchMode::recursive : WatchMode::persistent;
    x_store.data_watches().add(body.path, question.connection.id, mode);
    x_store.child_watches().add(body.path, question.connection.id, mode);
    return x_connections.reply(question.connection, question.request, x_store.zxid(),
                               ServerError::ok,
                               [](wire::Writer& out) { encode(out, wire::AddWatchReply{}); });
}

/// The event that the connection missed while it was not there, or the watch.
void Reads::restore(Connection& connection, WatchTable& table, std::string_view path,
                    WatchEventType missed, bool has_missed) {
    if (has_missed) {
        x_connections.notify(connection, {missed, path, -1, nullptr});
    } else {
        table.add(path, connection.id, WatchMode::standard);
    }
}

bool Reads::set_watches(Question& question) {
    wire::SetWatches2Request body;
    bool is_good = false;
    if (question.request.op == Opcode::set_watches2) {
        is_good = question.decode(body);
    } else {
        wire::SetWatchesRequest old;
        is_good = question.decode(old);
        body = {old.relative_zxid, std::move(old.data_watches), std::move(old.exist_watches),
                std::move(old.child_watches)};
    }
    if (!is_good) {
        return refuse(question, ServerError::marshalling_error);
    }
    Connection& connection = question.connection;
    const Tree& tree = x_store.tree();
    for (const std::string& path : body.data_watches) {
        const Znode* node = tree.find(path);
        const bool is_gone = node == nullptr;
        restore(connection, x_store.data_watches(), path,
                is_gone ? WatchEventType::deleted : WatchEventType::data_changed,
                is_gone || node->stat.mzxid > body.relative_zxid);
    }
    for (const std::string& path : body.exist_watches) {
        restore(connection, x_store.data_watches(), path, WatchEventType::created,
                tree.find(path) != nullptr);
    }
    for (const std::string& path : body.child_watches) {
        const Znode* node = tree.find(path);
        const bool is_gone = node == nullptr;
        restore(connection, x_store.child_watches(), path,
                is_gone ? WatchEventType::deleted : WatchEventType::children_changed,
                is_gone || node->stat.pzxid > body.relative_zxid);
    }
    const auto add_both = [&](const std::string& path, WatchMode mode) {
        x_store.child_watches().add(path, connection.id, mode);
        x_store.data_watches().add(path, connection.id, mode);
    };
    for (const std::string& path : body.persistent_watches) {
        add_both(path, WatchMode::persistent);
    }
    for (const std::string& path : body.persistent_recursive_watches) {
        add_both(path, WatchMode::recursive);
    }
    return answer(question);
}

namespace {

bool is_type(WatcherType type, Release release) {
    const WatcherType last =
        release >= Release{3, 9, 0} ? WatcherType::persistent_recursive : WatcherType::any;
    return type >= WatcherType::children && type <= last;
}

WatchMode mode_of(WatcherType type) {
    switch (type) {
        case WatcherType::persistent: return WatchMode::persistent;
        case WatcherType::persistent_recursive: return WatchMode::recursive;
        default: return WatchMode::standard;
    }
}

}  // namespace

bool Reads::check_watches(Question& question) {
    wire::CheckWatchesRequest body;
    if (!question.decode(body) || !is_type(body.type, x_release)) {
        return refuse(question, ServerError::marshalling_error);
    }
    const bool looks_at_anybody = x_release >= Release{3, 6, 0} && x_release < Release{3, 9, 0};
    if (looks_at_anybody && !body.path.empty() && body.path.find('/') == std::string::npos) {
        return refuse(question, ServerError::marshalling_error);  // it has no parent
    }
    const auto is_in = [&](const WatchTable& table) {
        if (x_release >= Release{3, 9, 0} && body.type != WatcherType::any) {
            return table.has(body.path, question.connection.id, mode_of(body.type));
        }
        return looks_at_anybody ? table.has(body.path)
                                : table.has(body.path, question.connection.id);
    };
    const bool is_there = (body.type != WatcherType::children && is_in(x_store.data_watches())) ||
                          (body.type != WatcherType::data && is_in(x_store.child_watches()));
    return refuse(question, is_there ? ServerError::ok : ServerError::no_watcher);
}

bool Reads::remove_watches(Question& question) {
    wire::RemoveWatchesRequest body;
    if (!question.decode(body) || !is_type(body.type, x_release)) {
        return refuse(question, ServerError::marshalling_error);
    }
    const auto remove_from = [&](WatchTable& table) {
        if (x_release >= Release{3, 9, 0} && body.type != WatcherType::any) {
            return table.remove(body.path, question.connection.id, mode_of(body.type));
        }
        return table.remove(body.path, question.connection.id);
    };
    const bool from_child = body.type != WatcherType::data && remove_from(x_store.child_watches());
    const bool from_data =
        body.type != WatcherType::children && remove_from(x_store.data_watches());
    return refuse(question, from_child || from_data ? ServerError::ok : ServerError::no_watcher);
}

}  // namespace leasehold::server
