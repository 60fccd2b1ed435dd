#include "bench/inprocess/canned_client.hpp"

#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <variant>

namespace leasehold::bench {
namespace {

using namespace std::chrono_literals;

constexpr Duration round_trip = 100us;
const std::string lock_path = "/orders/by-number/4711";
const std::string record(64, 'r');  // as much as a holder's

core::Settings settings() {
    return core::make_settings("zk1", {.session_timeout = 60s, .server_version = "3.8.0"}).value();
}

std::string ten_digits(int number) {
    std::string digits(10, '0');
    std::snprintf(digits.data(), digits.size() + 1, "%010d", number);
    return digits;
}

[[noreturn]] void give_up(const char* why) {
    std::fprintf(stderr, "the canned server: %s\n", why);
    std::abort();
}

}  // namespace

CannedClient::CannedClient(int strangers) : x_engine(settings(), 1) {
    turn([this] { x_engine.start(x_now); });
    turn([this] { x_engine.on_resolved(x_now, {{"10.0.0.1", 2181}}); });
    if (!std::exchange(x_has_to_connect, false)) {
        give_up("the engine does not connect");
    }
    turn([this] { x_engine.on_connected(x_now); });
    answer();
    // They come after ours: a try would not be free otherwise.
    for (int number = 0; number < strangers; ++number) {
        x_children.push_back("0123456789abcdef-lock-" + ten_digits(2'000'000'000 + number));
    }
}

template <class Input>
void CannedClient::turn(Input input) {
    x_now += round_trip / 4;
    const auto begin = Clock::now();
    x_engine.on_time(x_now);
    input();
    std::string sent = std::exchange(x_engine.outbound(), {});
    std::vector<core::Effect> effects = std::move(x_effects);  // as the shell does
    x_engine.take_effects(effects);
    x_spent += Clock::now() - begin;
    for (const core::Effect& effect : effects) {
        look_at(effect);
    }
    x_effects = std::move(effects);
    x_requests.feed(sent);
    for (auto frame = x_requests.next(); frame.value(); frame = x_requests.next()) {
        reply_to(*frame.value());
    }
}

void CannedClient::look_at(const core::Effect& effect) {
    if (std::holds_alternative<core::Connect>(effect)) {
        x_has_to_connect = true;
    } else if (const auto* done = std::get_if<core::AcquireDone>(&effect)) {
        if (const auto* refusal = std::get_if<core::Refusal>(&done->outcome)) {
            give_up(refusal->what.c_str());
        }
        ++x_granted;
    } else if (std::holds_alternative<core::NodeGone>(effect)) {
        ++x_gone;
    }
}

void CannedClient::reply_to(std::string_view frame) {
    if (!std::exchange(x_is_greeted, true)) {
        wire::ConnectResponse response;
        response.timeout_ms = 60'000;
        response.session_id = 7;
        response.password = std::string(wire::password_size, 'p');
        wire::append_frame(x_replies, response);
        return;
    }
    const wire::RequestView request = wire::split_request(frame).value();
    wire::ReplyHeader header{.xid = request.header.xid};
    wire::Reader in(request.body);
    switch (request.header.op) {
        case wire::Opcode::create: {
            std::string path = std::string(in.string()) + ten_digits(x_sequence++);
            header.zxid = ++x_zxid;
            x_children.push_back(path.substr(path.rfind('/') + 1));
            wire::append_reply(x_replies, header, wire::CreateReply{std::move(path)});
            break;
        }
        case wire::Opcode::get_children:
            header.zxid = x_zxid;
            wire::append_reply(x_replies, header, wire::GetChildrenReply{x_children});
            break;
        case wire::Opcode::remove: {
            const std::string_view path = in.string();
            header.zxid = ++x_zxid;
            std::erase(x_children, path.substr(path.rfind('/') + 1));
            wire::append_reply(x_replies, header);
            break;
        }
        case wire::Opcode::ping:
            header.zxid = x_zxid;
            wire::append_reply(x_replies, header);
            break;
        default: give_up("no answer for such a request");
    }
}

core::OperationId CannedClient::acquire(const LockOptions& options) {
    const core::OperationId id = x_next_id++;
    const auto spec = std::make_shared<const core::AcquireSpec>(
        core::AcquireSpec{.path = lock_path,
                          .options = options,
                          .acl = {{wire::perms::all, "world", "anyone"}},
                          .record = record});
    turn([&] { x_engine.acquire(x_now, id, spec); });
    return id;
}

void CannedClient::release(core::OperationId lease) {
    turn([&] { x_engine.release(x_now, lease); });
}

void CannedClient::answer() {
    while (!x_replies.empty()) {
        const std::string replies = std::exchange(x_replies, {});
        turn([&] { x_engine.on_bytes(x_now, replies); });
    }
}

double CannedClient::take_seconds() {
    return std::chrono::duration<double>(std::exchange(x_spent, {})).count();
}

}  // namespace leasehold::bench
