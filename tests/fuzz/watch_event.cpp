// A frame that is a reply header and, behind that of a notification, an event.
#include "sdk/core/watches.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/watch.hpp"
#include "tests/fuzz/round_trip.hpp"

namespace leasehold::fuzz {
namespace {

/// Of three watches, an event uses up those of its path and kind, and no other.
void fire(const wire::WatcherEvent& event) {
    core::WatchRegistry watches;
    const std::array<std::string, 3> paths{"/q", "/q/x", event.path};
    core::OperationId id = 0;
    for (const std::string& path : paths) {
        watches.add(++id, core::WatchKind::data, path);
        watches.add(++id, core::WatchKind::child, path);
    }
    const std::size_t before = watches.size();
    const auto fired = watches.on_event(event);
    const std::size_t gone = fired ? fired->watches.size() : 0;
    require(watches.size() + gone == before, "who is told has no watch any more");
    for (const core::OperationId watch :
         fired ? fired->watches : std::vector<core::OperationId>{}) {
        require(paths[(watch - 1) / 2] == event.path, "who is told watches the event's path");
    }
}

void run(std::string_view input) {
    round_trip<wire::WatcherEvent>(input);
    const auto reply = wire::split_reply(input);
    if (!reply) {
        require(input.size() < wire::reply_header_size, "any header is one that may come");
        return;
    }
    const auto event = wire::decode<wire::WatcherEvent>(reply.value().body);
    if (event) {
        fire(event.value());
    }
}

LEASEHOLD_FUZZ_TARGET(watch_event, run)

}  // namespace
}  // namespace leasehold::fuzz
