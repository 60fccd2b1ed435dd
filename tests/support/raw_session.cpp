#include "tests/support/raw_session.hpp"

#include "sdk/wire/connect.hpp"
#include "sdk/wire/session.hpp"
#include "tests/support/patience.hpp"

#include <stdexcept>
#include <string_view>
#include <utility>
#include <variant>

namespace leasehold::support {

namespace {

constexpr std::chrono::seconds answer_limit{5};

}  // namespace

RawSession::RawSession(std::uint16_t port, const SessionSecret& secret,
                       std::chrono::milliseconds timeout)
    : x_socket(connect_to_loopback(port)) {
    wire::ConnectRequest request;
    request.timeout_ms = static_cast<std::int32_t>(timeout.count());
    request.session_id = secret.id;
    request.password =
        secret.password.empty() ? std::string(wire::password_size, '\0') : secret.password;
    if (!x_socket || !send_all(x_socket, wire::encode_frame(request))) {
        throw std::runtime_error("no server to open a session with");
    }
    const std::string frame = read_frame();
    const auto answer = wire::decode_connect_answer(frame);
    const auto* response = answer ? std::get_if<wire::ConnectResponse>(&answer.value()) : nullptr;
    if (response == nullptr || response->timeout_ms == 0) {
        throw std::runtime_error("the server refuses the session");
    }
    x_secret = {response->session_id, response->password};
    x_granted = std::chrono::milliseconds(response->timeout_ms);
}

RawSession::Answer RawSession::exchange(std::int32_t xid, const std::string& frame) {
    if (!send_all(x_socket, frame)) {
        throw std::runtime_error("the server closed the connection");
    }
    while (true) {
        const std::string answer = read_frame();
        const auto reply = wire::split_reply(answer);
        if (!reply) {
            throw std::runtime_error("the server sent no reply");
        }
        if (reply.value().header.xid == xid) {
            return {reply.value().header, std::string(reply.value().body)};
        }
    }
}

void RawSession::skip_replies(std::size_t count) {
    std::size_t at = 0;
    while (count > 0) {
        const std::string_view rest = std::string_view(x_unread).substr(at);
        if (rest.size() >= 4) {
            wire::Reader prefix(rest);
            const auto length = static_cast<std::size_t>(prefix.int32());
            if (rest.size() >= 4 + length) {
                at += 4 + length;
                --count;
                continue;
            }
        }
        x_unread.erase(0, std::exchange(at, 0));
        const auto bytes = receive(x_socket, patient(answer_limit));
        if (!bytes || bytes->empty()) {
            throw std::runtime_error("the server does not answer");
        }
        x_unread += *bytes;
    }
    x_unread.erase(0, at);
}

std::string RawSession::read_frame() {
    while (true) {
        if (x_unread.size() >= 4) {
            wire::Reader prefix(x_unread);
            const auto length = static_cast<std::size_t>(prefix.int32());
            if (x_unread.size() >= 4 + length) {
                std::string frame = x_unread.substr(4, length);
                x_unread.erase(0, 4 + length);
                return frame;
            }
        }
        const auto bytes = receive(x_socket, patient(answer_limit));
        if (!bytes || bytes->empty()) {
            throw std::runtime_error("the server does not answer");
        }
        x_unread += *bytes;
    }
}

void close_session(std::uint16_t port, const SessionSecret& secret) {
    RawSession(port, secret).ask(wire::CloseSessionRequest{});
}

}  // namespace leasehold::support
