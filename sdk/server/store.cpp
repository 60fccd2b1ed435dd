#include "sdk/server/store.hpp"

#include "sdk/server/path.hpp"
#include "sdk/server/release.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::server {

using wire::WatchEventType;

Store::Store(Release release)
    : x_tree(release >= Release{3, 5, 0}, release < Release{3, 6, 0}),
      x_data(release >= Release{3, 9, 0}),
      x_child(release >= Release{3, 9, 0}),
      x_filters_events(filters_events(release)) {}

void Store::begin_epoch(std::int64_t zxid) {
    x_zxid = std::max(x_zxid, zxid);
}

void Store::forget_watches() {
    x_data.clear();
    x_child.clear();
}

void Store::apply(const Transaction& transaction, std::vector<Applied>* results) {
    x_zxid = transaction.zxid;
    switch (transaction.kind) {
        case TransactionKind::create_session:
            x_sessions[transaction.session] = transaction.timeout_ms;
            return;
        case TransactionKind::close_session:
            x_sessions.erase(transaction.session);
            for (const Change& each : transaction.changes) {
                deleted(each.path, transaction.zxid);
            }
            return;
        case TransactionKind::write:
        case TransactionKind::multi:
            for (const Change& each : transaction.changes) {
                apply(each, transaction, results);
            }
            return;
        case TransactionKind::failed: return;
    }
}

void Store::apply(const Change& change, const Transaction& cause, std::vector<Applied>* results) {
    const Znode* node = nullptr;
    switch (change.kind) {
        case ChangeKind::created: return created(change, cause, results);
        case ChangeKind::deleted: deleted(change.path, cause.zxid); break;
        case ChangeKind::data_set:
            node = x_tree.set_data(change, cause);
            x_told.clear();
            x_data.take(change.path, true, x_told);
            tell(x_told, {WatchEventType::data_changed, change.path, cause.zxid,
                          node == nullptr ? nullptr : node->acls.get()});
            break;
        case ChangeKind::acl_set: node = x_tree.set_acl(change); break;
        case ChangeKind::checked: break;
    }
    if (results != nullptr) {
        Applied& result = results->emplace_back(Applied{change.kind});
        result.has_stat = node != nullptr;
        if (node != nullptr) {
            result.stat = node->stat;
        }
    }
}

void Store::created(const Change& change, const Transaction& cause, std::vector<Applied>* results) {
    const Znode* node = x_tree.create(change, cause);
    if (results != nullptr) {
        Applied& result = results->emplace_back(Applied{change.kind, change.path});
        result.has_stat = change.answers_with_stat && node != nullptr;
        if (result.has_stat) {
            result.stat = node->stat;
        }
    }
    if (node == nullptr) {
        return;
    }
    x_told.clear();
    x_data.take(change.path, true, x_told);
    tell(x_told, {WatchEventType::created, change.path, cause.zxid, node->acls.get()});
    tell_parent(change.path, cause.zxid);
}

void Store::deleted(std::string_view path, std::int64_t zxid) {
    const Znode* node = x_tree.find(path);
    if (node == nullptr) {
        return;
    }
    const Acls acls = node->acls;
    x_tree.remove(path, zxid);
    const WatchEvent event{WatchEventType::deleted, path, zxid, acls.get()};
    x_told.clear();
    x_data.take(path, true, x_told);
    tell(x_told, event);
    x_child_told.clear();
    x_child.take(path, true, x_child_told);
    // One who got it from the data table does not get it again from the child table.
    std::erase_if(x_child_told, [&](WatcherId id) {
        return std::find(x_told.begin(), x_told.end(), id) != x_told.end();
    });
    tell(x_child_told, event);
    tell_parent(path, zxid);
}

void Store::tell_parent(std::string_view path, std::int64_t zxid) {
    const std::string_view parent = shown(parent_of(path));
    x_told.clear();
    x_child.take(parent, false, x_told);
    if (!x_told.empty()) {
        const Znode* node = x_tree.find(parent);
        tell(x_told, {WatchEventType::children_changed, parent, zxid,
                      node == nullptr ? nullptr : node->acls.get()});
    }
}

void Store::tell(const std::vector<WatcherId>& told, const WatchEvent& event) {
    WatchEvent shown_event = event;
    if (!x_filters_events) {
        shown_event.acls = nullptr;
    }
    for (const WatcherId id : told) {
        x_heard(id, shown_event);
    }
}

}  // namespace leasehold::server
