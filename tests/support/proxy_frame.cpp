#include "tests/support/proxy_frame.hpp"

#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/watch.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace leasehold::support {

namespace {

using wire::Opcode;

bool begins_with_path(Opcode op) {
    switch (op) {
        case Opcode::create:
        case Opcode::create2:
        case Opcode::create_container:
        case Opcode::create_ttl:
        case Opcode::remove:
        case Opcode::exists:
        case Opcode::get_data:
        case Opcode::set_data:
        case Opcode::get_acl:
        case Opcode::set_acl:
        case Opcode::get_children:
        case Opcode::get_children2:
        case Opcode::sync:
        case Opcode::remove_watches: return true;
        default: return false;
    }
}

std::string first_string(std::string_view body) {
    wire::Reader reader(body);
    return std::string(reader.string());
}

bool looks_like_text(std::string_view bytes) {
    return bytes.size() >= 4 && std::all_of(bytes.begin(), bytes.begin() + 4, [](char letter) {
               return std::isalpha(static_cast<unsigned char>(letter)) != 0;
           });
}

}  // namespace

std::string describe(const ProxyFrame& frame) {
    std::string text = frame.direction == Direction::to_server ? "-> " : "<- ";
    switch (frame.kind) {
        case FrameKind::four_letters: text += "four-letter word"; break;
        case FrameKind::connect_request: text += "connect"; break;
        case FrameKind::connect_response: text += "connected"; break;
        case FrameKind::event: text += "event"; break;
        case FrameKind::request:
        case FrameKind::reply: text += wire::name_of(frame.op); break;
    }
    text += " " + frame.path + " (connection " + std::to_string(frame.connection) + ", xid " +
            std::to_string(frame.xid) + ", burst " + std::to_string(frame.burst);
    if (frame.err != wire::ServerError::ok) {
        text += ", error " + std::to_string(static_cast<int>(frame.err));
    }
    return text + ")";
}

std::vector<ProxyFrame> FrameReader::read(Direction direction, std::string_view bytes) {
    std::vector<ProxyFrame> frames;
    std::string& partial = x_partial[static_cast<std::size_t>(direction)];
    partial += bytes;
    bool& has_begun = x_has_begun[static_cast<std::size_t>(direction)];
    if (direction == Direction::to_server && !has_begun && looks_like_text(partial)) {
        x_is_text = true;
    }
    if (x_is_text) {
        ProxyFrame text;
        text.direction = direction;
        text.kind = FrameKind::four_letters;
        text.bytes = std::exchange(partial, {});
        frames.push_back(std::move(text));
        return frames;
    }
    while (partial.size() >= 4) {
        wire::Reader prefix(partial);
        const auto length = static_cast<std::size_t>(std::max(prefix.int32(), 0));
        if (partial.size() < 4 + length) {
            break;
        }
        ProxyFrame frame = understand(direction, std::string_view(partial).substr(4, length));
        frame.direction = direction;
        frame.bytes = partial.substr(0, 4 + length);
        partial.erase(0, 4 + length);
        has_begun = true;
        frames.push_back(std::move(frame));
    }
    return frames;
}

ProxyFrame FrameReader::understand(Direction direction, std::string_view body) {
    ProxyFrame frame;
    if (direction == Direction::to_server) {
        if (x_has_begun[static_cast<std::size_t>(direction)]) {
            return understand_request(body);
        }
        frame.kind = FrameKind::connect_request;
        return frame;
    }
    if (x_has_begun[static_cast<std::size_t>(direction)]) {
        return understand_reply(body);
    }
    frame.kind = FrameKind::connect_response;
    if (const auto answer = wire::decode_connect_answer(body)) {
        if (const auto* response = std::get_if<wire::ConnectResponse>(&answer.value())) {
            x_session = SessionSecret{response->session_id, response->password};
        }
    }
    return frame;
}

ProxyFrame FrameReader::understand_request(std::string_view body) {
    ProxyFrame frame;
    frame.kind = FrameKind::request;
    if (const auto request = wire::split_request(body)) {
        frame.xid = request.value().header.xid;
        frame.op = request.value().header.op;
        if (begins_with_path(frame.op)) {
            frame.path = first_string(request.value().body);
        }
        x_requests[frame.xid] = frame.op;
    }
    return frame;
}

ProxyFrame FrameReader::understand_reply(std::string_view body) {
    ProxyFrame frame;
    frame.kind = FrameKind::reply;
    const auto reply = wire::split_reply(body);
    if (!reply) {
        return frame;
    }
    frame.xid = reply.value().header.xid;
    frame.err = reply.value().header.err;
    if (frame.xid == wire::notification_xid) {
        frame.kind = FrameKind::event;
        if (const auto event = wire::decode<wire::WatcherEvent>(reply.value().body)) {
            frame.path = event.value().path;
        }
        return frame;
    }
    if (const auto found = x_requests.find(frame.xid); found != x_requests.end()) {
        frame.op = found->second;
        if (frame.xid > 0) {
            x_requests.erase(found);
        }
    }
    if (frame.err == wire::ServerError::ok &&
        (frame.op == Opcode::create || frame.op == Opcode::create2)) {
        frame.path = first_string(reply.value().body);
    }
    return frame;
}

}  // namespace leasehold::support
