#include "sdk/wire/connect.hpp"

#include "tests/unit/wire/samples.hpp"

#include <gtest/gtest.h>

namespace leasehold::wire {
namespace {

TEST(ConnectRequest, HasFortyFiveBytes_AndSendsTheReadOnlyByteByDefault) {
    ConnectRequest request;
    request.timeout_ms = 10'000;
    request.password = std::string(password_size, '\0');
    EXPECT_EQ(to_hex(encode_frame(request)),
              "0000002d"
              "00000000"
              "0000000000000000"
              "00002710"
              "0000000000000000"
              "0000001000000000000000000000000000000000"
              "00");
}

TEST(ConnectRequest, OfAnOldClientLacksTheReadOnlyByte_AndStaysThatWay) {
    auto request = sample<ConnectRequest>();
    request.read_only.reset();
    const std::string bytes = encoded(request);
    EXPECT_EQ(bytes.size(), 44U);
    const result<ConnectRequest> decoded = decode<ConnectRequest>(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded.value().read_only, std::nullopt);
    EXPECT_EQ(encoded(decoded.value()), bytes);
}

TEST(ConnectRequest, PasswordMayBeEmptyOrNull_AndTheDifferenceIsKept) {
    for (const auto& password : {std::optional<std::string>(""), std::optional<std::string>()}) {
        auto request = sample<ConnectRequest>();
        request.password = password;
        EXPECT_EQ(decode<ConnectRequest>(encoded(request)).value(), request);
    }
}

TEST(ConnectRequest, ReadOnlyByteHasToBeABoolean) {
    std::string bytes = encoded(sample<ConnectRequest>());
    bytes.back() = '\2';
    const result<ConnectRequest> decoded = decode<ConnectRequest>(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::bad_boolean);
}

TEST(ConnectRequest, FieldsOfANewerVersionAreKept) {
    const std::string bytes = encoded(sample<ConnectRequest>()) + "newer";
    const result<ConnectRequest> decoded = decode<ConnectRequest>(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded.value().later_fields, "newer");
    EXPECT_EQ(encoded(decoded.value()), bytes);
}

TEST(ConnectResponse, HasThirtySevenBytes_OrThirtySixForAnOldClient) {
    auto response = sample<ConnectResponse>();
    EXPECT_EQ(encoded(response).size(), 37U);
    response.read_only.reset();
    EXPECT_EQ(encoded(response).size(), 36U);
    EXPECT_EQ(decode<ConnectResponse>(encoded(response)).value(), response);
}

TEST(ConnectResponse, NullPasswordIsRefused) {
    std::string bytes = encoded(sample<ConnectResponse>()).substr(0, 16);
    Writer(bytes).null();
    const result<ConnectResponse> decoded = decode<ConnectResponse>(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error(), DecodeError::unexpected_null);
}

TEST(ConnectAnswer, IsAResponse) {
    const result<ConnectAnswer> answer = decode_connect_answer(encoded(sample<ConnectResponse>()));
    ASSERT_TRUE(answer);
    ASSERT_TRUE(std::holds_alternative<ConnectResponse>(answer.value()));
    EXPECT_EQ(std::get<ConnectResponse>(answer.value()), sample<ConnectResponse>());
}

TEST(ConnectAnswer, OfAReadOnlyServerMayBeABareReplyHeader) {
    const ReplyHeader refusal{0, 0x100000160, ServerError::not_read_only};
    const result<ConnectAnswer> answer = decode_connect_answer(encoded(refusal));
    ASSERT_TRUE(answer);
    ASSERT_TRUE(std::holds_alternative<ReplyHeader>(answer.value()));
    EXPECT_EQ(std::get<ReplyHeader>(answer.value()), refusal);
}

TEST(ConnectAnswer, OfAnyOtherLengthIsRefused) {
    const std::string whole = encoded(sample<ConnectResponse>());
    for (std::size_t size = 0; size < 36; ++size) {
        const bool is_bare_header = size == reply_header_size;
        EXPECT_EQ(decode_connect_answer(whole.substr(0, size)).has_value(), is_bare_header) << size;
    }
}

}  // namespace
}  // namespace leasehold::wire
