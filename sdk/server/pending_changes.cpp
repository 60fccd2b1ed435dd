#include "sdk/server/pending_changes.hpp"

#include "sdk/server/path.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace leasehold::server {

std::optional<NodeView> PendingChanges::find(std::string_view path) const {
    if (!x_records.empty()) {
        const auto record = x_records.find(shown(path));
        if (record != x_records.end()) {
            return record->second.node;
        }
    }
    const Znode* node = x_tree->find(path);
    if (node == nullptr) {
        return std::nullopt;
    }
    return NodeView{node->stat.version,        node->stat.aversion, node->creates,
                    node->children.size(),     node->acls,          node->kind,
                    node->stat.ephemeral_owner};
}

std::vector<std::string> PendingChanges::ephemerals_of(std::int64_t session) const {
    std::map<std::string, std::int64_t> created;
    for (const std::string_view path : x_tree->ephemerals_of(session)) {
        created.emplace(path, x_tree->find(path)->stat.czxid);
    }
    for (const Step& step : x_steps) {
        const auto node = find(step.path);
        if (!node) {
            created.erase(step.path);
        } else if (node->owner == session && node->kind == NodeKind::ephemeral) {
            created.emplace(step.path, step.zxid);
        }
    }
    std::vector<std::string> paths;
    paths.reserve(created.size());
    for (const auto& [path, zxid] : created) {
        paths.push_back(path);
    }
    std::stable_sort(paths.begin(), paths.end(),
                     [&](const std::string& one, const std::string& other) {
                         return created.find(one)->second < created.find(other)->second;
                     });
    return paths;
}

void PendingChanges::put(std::string_view path, std::int64_t zxid, std::optional<NodeView> node) {
    const auto [place, is_new] = x_records.try_emplace(std::string(shown(path)));
    std::optional<Record> before;
    if (!is_new) {
        before = std::move(place->second);
    }
    place->second = {zxid, std::move(node)};
    x_steps.push_back({zxid, place->first, std::move(before)});
}

void PendingChanges::note(const Change& change, std::int64_t zxid, std::int64_t session) {
    std::optional<NodeView> node = find(change.path);
    switch (change.kind) {
        case ChangeKind::created: {
            if (auto parent = find(parent_of(change.path))) {
                parent->creates = change.creates;
                ++parent->children;
                put(parent_of(change.path), zxid, std::move(parent));
            }
            const std::int64_t owner = change.node == NodeKind::ephemeral ? session : 0;
            return put(change.path, zxid,
                       NodeView{.acls = change.acls, .kind = change.node, .owner = owner});
        }
        case ChangeKind::deleted:
            if (auto parent = find(parent_of(change.path))) {
                --parent->children;
                put(parent_of(change.path), zxid, std::move(parent));
            }
            return put(change.path, zxid, std::nullopt);
        case ChangeKind::data_set:
            if (node) {
                node->version = change.version;
                put(change.path, zxid, std::move(node));
            }
            return;
        case ChangeKind::acl_set:
            if (node) {
                node->aversion = change.version;
                node->acls = change.acls;
                put(change.path, zxid, std::move(node));
            }
            return;
        case ChangeKind::checked: return;
    }
}

void PendingChanges::roll_back(std::int64_t zxid) {
    while (!x_steps.empty() && x_steps.back().zxid == zxid) {
        Step& step = x_steps.back();
        if (step.before) {
            x_records.find(step.path)->second = std::move(*step.before);
        } else {
            x_records.erase(step.path);
        }
        x_steps.pop_back();
    }
}

void PendingChanges::forget_until(std::int64_t zxid) {
    while (!x_steps.empty() && x_steps.front().zxid <= zxid) {
        const auto record = x_records.find(x_steps.front().path);
        if (record != x_records.end() && record->second.zxid <= zxid) {
            x_records.erase(record);
        }
        x_steps.pop_front();
    }
}

void PendingChanges::clear() {
    x_records.clear();
    x_steps.clear();
}

}  // namespace leasehold::server
