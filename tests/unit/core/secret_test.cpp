#include "sdk/core/secret.hpp"

#include <gtest/gtest.h>

#include <new>
#include <string>

namespace leasehold::core {
namespace {

TEST(Secret, IsACopy) {
    std::string text = "user:password";
    const Secret secret(text);
    text.assign(text.size(), 'x');
    EXPECT_EQ(secret.text(), "user:password");
    const Secret copy = secret;
    EXPECT_EQ(copy.text(), "user:password");
}

TEST(Secret, LeavesNothingInWhatItIsMovedFrom) {
    Secret first("user:password");
    const Secret second = std::move(first);
    EXPECT_EQ(second.text(), "user:password");
    EXPECT_EQ(first.text(), "");  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, AssignmentTakesTheOther) {
    Secret secret("one");
    secret = Secret("two");
    EXPECT_EQ(secret.text(), "two");
    secret = Secret();
    EXPECT_EQ(secret.text(), "");
}

TEST(Wiped, TextIsEmptyAndItsMemoryBlank) {
    std::string text(100, 's');
    const char* const memory = text.data();
    wipe(text);
    EXPECT_TRUE(text.empty());
    EXPECT_EQ(text.data(), memory);
    EXPECT_EQ(std::string(memory, 100), std::string(100, '\0'));
}

TEST(Wiped, FrontLeavesNothingBehindTheEnd) {
    std::string text = std::string(40, 's') + std::string(60, 'r');
    const char* const memory = text.data();
    wipe_front(text, 40);
    EXPECT_EQ(text, std::string(60, 'r'));
    EXPECT_EQ(std::string(memory + 60, 40), std::string(40, '\0'));
    wipe_front(text, 60);
    EXPECT_TRUE(text.empty());
    EXPECT_EQ(std::string(memory, 100), std::string(100, '\0'));
}

TEST(Wiped, RoomIsMadeOnceForAll) {
    std::string text(100, 's');
    make_room(text, 1000);
    EXPECT_EQ(text, std::string(100, 's'));
    const char* const memory = text.data();
    text.append(1000, 'x');
    EXPECT_EQ(text.data(), memory);
}

}  // namespace
}  // namespace leasehold::core
