#include "sdk/wire/watch.hpp"

#include "tests/unit/wire/samples.hpp"

#include <gtest/gtest.h>

namespace leasehold::wire {
namespace {

TEST(WatcherEvent, HasItsFieldsInOrder) {
    EXPECT_EQ(to_hex(encoded(WatcherEvent{WatchEventType::data_changed, connected_state, "/kz/p"})),
              "0000000300000003000000052f6b7a2f70");
}

TEST(WatcherEvent, KeepsATypeNobodyKnows) {
    const WatcherEvent event{static_cast<WatchEventType>(12), 99, "/a"};
    EXPECT_EQ(decode<WatcherEvent>(encoded(event)).value(), event);
}

TEST(WatcherEvent, WithoutAPathIsRefused) {
    const result<WatcherEvent> decoded =
        decode<WatcherEvent>(std::string_view("\0\0\0\1\0\0\0\3\xff\xff\xff\xff", 12));
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::unexpected_null);
}

TEST(SetWatches, HasDataThenExistThenChild) {
    const SetWatchesRequest request{0x2f, {"/cc"}, {"/cc/absent"}, {"/cd"}};
    EXPECT_EQ(to_hex(encoded(request)),
              "000000000000002f"
              "00000001000000032f6363"
              "000000010000000a2f63632f616273656e74"
              "00000001000000032f6364");
}

TEST(SetWatches2, HasThePersistentOnesBehindTheOthers) {
    const SetWatchesRequest one{15, {"/d"}, {"/e"}, {"/c"}};
    const SetWatches2Request two{15, {"/d"}, {"/e"}, {"/c"}, {"/p"}, {"/r"}};
    EXPECT_EQ(to_hex(encoded(two)),
              to_hex(encoded(one)) + "00000001000000022f70" + "00000001000000022f72");
}

TEST(RemoveWatches, KnowsTheTypesOf39) {
    EXPECT_EQ(to_hex(encoded(RemoveWatchesRequest{"/a", WatcherType::any})),
              "000000022f6100000003");
    EXPECT_EQ(to_hex(encoded(CheckWatchesRequest{"/a", WatcherType::persistent_recursive})),
              "000000022f6100000005");
}

TEST(AddWatch, HasItsModeBehindThePath) {
    EXPECT_EQ(to_hex(encoded(AddWatchRequest{"/jv", AddWatchMode::persistent_recursive})),
              "000000032f6a7600000001");
    const AddWatchRequest odd{"/jv", static_cast<AddWatchMode>(7)};
    EXPECT_EQ(decode<AddWatchRequest>(encoded(odd)).value(), odd);
}

}  // namespace
}  // namespace leasehold::wire
