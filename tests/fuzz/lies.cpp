#include "tests/fuzz/lies.hpp"

#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/watch.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace leasehold::fuzz {

using wire::Opcode;

namespace {

constexpr std::size_t length_size = 4;
constexpr std::size_t most_lies = 32;

enum Kind : std::uint8_t {
    drop,
    twice,
    cut,
    longer,
    flip,
    raw,
    length,
    xid,
    zxid,
    error,
    error_with_body,
    list_without,
    list_with,
    list_only,
    list_twice,
    no_children_count,
    made_elsewhere,
    data,
    owner,
    czxid,
    timeout,
    session,
    password,
    read_only,
    bare_header,
    event_type,
    event_path,
    kinds
};

bool fits(const Lie& lie, Opcode op) {
    switch (lie.kind) {
        case list_without:
        case list_with:
        case list_only:
        case list_twice: return op == Opcode::get_children || op == Opcode::get_children2;
        case no_children_count: return op == Opcode::exists || op == Opcode::get_children2;
        case made_elsewhere: return op == Opcode::create;
        case data:
        case owner:
        case czxid: return op == Opcode::get_data;
        case timeout:
        case session:
        case password:
        case read_only:
        case bare_header: return op == Opcode::create_session;
        case event_type:
        case event_path: return op == Opcode::notification;
        default: return true;
    }
}

/// Decodes the body behind the header, lets it be changed, and puts it back.
template <class Body, class Change>
void change_body(std::string& frame, Change&& change) {
    const auto reply = wire::split_reply(std::string_view(frame).substr(length_size));
    if (!reply) {
        return;
    }
    auto body = wire::decode<Body>(reply.value().body);
    if (body) {
        change(body.value());
        frame = wire::encode_reply(reply.value().header, body.value());
    }
}

template <class Change>
void change_header(std::string& frame, bool keeps_body, Change&& change) {
    const auto reply = wire::split_reply(std::string_view(frame).substr(length_size));
    if (reply) {
        wire::ReplyHeader header = reply.value().header;
        change(header);
        frame = wire::encode_reply(
            header, wire::Opaque{keeps_body ? reply.value().body : std::string_view{}});
    }
}

template <class Change>
void change_greeting(std::string& frame, Change&& change) {
    if (auto response =
            wire::decode<wire::ConnectResponse>(std::string_view(frame).substr(length_size))) {
        change(response.value());
        frame = wire::encode_frame(response.value());
    }
}

void change_names(const Lie& lie, std::vector<std::string>& names) {
    const std::size_t at =
        names.empty() ? 0 : static_cast<std::size_t>(lie.number & 0xff) % names.size();
    if (lie.kind == list_with) {
        names.insert(names.begin() + static_cast<std::ptrdiff_t>(at), lie.text);
    } else if (!names.empty()) {
        const std::string chosen = names[at];
        if (lie.kind == list_without) {
            std::erase(names, chosen);
        } else if (lie.kind == list_only) {
            names = {chosen};
        } else {
            names.push_back(chosen);
        }
    }
}

void change_list(const Lie& lie, Opcode op, std::string& frame) {
    if (op == Opcode::get_children) {
        change_body<wire::GetChildrenReply>(
            frame, [&](auto& reply) { change_names(lie, reply.children); });
    } else {
        change_body<wire::GetChildren2Reply>(
            frame, [&](auto& reply) { change_names(lie, reply.children); });
    }
}

void change_bytes(const Lie& lie, std::string& frame) {
    const auto number = static_cast<std::size_t>(lie.number & 0xffff);
    std::string body = frame.substr(std::min(frame.size(), length_size));
    switch (lie.kind) {
        case drop: frame.clear(); return;
        case twice: frame += std::string(frame); return;
        case raw: frame = lie.text; return;
        case cut: body.resize(body.size() - std::min(body.size(), number)); break;
        case longer: body += lie.text; break;
        case flip:
            if (!body.empty()) {
                const auto bit = static_cast<unsigned>(1U << (number >> 13U));
                char& byte = body[number % 8191 % body.size()];
                byte = static_cast<char>(static_cast<unsigned char>(byte) ^ bit);
            }
            break;
        default: {  // length
            frame.clear();
            wire::Writer(frame).int32(static_cast<std::int32_t>(lie.number));
            frame += body;
            return;
        }
    }
    frame = reframed(body);
}

void change_node(const Lie& lie, std::string& frame) {
    change_body<wire::GetDataReply>(frame, [&](wire::GetDataReply& reply) {
        if (lie.kind == data) {
            reply.data = lie.text;
        } else {
            (lie.kind == owner ? reply.stat.ephemeral_owner : reply.stat.czxid) = lie.number;
        }
    });
}

void change_session(const Lie& lie, std::string& frame) {
    if (lie.kind == bare_header) {
        frame = wire::encode_frame(wire::ReplyHeader{0, lie.number, wire::ServerError::ok});
        return;
    }
    change_greeting(frame, [&](wire::ConnectResponse& response) {
        switch (lie.kind) {
            case timeout: response.timeout_ms = static_cast<std::int32_t>(lie.number); break;
            case session: response.session_id = lie.number; break;
            case password: response.password = lie.text; break;
            default: response.read_only = true; break;
        }
    });
}

std::int64_t wrapped(std::int64_t number, std::int64_t by) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(number) +
                                     static_cast<std::uint64_t>(by));
}

