#include "tests/support/scripted_server.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace leasehold::support {

ScriptedServer::ScriptedServer(FakeOptions options) : ScriptedServer(options, Script{}) {}

ScriptedServer::ScriptedServer(Script script) : ScriptedServer(FakeOptions{}, std::move(script)) {}

ScriptedServer::ScriptedServer(FakeOptions options, Script script)
    : x_script(std::move(script)),
      x_listener(listen_on_loopback()),
      x_port(port_of(x_listener)),
      x_wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      x_zookeeper(options),
      x_thread([this] { run(); }) {}

ScriptedServer::~ScriptedServer() {
    {
        const std::lock_guard lock(x_mutex);
        x_is_stopping = true;
    }
    wake();
    x_thread.join();
}

std::string ScriptedServer::address() const {
    return "127.0.0.1:" + std::to_string(x_port);
}

void ScriptedServer::cut() {
    const std::lock_guard lock(x_mutex);
    for (const auto& [id, peer] : x_peers) {
        x_zookeeper.hang_up(id);
    }
    x_peers.clear();
    wake();
}

void ScriptedServer::set_deaf(bool deaf) {
    const std::lock_guard lock(x_mutex);
    x_is_deaf = deaf;
    wake();
}

std::size_t ScriptedServer::accepted() const {
    const std::lock_guard lock(x_mutex);
    return x_accepted;
}

void ScriptedServer::wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(x_wake.get(), &one, sizeof one));
}

void ScriptedServer::run() {
    std::unique_lock lock(x_mutex);
    while (!x_is_stopping) {
        std::vector<pollfd> polled{{x_wake.get(), POLLIN, 0}, {x_listener.get(), POLLIN, 0}};
        std::vector<ConnectionId> ids;
        for (const auto& [id, peer] : x_peers) {
            const int events = (x_is_deaf ? 0 : POLLIN) | (peer.outbound.empty() ? 0 : POLLOUT);
            polled.push_back({peer.socket.get(), static_cast<short>(events), 0});
            ids.push_back(id);
        }
        const int timeout = milliseconds_to_wait();
        lock.unlock();
        ::poll(polled.data(), polled.size(), timeout);
        lock.lock();
        std::uint64_t wakes = 0;
        static_cast<void>(!::read(x_wake.get(), &wakes, sizeof wakes));
        if ((polled[1].revents & POLLIN) != 0) {
            accept_one();
        }
        for (std::size_t i = 0; i < ids.size(); ++i) {
            const auto peer = x_peers.find(ids[i]);
            if (polled[i + 2].revents != 0 && peer != x_peers.end() && !x_is_deaf) {
                read(ids[i], peer->second);
            }
        }
        serve(BootClock::now());
    }
}

int ScriptedServer::milliseconds_to_wait() const {
    const Instant wakeup = x_zookeeper.next_wakeup();
    if (x_script || wakeup == Instant::max()) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(wakeup - BootClock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

void ScriptedServer::accept_one() {
    Descriptor socket(::accept4(x_listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
        return;
    }
    ++x_accepted;
    const ConnectionId id = x_script ? x_next_scripted++ : x_zookeeper.accept(BootClock::now());
    Peer& peer = x_peers[id];
    peer.socket = std::move(socket);
    if (x_script) {
        const auto answer = x_script({});
        peer.outbound = answer.value_or("");
        peer.is_ending = !answer;
    }
}

void ScriptedServer::read(ConnectionId id, Peer& peer) {
    char buffer[64 * 1024];
    const ssize_t count = ::recv(peer.socket.get(), buffer, sizeof buffer, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (count <= 0) {
        if (!x_script) {
            x_zookeeper.hang_up(id);
        }
        x_peers.erase(id);
        return;
    }
    const std::string_view bytes(buffer, static_cast<std::size_t>(count));
    if (!x_script) {
        return x_zookeeper.receive(BootClock::now(), id, bytes);
    }
    const auto answer = x_script(bytes);
    peer.outbound += answer.value_or("");
    peer.is_ending = peer.is_ending || !answer;
}

void ScriptedServer::serve(Instant now) {
    if (!x_script) {
        x_zookeeper.on_time(now);
        for (const ConnectionId id : x_zookeeper.connections()) {
            auto output = x_zookeeper.take_output(id);
            const auto peer = x_peers.find(id);
            if (peer == x_peers.end()) {
                continue;
            }
            for (const std::string& frame : output.frames) {
                peer->second.outbound += frame;
            }
            peer->second.is_ending = peer->second.is_ending || output.is_closed;
        }
    }
    for (auto peer = x_peers.begin(); peer != x_peers.end();) {
        write(peer->second);
        const bool is_over = peer->second.is_ending && peer->second.outbound.empty();
        peer = is_over ? x_peers.erase(peer) : std::next(peer);
    }
}

void ScriptedServer::write(Peer& peer) {
    while (!peer.outbound.empty()) {
        const ssize_t count =
            ::send(peer.socket.get(), peer.outbound.data(), peer.outbound.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) {
            return;
        }
        if (count < 0) {
            peer.outbound.clear();
            peer.is_ending = true;
            return;
        }
        peer.outbound.erase(0, static_cast<std::size_t>(count));
    }
}

ScriptedServer::Script silence() {
    return [](std::string_view) { return std::optional<std::string>(""); };
}

ScriptedServer::Script always(std::string bytes, bool unasked) {
    return [bytes = std::move(bytes), unasked](std::string_view received) {
        return std::optional<std::string>(received.empty() && !unasked ? "" : bytes);
    };
}

}  // namespace leasehold::support
