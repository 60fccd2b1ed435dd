#include "sdk/cli/listen_address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace leasehold::cli {
namespace {

TEST(ListenAddressText, NumericAddressesAndLocalhost) {
    EXPECT_EQ(parse_listen_address("127.0.0.1:2181").value(),
              (ListenAddress{"127.0.0.1", 2181, true}));
    EXPECT_EQ(parse_listen_address("localhost:0").value(), (ListenAddress{"127.0.0.1", 0, true}));
    EXPECT_EQ(parse_listen_address("127.9.9.9:65535").value(),
              (ListenAddress{"127.9.9.9", 65535, true}));
    EXPECT_EQ(parse_listen_address("[::1]:1").value(), (ListenAddress{"::1", 1, true}));
    EXPECT_EQ(parse_listen_address("0.0.0.0:1").value(), (ListenAddress{"0.0.0.0", 1, false}));
    EXPECT_EQ(parse_listen_address("[::]:1").value(), (ListenAddress{"::", 1, false}));
    EXPECT_FALSE(parse_listen_address("[::ffff:192.0.2.1]:1")->is_loopback);
}

TEST(ListenAddressText, EverythingElseIsRefusedWithWhatToWrite) {
    for (const std::string text :
         {"", "2181", ":", ":2181", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
          "127.0.0.1:1x", "127.0.0.1:1 ", "zk1:2181", "::1:2181", "[::1]", "[::1]2181", "[]:1",
          "[127.0.0.1]:1", "127.1:1", "256.0.0.1:1", " 127.0.0.1:1"}) {
        const auto parsed = parse_listen_address(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error(), errc::invalid_argument);
        EXPECT_NE(parsed.error().context().what.find("'" + text + "'"), std::string::npos);
    }
}

TEST(ListenAddressText, NulEndsNoAddress) {
    using namespace std::string_literals;
    EXPECT_FALSE(parse_listen_address("127.0.0.1\0.example:2181"s));
    EXPECT_FALSE(parse_listen_address("[::1\0]:2181"s));
}

TEST(ListenAddressText, IsWrittenAsItIsRead) {
    for (const std::string text : {"127.0.0.1:2181", "[::1]:2181"}) {
        const ListenAddress address = parse_listen_address(text).value();
        EXPECT_EQ(format_address(address.host, address.port), text);
    }
}

}  // namespace
}  // namespace leasehold::cli
