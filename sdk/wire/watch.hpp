// Describes watch events and the requests that arm, restore and drop watches.
#pragma once

#include "sdk/wire/node.hpp"
#include "sdk/wire/opcode.hpp"
#include "sdk/wire/record.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace leasehold::wire {

enum class WatchEventType : std::int32_t {
    none = -1,  // this and the three "removed" types are made by clients for themselves
    created = 1,
    deleted = 2,
    data_changed = 3,
    children_changed = 4,
    data_watch_removed = 5,
    child_watch_removed = 6,
    persistent_watch_removed = 7,
};

inline constexpr std::int32_t connected_state = 3;  // the only state a server puts into an event

// The body behind a ReplyHeader whose xid is notification_xid. That header's zxid is -1 up to 3.8
// and the triggering transaction's from 3.9.0 on; it must not become the last zxid seen.
struct WatcherEvent {
    WatchEventType type = WatchEventType::none;
    std::int32_t state = connected_state;
    std::string path{};

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.type, self.state, self.path);
    }
    friend bool operator==(const WatcherEvent&, const WatcherEvent&) = default;
};

// Restores one-shot watches on a new connection. What changed after relative_zxid fires at once.
struct SetWatchesRequest {
    static constexpr Opcode op = Opcode::set_watches;
    using Reply = EmptyReply;

    std::int64_t relative_zxid = 0;
    std::vector<std::string> data_watches{};
    std::vector<std::string> exist_watches{};
    std::vector<std::string> child_watches{};

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.relative_zxid, self.data_watches, self.exist_watches, self.child_watches);
    }
    friend bool operator==(const SetWatchesRequest&, const SetWatchesRequest&) = default;
};

// 3.6.0: the persistent watches as well.
struct SetWatches2Request {
    static constexpr Opcode op = Opcode::set_watches2;
    using Reply = EmptyReply;

    std::int64_t relative_zxid = 0;
    std::vector<std::string> data_watches{};
    std::vector<std::string> exist_watches{};
    std::vector<std::string> child_watches{};
    std::vector<std::string> persistent_watches{};
    std::vector<std::string> persistent_recursive_watches{};

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.relative_zxid, self.data_watches, self.exist_watches, self.child_watches,
                     self.persistent_watches, self.persistent_recursive_watches);
    }
    friend bool operator==(const SetWatches2Request&, const SetWatches2Request&) = default;
};

enum class WatcherType : std::int32_t {
    children = 1,
    data = 2,
    any = 3,
    persistent = 4,            // 3.9.0; before it the answer is marshalling_error
    persistent_recursive = 5,  // 3.9.0
};

template <Opcode Op>
struct BasicWatcherRequest {
    static constexpr Opcode op = Op;
    using Reply = EmptyReply;

    std::string path{};
    WatcherType type = WatcherType::any;

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.path, self.type); }
    friend bool operator==(const BasicWatcherRequest&, const BasicWatcherRequest&) = default;
};

using CheckWatchesRequest = BasicWatcherRequest<Opcode::check_watches>;
using RemoveWatchesRequest = BasicWatcherRequest<Opcode::remove_watches>;

enum class AddWatchMode : std::int32_t {
    persistent = 0,
    persistent_recursive = 1,
};

struct AddWatchReply {
    ServerError err = ServerError::ok;

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.err); }
    friend bool operator==(const AddWatchReply&, const AddWatchReply&) = default;
};

struct AddWatchRequest {
    static constexpr Opcode op = Opcode::add_watch;
    using Reply = AddWatchReply;

    std::string path{};
    AddWatchMode mode = AddWatchMode::persistent;

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.path, self.mode); }
    friend bool operator==(const AddWatchRequest&, const AddWatchRequest&) = default;
};

}  // namespace leasehold::wire