void change_head(const Lie& lie, std::string& frame) {
    change_header(frame, lie.kind != error, [&](wire::ReplyHeader& header) {
        if (lie.kind == xid) {
            header.xid = static_cast<std::int32_t>(wrapped(header.xid, lie.number));
        } else if (lie.kind == zxid) {
            header.zxid = wrapped(header.zxid, lie.number);
        } else {
            header.err = static_cast<wire::ServerError>(-(lie.number & 0x7f));
        }
    });
}

void change(const Lie& lie, Opcode op, std::string& frame) {
    switch (lie.kind) {
        case list_without:
        case list_with:
        case list_only:
        case list_twice: return change_list(lie, op, frame);
        case no_children_count:
            if (op == Opcode::exists) {
                change_body<wire::ExistsReply>(frame, [&](auto& reply) {
                    reply.stat.num_children = static_cast<std::int32_t>(lie.number);
                });
            }
            return;
        case made_elsewhere:
            return change_body<wire::CreateReply>(frame,
                                                  [&](auto& reply) { reply.path = lie.text; });
        case data:
        case owner:
        case czxid: return change_node(lie, frame);
        case timeout:
        case session:
        case password:
        case read_only:
        case bare_header: return change_session(lie, frame);
        case event_type:
            return change_body<wire::WatcherEvent>(frame, [&](auto& event) {
                event.type = static_cast<wire::WatchEventType>(lie.number);
            });
        case event_path:
            return change_body<wire::WatcherEvent>(frame,
                                                   [&](auto& event) { event.path = lie.text; });
        case xid:
        case zxid:
        case error:
        case error_with_body: return change_head(lie, frame);
        default: return change_bytes(lie, frame);
    }
}

/// Of some bytes most are far from anything that means something; these are near.
std::int64_t near_number(Script& script) {
    constexpr std::array<std::int64_t, 16> numbers{
        0,    1,     -1,     2,   -2,  -4,  -8,         100,
        1000, 4'000, 20'000, 101, 112, 118, 0x7fffffff, -0x80000000LL};
    return script.coin() ? script.one_of(numbers) : script.int64();
}

}  // namespace

std::string reframed(std::string_view body) {
    return wire::encode_frame(wire::Opaque{body});
}

void Lies::add(Script& script) {
    if (x_lies.size() < most_lies) {
        Lie lie{.kind = static_cast<std::uint8_t>(script.below(kinds)),
                .skip = static_cast<std::uint8_t>(script.below(4)),
                .number = near_number(script)};
        lie.text = script.text();
        x_lies.push_back(std::move(lie));
    }
}

void Lies::tell(Opcode op, std::string& frame) {
    if (x_lies.empty() || !fits(x_lies.front(), op) || op == Opcode::ping) {
        return;
    }
    if (x_lies.front().skip != 0) {
        --x_lies.front().skip;
        return;
    }
    change(x_lies.front(), op, frame);
    x_lies.pop_front();
}

}  // namespace leasehold::fuzz
