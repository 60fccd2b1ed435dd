#include "sdk/core/path.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace leasehold::core {
namespace {

struct BadPath {
    std::string_view name;
    std::string path;
    std::string_view rule;  ///< what the refusal has to say
};

const std::vector<BadPath> bad_paths{
    {"Empty", "", "empty"},
    {"Relative", "orders", "begin with a slash"},
    {"TrailingSlash", "/orders/", "ends with a slash"},
    {"TwoSlashes", "//orders", "two slashes"},
    {"TwoSlashesInside", "/orders//42", "two slashes"},
    {"Dot", "/orders/./42", "not resolved"},
    {"DotDot", "/orders/..", "not resolved"},
    {"Nul", std::string("/a\0b", 4), "does not allow"},
    {"Newline", "/a\nb", "does not allow"},
    {"Delete", "/a\x7f", "does not allow"},
    {"C1Control", "/a\xc2\x85", "does not allow"},
    {"PrivateUse", "/a\xee\x80\x80", "does not allow"},
    {"LastOfPrivateUse", "/a\xef\xa3\xbf", "does not allow"},
    {"ReplacementCharacterRange", "/a\xef\xbf\xbd", "does not allow"},
    {"AboveTheBasicPlane", "/a\xf0\x9f\x94\x92", "does not allow"},
    {"LoneContinuation", "/a\x80", "UTF-8"},
    {"Overlong", "/a\xc0\xaf", "UTF-8"},
    {"OverlongOfThree", "/a\xe0\x80\xaf", "UTF-8"},
    {"Surrogate", "/a\xed\xa0\x80", "UTF-8"},
    {"CutShort", "/a\xe2\x82", "UTF-8"},
    {"TooLong", "/" + std::string(max_path_bytes, 'a'), "longer than 4096"},
};

class PathRefusal : public testing::TestWithParam<BadPath> {};

TEST_P(PathRefusal, NamesTheRuleThatIsBroken) {
    const auto checked = check_path(GetParam().path);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error(), errc::invalid_argument);
    EXPECT_NE(checked.error().context().what.find(GetParam().rule), std::string::npos)
        << checked.error().message();
}

INSTANTIATE_TEST_SUITE_P(, PathRefusal, testing::ValuesIn(bad_paths),
                         [](const auto& given) { return std::string(given.param.name); });

TEST(Path, ValidPathsPass) {
    for (const std::string_view path :
         {"/", "/a", "/orders/42", "/a/...", "/a/.b", "/a b", "/\xc3\xa4/\xe2\x82\xac",
          "/a\xef\xa4\x80" /* U+F900, right behind the private area */}) {
        EXPECT_TRUE(check_path(path)) << path;
    }
    EXPECT_TRUE(check_path("/" + std::string(max_path_bytes - 1, 'a')));
}

TEST(Path, SequentialCreateMayEndWithASlash) {
    EXPECT_TRUE(check_sequential_path("/queue/"));
    EXPECT_TRUE(check_sequential_path("/queue/n-"));
    EXPECT_FALSE(check_sequential_path("/queue//"));
    EXPECT_FALSE(check_sequential_path("queue/"));
    // "/." is not a path, but "/.0000000000" is one.
    EXPECT_TRUE(check_sequential_path("/."));
}

TEST(Path, SequenceNumberCountsTowardsTheLength) {
    EXPECT_TRUE(check_sequential_path("/" + std::string(max_path_bytes - 11, 'a')));
    EXPECT_FALSE(check_sequential_path("/" + std::string(max_path_bytes - 10, 'a')));
}

TEST(Path, LockPathsAreNeitherTheRootNorTheServersOwn) {
    EXPECT_TRUE(check_lock_path("/orders/42"));
    EXPECT_TRUE(check_lock_path("/zookeepers"));
    EXPECT_TRUE(check_lock_path("/shop/zookeeper"));
    EXPECT_EQ(check_lock_path("/").error(), errc::invalid_argument);
    EXPECT_EQ(check_lock_path("/zookeeper").error(), errc::invalid_argument);
    EXPECT_EQ(check_lock_path("/zookeeper/config").error(), errc::invalid_argument);
    EXPECT_EQ(check_lock_path("/a/").error(), errc::invalid_argument);
}

TEST(Path, LockPathLeavesRoomForTheContender) {
    EXPECT_TRUE(check_lock_path("/" + std::string(max_path_bytes - 65, 'a')));
    EXPECT_FALSE(check_lock_path("/" + std::string(max_path_bytes - 64, 'a')));
}

TEST(Path, NameBelowIsWhatChildHasPutThere) {
    EXPECT_EQ(child("/orders", "lock-1"), "/orders/lock-1");
    EXPECT_EQ(name_below("/orders", "/orders/lock-1"), "lock-1");
    EXPECT_EQ(name_below("/orders", "/orders/"), "");
    for (const std::string_view other : {"/orders", "/orders2/lock-1", "/other", ""}) {
        EXPECT_EQ(name_below("/orders", other), std::nullopt) << other;
    }
}

TEST(Path, ChrootIsPutInFrontAndTakenOff) {
    EXPECT_EQ(with_chroot("", "/a"), "/a");
    EXPECT_EQ(with_chroot("", "/"), "/");
    EXPECT_EQ(with_chroot("/shop", "/a"), "/shop/a");
    EXPECT_EQ(with_chroot("/shop", "/"), "/shop");
    EXPECT_EQ(without_chroot("", "/a"), "/a");
    EXPECT_EQ(without_chroot("/shop", "/shop/a"), "/a");
    EXPECT_EQ(without_chroot("/shop", "/shop"), "/");
    EXPECT_EQ(without_chroot("/shop", "/shopping/a"), "/shopping/a");
    EXPECT_EQ(without_chroot("/shop", "/other"), "/other");
}

}  // namespace
}  // namespace leasehold::core
