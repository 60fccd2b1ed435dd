#include "sdk/wire/opcode.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace leasehold::wire {
namespace {

TEST(Opcodes, HaveTheProtocolsNumbersAndNames) {
    const std::map<std::int32_t, std::string_view> protocol{{-11, "closeSession"},
                                                            {-10, "createSession"},
                                                            {-1, "error"},
                                                            {0, "notification"},
                                                            {1, "create"},
                                                            {2, "delete"},
                                                            {3, "exists"},
                                                            {4, "getData"},
                                                            {5, "setData"},
                                                            {6, "getACL"},
                                                            {7, "setACL"},
                                                            {8, "getChildren"},
                                                            {9, "sync"},
                                                            {11, "ping"},
                                                            {12, "getChildren2"},
                                                            {13, "check"},
                                                            {14, "multi"},
                                                            {15, "create2"},
                                                            {16, "reconfig"},
                                                            {17, "checkWatches"},
                                                            {18, "removeWatches"},
                                                            {19, "createContainer"},
                                                            {20, "deleteContainer"},
                                                            {21, "createTTL"},
                                                            {22, "multiRead"},
                                                            {100, "auth"},
                                                            {101, "setWatches"},
                                                            {102, "sasl"},
                                                            {103, "getEphemerals"},
                                                            {104, "getAllChildrenNumber"},
                                                            {105, "setWatches2"},
                                                            {106, "addWatch"},
                                                            {107, "whoAmI"}};
    for (std::int32_t number = -200; number <= 200; ++number) {
        const auto known = protocol.find(number);
        EXPECT_EQ(name_of(static_cast<Opcode>(number)),
                  known == protocol.end() ? "unknown" : known->second)
            << number;
    }
}

TEST(ServerErrors, EveryDocumentedNumberHasItsOwnText) {
    const std::set<std::int32_t> documented{0,    -1,   -2,   -3,   -4,   -5,   -6,   -7,   -8,
                                            -9,   -12,  -13,  -14,  -100, -101, -102, -103, -108,
                                            -110, -111, -112, -113, -114, -115, -116, -117, -118,
                                            -119, -120, -121, -122, -123, -124, -125, -127};
    std::set<std::string_view> texts;
    for (std::int32_t number = -200; number <= 10; ++number) {
        const std::string_view text = describe(static_cast<ServerError>(number));
        if (documented.contains(number)) {
            EXPECT_TRUE(texts.insert(text).second) << number;
        }
        EXPECT_EQ(text == "unknown server error", !documented.contains(number)) << number;
    }
}

}  // namespace
}  // namespace leasehold::wire
