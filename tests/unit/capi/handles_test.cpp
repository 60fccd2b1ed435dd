#include "sdk/capi/handles.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace leasehold::capi {
namespace {

std::shared_ptr<void> object() {
    return std::make_shared<int>(1);
}

TEST(Handles, AreFoundUntilTheyAreTakenAndNeverAfterwards) {
    auto& handles = Handles::all();
    const auto thing = object();
    const Handle handle = handles.insert(HandleKind::lock, thing);
    EXPECT_EQ(handles.find(HandleKind::lock, handle), thing);
    EXPECT_EQ(handles.take(HandleKind::lock, handle), thing);
    EXPECT_EQ(handles.find(HandleKind::lock, handle), nullptr);
    EXPECT_EQ(handles.take(HandleKind::lock, handle), nullptr);
    EXPECT_EQ(thing.use_count(), 1);
}

TEST(Handles, OfOneKindAreNoneOfAnother) {
    auto& handles = Handles::all();
    const Handle handle = handles.insert(HandleKind::lock, object());
    EXPECT_EQ(handles.find(HandleKind::client, handle), nullptr);
    EXPECT_EQ(handles.take(HandleKind::client, handle), nullptr);
    EXPECT_NE(handles.take(HandleKind::lock, handle), nullptr);
}

TEST(Handles, OfAUsedSlotAreAnother) {
    auto& handles = Handles::all();
    const Handle first = handles.insert(HandleKind::lock, object());
    static_cast<void>(handles.take(HandleKind::lock, first));
    const Handle second = handles.insert(HandleKind::lock, object());
    EXPECT_NE(first, second);
    EXPECT_EQ(handles.find(HandleKind::lock, first), nullptr);
    EXPECT_NE(handles.take(HandleKind::lock, second), nullptr);
}

TEST(Handles, AreNoAddresses) {
    auto& handles = Handles::all();
    int on_the_stack = 0;
    const auto on_the_heap = std::make_unique<int>(0);
    for (const Handle other :
         {Handle{0}, Handle{1}, ~Handle{0}, reinterpret_cast<Handle>(&on_the_stack),
          reinterpret_cast<Handle>(on_the_heap.get()), reinterpret_cast<Handle>(&handles)}) {
        EXPECT_EQ(handles.find(HandleKind::lock, other), nullptr) << other;
        EXPECT_EQ(handles.take(HandleKind::lock, other), nullptr) << other;
    }
}

TEST(Handles, AreTakenByOneThreadOnly) {
    auto& handles = Handles::all();
    for (int round = 0; round < 200; ++round) {
        const Handle handle = handles.insert(HandleKind::call, object());
        std::atomic<int> taken{0};
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&] {
                static_cast<void>(handles.find(HandleKind::call, handle));
                taken += handles.take(HandleKind::call, handle) ? 1 : 0;
            });
        }
        threads.clear();
        EXPECT_EQ(taken, 1);
    }
}

}  // namespace
}  // namespace leasehold::capi
