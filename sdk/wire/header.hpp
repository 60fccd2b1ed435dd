// Puts the header in front of a request or a reply, and takes it off again so that the caller can
// find out from the xid which record the rest is.
#pragma once

#include "sdk/wire/error.hpp"
#include "sdk/wire/opcode.hpp"
#include "sdk/wire/record.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace leasehold::wire {

struct RequestHeader {
    std::int32_t xid = 0;
    Opcode op = Opcode::notification;

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.xid, self.op); }
    friend bool operator==(const RequestHeader&, const RequestHeader&) = default;
};

// A body follows if err is ok, and after a failed SASL exchange (a null token).
struct ReplyHeader {
    std::int32_t xid = 0;
    std::int64_t zxid = 0;
    ServerError err = ServerError::ok;

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.xid, self.zxid, self.err);
    }
    friend bool operator==(const ReplyHeader&, const ReplyHeader&) = default;
};

inline constexpr std::size_t reply_header_size = least_size<ReplyHeader>();

// The body is a view into the frame.
struct RequestView {
    RequestHeader header{};
    std::string_view body{};
};
struct ReplyView {
    ReplyHeader header{};
    std::string_view body{};
};

[[nodiscard]] result<RequestView> split_request(std::string_view frame);
[[nodiscard]] result<ReplyView> split_reply(std::string_view frame);

// A record that is the body of exactly one operation, and knows which.
template <class Body>
concept RequestBody = requires {
    { Body::op } -> std::convertible_to<Opcode>;
    typename Body::Reply;
};

template <class Body>
void append_request(std::string& out, std::int32_t xid, Opcode op, const Body& body) {
    append_frame(out, RequestHeader{xid, op}, body);
}

template <RequestBody Body>
void append_request(std::string& out, std::int32_t xid, const Body& body) {
    append_request(out, xid, Body::op, body);
}

template <class Body>
[[nodiscard]] std::string encode_request(std::int32_t xid, Opcode op, const Body& body) {
    return encode_frame(RequestHeader{xid, op}, body);
}

template <RequestBody Body>
[[nodiscard]] std::string encode_request(std::int32_t xid, const Body& body) {
    return encode_request(xid, Body::op, body);
}

// The same for the server's side. No body: an error, or an operation whose reply is its header.
template <class... Body>
void append_reply(std::string& out, const ReplyHeader& header, const Body&... body) {
    static_assert(sizeof...(Body) <= 1);
    append_frame(out, header, body...);
}

template <class... Body>
[[nodiscard]] std::string encode_reply(const ReplyHeader& header, const Body&... body) {
    static_assert(sizeof...(Body) <= 1);
    return encode_frame(header, body...);
}

}  // namespace leasehold::wire
