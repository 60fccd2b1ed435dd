#include "sdk/core/record_marks.hpp"

#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

const std::string record = "\x0a\x05tills";

TEST(RecordMarks, RecordWithoutMarksSaysNothing) {
    EXPECT_FALSE(is_running(record));
    EXPECT_FALSE(is_asked(record));
    EXPECT_FALSE(is_asked(""));
    EXPECT_FALSE(is_asked("10.0.0.7")) << "what Curator writes of itself";
}

TEST(RecordMarks, RequestStandsBeforeTheMarkThatComesLast) {
    const std::string running = record + std::string(running_mark);
    const std::string asked = with_request(running);
    EXPECT_TRUE(is_asked(asked));
    EXPECT_TRUE(is_running(asked));
    EXPECT_EQ(asked, record + std::string(asked_mark) + std::string(running_mark));
}

TEST(RecordMarks, DowngradedHolderThatIsAskedGoesOnSayingThatItShares) {
    const std::string ours = "0123456789abcdef-lock-0000000001";
    const std::string asked = with_request(record + std::string(share_mark));
    EXPECT_EQ(asked, record + std::string(asked_mark) + std::string(share_mark));
    EXPECT_TRUE(is_asked(asked));
    EXPECT_TRUE(says_shared(ours, asked));
    EXPECT_EQ(with_request(asked), asked);
    EXPECT_FALSE(says_shared(ours, with_request(record)));
}

TEST(RecordMarks, ReaderThatIsAskedGoesOnSayingForWhomItWaits) {
    const std::string reader = "0123456789abcdef-__READ__0000000004";
    const std::string asked = with_request(record + wait_mark(17));
    EXPECT_EQ(asked, record + std::string(asked_mark) + wait_mark(17));
    EXPECT_TRUE(is_asked(asked));
    EXPECT_TRUE(says_waits(reader, asked, 17));
    EXPECT_FALSE(says_waits(reader, asked, 18));
    EXPECT_FALSE(says_waits("_c_0b1c-__READ__0000000004", asked, 17)) << "not named by us";
    EXPECT_FALSE(says_waits(reader, wait_mark(17) + record, 17)) << "not the last";
}

TEST(RecordMarks, RequestIsMadeOnce) {
    const std::string asked = with_request(record);
    EXPECT_TRUE(is_asked(asked));
    EXPECT_FALSE(is_running(asked));
    EXPECT_EQ(with_request(asked), asked);
}

TEST(RecordMarks, RecordWhoseLastFieldIsCutShortHearsARequestAsWell) {
    const std::string cut =
        "b\x05"
        "42";
    ASSERT_EQ(cut.size(), 4u);
    const std::string asked = with_request(cut);
    EXPECT_TRUE(is_asked(asked));
    EXPECT_EQ(with_request(asked), asked);
}

TEST(RecordMarks, CuratorsMarkerIsARequest) {
    EXPECT_TRUE(is_asked(curator_revocation));
    EXPECT_FALSE(is_asked("__REVOKE__D"));
}

}  // namespace
}  // namespace leasehold::core
