#include "sdk/wire/connect.hpp"

#include <utility>

namespace leasehold::wire {

namespace {

void write_tail(Writer& out, const std::optional<bool>& read_only, std::string_view later_fields) {
    if (!read_only) {
        return;  // what comes later cannot be there either
    }
    out.boolean(*read_only);
    out.raw(later_fields);
}

void read_tail(Reader& in, std::optional<bool>& read_only, std::string& later_fields) {
    read_only.reset();
    if (in.remaining() != 0) {
        read_only = in.boolean();
        later_fields = in.take_rest();
    }
}

}  // namespace

void encode(Writer& out, const ConnectRequest& request) {
    out.int32(request.protocol_version);
    out.int64(request.last_zxid_seen);
    out.int32(request.timeout_ms);
    out.int64(request.session_id);
    if (request.password) {
        out.buffer(*request.password);
    } else {
        out.null();
    }
    write_tail(out, request.read_only, request.later_fields);
}

void encode(Writer& out, const ConnectResponse& response) {
    out.int32(response.protocol_version);
    out.int32(response.timeout_ms);
    out.int64(response.session_id);
    out.buffer(response.password);
    write_tail(out, response.read_only, response.later_fields);
}

void read(Reader& in, ConnectRequest& request) {
    request.protocol_version = in.int32();
    request.last_zxid_seen = in.int64();
    request.timeout_ms = in.int32();
    request.session_id = in.int64();
    request.password = in.nullable();
    read_tail(in, request.read_only, request.later_fields);
}

void read(Reader& in, ConnectResponse& response) {
    response.protocol_version = in.int32();
    response.timeout_ms = in.int32();
    response.session_id = in.int64();
    response.password = in.string();
    read_tail(in, response.read_only, response.later_fields);
}

result<ConnectAnswer> decode_connect_answer(std::string_view frame) {
    // No ConnectResponse is that short: its fields before the password alone take as much.
    if (frame.size() == reply_header_size) {
        auto header = decode<ReplyHeader>(frame);
        if (!header) {
            return header.error();
        }
        return ConnectAnswer(header.value());
    }
    auto response = decode<ConnectResponse>(frame);
    if (!response) {
        return response.error();
    }
    return ConnectAnswer(std::move(response).value());
}

}  // namespace leasehold::wire
