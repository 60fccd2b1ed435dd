#include "sdk/wire/auth.hpp"

#include "tests/unit/wire/samples.hpp"

#include <gtest/gtest.h>

namespace leasehold::wire {
namespace {

TEST(Auth, IsSentWithItsReservedXid) {
    EXPECT_EQ(to_hex(encode_request(auth_xid, AuthPacket{0, "digest", "user:pass"})),
              "00000023fffffffc00000064000000000000000664696765737400000009757365723a70617373");
}

TEST(Auth, MayBeEmptyOrNull_AndTheDifferenceIsKept) {
    for (const auto& auth : {std::optional<std::string>(), std::optional<std::string>("")}) {
        const AuthPacket packet{0, "ip", auth};
        EXPECT_EQ(decode<AuthPacket>(encoded(packet)).value(), packet);
    }
}

TEST(Auth, WithoutASchemeIsRefused) {
    std::string bytes;
    Writer out(bytes);
    out.int32(0);
    out.null();
    out.null();
    const result<AuthPacket> decoded = decode<AuthPacket>(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::unexpected_null);
}

TEST(Sasl, RefusalHasANullTokenBehindItsError) {
    const std::string frame =
        encode_reply(ReplyHeader{2, 0, ServerError::auth_failed}, SaslToken{std::nullopt});
    EXPECT_EQ(to_hex(frame), "00000014000000020000000000000000ffffff8dffffffff");
    const auto view = split_reply(std::string_view(frame).substr(4)).value();
    EXPECT_EQ(view.header.err, ServerError::auth_failed);
    EXPECT_EQ(decode<SaslToken>(view.body).value(), SaslToken{std::nullopt});
}

TEST(Sasl, TokenIsBytes_NotText) {
    const SaslToken token{std::string("\0\xff\n", 3)};
    EXPECT_EQ(decode<SaslToken>(encoded(token)).value(), token);
}

}  // namespace
}  // namespace leasehold::wire
