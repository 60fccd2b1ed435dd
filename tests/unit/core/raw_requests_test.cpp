// Watches of the raw client whose event and whose reply do not come in the usual order, or whose
// caller does not wait for either.
#include "sdk/wire/record.hpp"
#include "sdk/wire/watch.hpp"
#include "tests/unit/core/engine_bench.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

class RawWatches : public EngineBench {
protected:
    OperationId watch_data(const std::string& path) {
        return a.submit(wire::GetDataRequest{.path = path, .watch = true}, {},
                        std::pair{WatchKind::data, path});
    }
    void tell(wire::WatchEventType type, const std::string& path) {
        a.inject(wire::encode_reply(wire::ReplyHeader{wire::notification_xid, -1, {}},
                                    wire::WatcherEvent{type, wire::connected_state, path}));
    }
};

TEST_F(RawWatches, EventThatComesBeforeItsReplyIsDeliveredAfterIt) {
    server.make(world.now(), "/w");
    const OperationId watch = watch_data("/w");
    tell(wire::WatchEventType::data_changed, "/w");
    EXPECT_EQ(a.count<WatchFired>(watch), 0u) << "its caller does not have the watch yet";
    world.run_for(10ms);
    Instant answered_at;
    Instant fired_at;
    ASSERT_NE(a.about<RequestDone>(watch, &answered_at), nullptr);
    ASSERT_NE(a.about<WatchFired>(watch, &fired_at), nullptr);
    EXPECT_LE(answered_at, fired_at);
    EXPECT_EQ(a.stats().ignored_events, 0u);
    EXPECT_EQ(a.stats().watches, 0u);
}

TEST_F(RawWatches, EarlyEventOfTheOtherKindIsNotTheirs) {
    server.make(world.now(), "/w");
    const OperationId watch = watch_data("/w");
    tell(wire::WatchEventType::children_changed, "/w");
    world.run_for(10ms);
    EXPECT_EQ(a.count<WatchFired>(watch), 0u);
    EXPECT_EQ(a.stats().ignored_events, 1u);
    EXPECT_EQ(a.stats().watches, 1u);
}

TEST_F(RawWatches, WatchWhoseCallerGaveUpIsTakenOffTheServer) {
    server.make(world.now(), "/w");
    const OperationId watch = watch_data("/w");
    a.cancel_request(watch);
    world.run_for(10ms);
    EXPECT_EQ(server.watches().size(), 0u);
    EXPECT_EQ(a.stats().watches, 0u);
    EXPECT_EQ(a.count<RequestDone>(watch), 1u);
}

}  // namespace
}  // namespace leasehold::core
