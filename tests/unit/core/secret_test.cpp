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

}  // namespace
}  // namespace leasehold::core
