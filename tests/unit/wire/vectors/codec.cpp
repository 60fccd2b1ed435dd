#include "tests/unit/wire/vectors/codec.hpp"

#include "tests/unit/wire/vectors/json_of.hpp"

#include <array>
#include <utility>

namespace leasehold::wire::vectors {

namespace {

struct Body {
    std::optional<DecodeError> error;
    Json json;
    std::string bytes;
};

using BodyDecoder = Body (*)(std::string_view);

template <class X>
Body decode_body(std::string_view body) {
    const result<X> record = decode<X>(body);
    if (!record) {
        return {record.error(), Json::object(), {}};
    }
    Body decoded{std::nullopt, json_of(record.value()), {}};
    Writer out(decoded.bytes);
    encode(out, record.value());
    return decoded;
}

Body keep_opaque(std::string_view body) {
    return {std::nullopt, Json::object(), std::string(body)};
}

struct Operation {
    Opcode op;
    BodyDecoder request;
    BodyDecoder reply;
};

template <class Request>
constexpr Operation operation() {
    return {Request::op, &decode_body<Request>, &decode_body<typename Request::Reply>};
}

constexpr std::array operations{
    operation<CreateRequest>(),
    operation<Create2Request>(),
    operation<CreateContainerRequest>(),
    operation<CreateTtlRequest>(),
    operation<RemoveRequest>(),
    operation<CheckRequest>(),
    operation<ExistsRequest>(),
    operation<GetDataRequest>(),
    operation<SetDataRequest>(),
    operation<GetAclRequest>(),
    operation<SetAclRequest>(),
    operation<GetChildrenRequest>(),
    operation<GetChildren2Request>(),
    operation<GetEphemeralsRequest>(),
    operation<GetAllChildrenNumberRequest>(),
    operation<SyncRequest>(),
    operation<PingRequest>(),
    operation<CloseSessionRequest>(),
    operation<WhoAmIRequest>(),
    operation<ReconfigRequest>(),
    operation<SetWatchesRequest>(),
    operation<SetWatches2Request>(),
    operation<CheckWatchesRequest>(),
    operation<RemoveWatchesRequest>(),
    operation<AddWatchRequest>(),
    operation<AuthPacket>(),
    operation<SaslToken>(),
    operation<MultiRequest>(),
    operation<MultiReadRequest>(),
};

const Operation* find_operation(std::string_view name) {
    for (const Operation& operation : operations) {
        if (name_of(operation.op) == name) {
            return &operation;
        }
    }
    return nullptr;
}

template <class Header>
Decoded join(const Header& header, const Body& body, Json json) {
    return {body.error, std::move(json), encode_frame(header, Opaque{body.bytes}), {}};
}

Decoded whole_frame(const Body& body) {
    return {body.error, body.json, encode_frame(Opaque{body.bytes}), {}};
}

Decoded decode_connect_reply(std::string_view frame) {
    const result<ConnectAnswer> answer = decode_connect_answer(frame);
    if (!answer) {
        return {answer.error(), Json::object(), {}, {}};
    }
    return std::visit(
        [](const auto& record) {
            return Decoded{std::nullopt, json_of(record), encode_frame(record), {}};
        },
        answer.value());
}

// An error has no body, except a refused SASL exchange. If there are bytes nevertheless they must
// make sense as the body of a success.
Body decode_reply_body(std::string_view op, const ReplyView& reply) {
    if (op == name_of(Opcode::notification)) {
        return decode_body<WatcherEvent>(reply.body);
    }
    const Operation* operation = find_operation(op);
    if (operation == nullptr || (reply.header.err != ServerError::ok && reply.body.empty())) {
        return keep_opaque(reply.body);
    }
    return operation->reply(reply.body);
}

}  // namespace

Decoded decode_request_frame(std::string_view op, std::string_view frame) {
    if (op == "connect") {
        return whole_frame(decode_body<ConnectRequest>(frame));
    }
    const result<RequestView> request = split_request(frame);
    if (!request) {
        return {request.error(), Json::object(), {}, {}};
    }
    const RequestHeader& header = request.value().header;
    const std::string_view name = name_of(header.op);
    const Operation* operation = find_operation(name);
    const BodyDecoder decoder = operation != nullptr ? operation->request : &keep_opaque;
    const Body body = decoder(request.value().body);
    // A body may have a "type" of its own, which the files let hide the header's.
    Json json = json_of(header);
    json.update(body.json);
    Decoded decoded = join(header, body, std::move(json));
    decoded.op = operation != nullptr ? name : "";
    return decoded;
}

Decoded decode_reply_frame(std::string_view op, std::string_view frame) {
    if (op == "connect") {
        return decode_connect_reply(frame);
    }
    const result<ReplyView> reply = split_reply(frame);
    if (!reply) {
        return {reply.error(), Json::object(), {}, {}};
    }
    const Body body = decode_reply_body(op, reply.value());
    Json json = json_of(reply.value().header);
    if (op == name_of(Opcode::notification)) {
        json.update(body.json);
    } else if (!body.json.empty()) {
        json["body"] = body.json;
    }
    return join(reply.value().header, body, std::move(json));
}

std::string_view identifier_of(DecodeError error) {
    constexpr std::array<std::string_view, 11> identifiers{
        "truncated",         "negative_length", "length_exceeds_input", "trailing_bytes",
        "bad_boolean",       "unexpected_null", "invalid_multi",        "frame_too_large",
        "undrainable_frame", "negative_frame",  "empty_frame"};
    return identifiers.at(static_cast<std::size_t>(error) - 1);
}

}  // namespace leasehold::wire::vectors
