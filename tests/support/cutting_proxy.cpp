#include "tests/support/cutting_proxy.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace leasehold::support {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds idle{1'000};
constexpr Direction directions[] = {Direction::to_server, Direction::to_client};

std::size_t index_of(Direction direction) {
    return static_cast<std::size_t>(direction);
}

void make_prompt(const Descriptor& socket) {
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
}

void reset_connection(Descriptor& socket) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket.reset();
}

}  // namespace

// ---- the connections ----

/// What goes one way: read from one socket, to be written to the other.
struct CuttingProxy::Pipe {
    struct Chunk {
        Instant due;
        std::string bytes;
    };
    std::deque<Chunk> chunks;
    bool is_held = false;
    bool is_blocked = false;    // the receiver's buffer is full
    bool has_ended = false;     // the sender closed
    bool is_shut_down = false;  // and the receiver knows
};

struct CuttingProxy::Connection {
    std::size_t number;
    Descriptor client;
    Descriptor server;
    FrameReader reader;
    Pipe pipes[2];
    bool is_dead = false;

    Pipe& pipe(Direction direction) { return pipes[index_of(direction)]; }
    Descriptor& source(Direction direction) {
        return direction == Direction::to_server ? client : server;
    }
    Descriptor& target(Direction direction) {
        return direction == Direction::to_server ? server : client;
    }
};

CuttingProxy::CuttingProxy(std::uint16_t upstream)
    : x_listener(listen_on_loopback()),
      x_port(port_of(x_listener)),
      x_upstream(upstream),
      x_wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      x_thread([this] { run(); }) {}

CuttingProxy::~CuttingProxy() {
    x_is_over = true;
    wake();
    x_thread.join();
}

std::string CuttingProxy::connect_string() const {
    return "127.0.0.1:" + std::to_string(x_port);
}

void CuttingProxy::wake() const {
    const std::uint64_t one = 1;
    (void)!::write(x_wake.get(), &one, sizeof one);
}

void CuttingProxy::judge(Judge judge) {
    const std::lock_guard lock(x_judge_mutex);
    x_judge = std::move(judge);
}

void CuttingProxy::release() {
    {
        const std::lock_guard lock(x_mutex);
        x_is_releasing = true;
    }
    wake();
}

void CuttingProxy::black_hole(Direction direction, bool is_on) {
    {
        const std::lock_guard lock(x_mutex);
        x_is_black[index_of(direction)] = is_on;
    }
    wake();
}

void CuttingProxy::black_hole(bool is_on) {
    black_hole(Direction::to_server, is_on);
    black_hole(Direction::to_client, is_on);
}

void CuttingProxy::delay(Direction direction, milliseconds by) {
    const std::lock_guard lock(x_mutex);
    x_delay[index_of(direction)] = by;
}

void CuttingProxy::refuse(bool is_on) {
    const std::lock_guard lock(x_mutex);
    x_is_refusing = is_on;
}

void CuttingProxy::cut_all() {
    {
        const std::lock_guard lock(x_mutex);
        x_is_cutting = true;
    }
    wake();
}

std::vector<ProxyFrame> CuttingProxy::frames() const {
    const std::lock_guard lock(x_mutex);
    return x_frames;
}

void CuttingProxy::clear() {
    const std::lock_guard lock(x_mutex);
    x_frames.clear();
}

std::size_t CuttingProxy::requests(wire::Opcode op) const {
    const std::lock_guard lock(x_mutex);
    return static_cast<std::size_t>(
        std::count_if(x_frames.begin(), x_frames.end(),
                      [op](const ProxyFrame& frame) { return frame.is_request(op); }));
}

std::vector<std::string> CuttingProxy::requests() const {
    const std::lock_guard lock(x_mutex);
    std::vector<std::string> lines;
    for (const ProxyFrame& frame : x_frames) {
        if (frame.kind == FrameKind::request && frame.op != wire::Opcode::ping) {
            lines.push_back(describe(frame));
        }
    }
    return lines;
}

std::vector<Instant> CuttingProxy::attempts() const {
    const std::lock_guard lock(x_mutex);
    return x_attempts;
}

std::uint64_t CuttingProxy::bytes(Direction direction) const {
    return x_bytes[index_of(direction)];
}

std::optional<SessionSecret> CuttingProxy::session() const {
    const std::lock_guard lock(x_mutex);
    return x_session;
}

// ---- the thread ----

void CuttingProxy::run() {
    while (!x_is_over) {
        const milliseconds limit = serve_due();
        std::erase_if(x_connections, [](const auto& connection) { return connection->is_dead; });

        std::vector<pollfd> entries{{.fd = x_wake.get(), .events = POLLIN, .revents = 0},
                                    {.fd = x_listener.get(), .events = POLLIN, .revents = 0}};
        bool is_black[2];
        {
            const std::lock_guard lock(x_mutex);
            std::copy(std::begin(x_is_black), std::end(x_is_black), is_black);
        }
        for (const auto& connection : x_connections) {
            for (const Direction direction : directions) {
                const Direction back =
                    direction == Direction::to_server ? Direction::to_client : Direction::to_server;
                short events = 0;
                if (!is_black[index_of(direction)] && !connection->pipe(direction).has_ended) {
                    events |= POLLIN;
                }
                if (connection->pipe(back).is_blocked) {
                    events |= POLLOUT;
                }
                // Without an interest the socket is left out: its hang-up would end every poll.
                const int fd = events == 0 ? -1 : connection->source(direction).get();
                entries.push_back({.fd = fd, .events = events, .revents = 0});
            }
        }
        ::poll(entries.data(), entries.size(), static_cast<int>(limit.count()));
        std::uint64_t count = 0;
        (void)!::read(x_wake.get(), &count, sizeof count);

        std::size_t at = 2;
        for (const auto& connection : x_connections) {
            for (const Direction direction : directions) {
                const pollfd& entry = entries[at++];
                if (!connection->is_dead && (entry.events & POLLIN) != 0 && entry.revents != 0) {
                    read_from(*connection, direction);
                }
            }
        }
        if ((entries[1].revents & POLLIN) != 0) {
            accept_one();
        }
    }
}

/// Carries out what was asked for, writes what is due, and says how long nothing else will be.
milliseconds CuttingProxy::serve_due() {
    bool is_cutting = false;
    bool is_releasing = false;
    bool is_black[2];
    {
        const std::lock_guard lock(x_mutex);
        is_cutting = std::exchange(x_is_cutting, false);
        is_releasing = std::exchange(x_is_releasing, false);
        std::copy(std::begin(x_is_black), std::end(x_is_black), is_black);
    }
    milliseconds wait = idle;
    for (const auto& connection : x_connections) {
        if (is_cutting) {
            close(*connection, true);
            continue;
        }
        for (const Direction direction : directions) {
            Pipe& pipe = connection->pipe(direction);
            pipe.is_held = pipe.is_held && !is_releasing;
            if (connection->is_dead || pipe.is_held || is_black[index_of(direction)]) {
                continue;
            }
            flush(*connection, direction);
            if (!pipe.chunks.empty() && !pipe.is_blocked) {
                const auto left =
                    std::chrono::ceil<milliseconds>(pipe.chunks.front().due - BootClock::now());
                wait = std::clamp(left, milliseconds{0}, wait);
            }
        }
        if (connection->pipes[0].is_shut_down && connection->pipes[1].is_shut_down) {
            connection->is_dead = true;
        }
    }
    return wait;
}

void CuttingProxy::accept_one() {
    Descriptor client(::accept4(x_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) {
        return;
    }
    bool is_refusing = false;
    {
        const std::lock_guard lock(x_mutex);
        is_refusing = x_is_refusing;
        x_attempts.push_back(BootClock::now());
    }
    Descriptor server = is_refusing ? Descriptor() : connect_to_loopback(x_upstream);
    if (!server) {
        reset_connection(client);
        return;
    }
    make_prompt(client);
    make_prompt(server);
    auto connection = std::make_unique<Connection>();
    connection->number = x_accepted++;
    connection->client = std::move(client);
    connection->server = std::move(server);
    x_connections.push_back(std::move(connection));
}

void CuttingProxy::read_from(Connection& connection, Direction direction) {
    std::array<char, 65'536> buffer;
    const ssize_t size =
        ::recv(connection.source(direction).get(), buffer.data(), buffer.size(), 0);
    if (size < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            close(connection, true);
        }
        return;
    }
    if (size == 0) {
        connection.pipe(direction).has_ended = true;
        return;
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
    x_bytes[index_of(direction)] += bytes.size();
    const std::size_t burst = x_bursts++;
    for (ProxyFrame& frame : connection.reader.read(direction, bytes)) {
        if (connection.is_dead) {
            return;
        }
        frame.when = BootClock::now();
        frame.connection = connection.number;
        frame.burst = burst;
        pass(connection, std::move(frame));
    }
}

void CuttingProxy::pass(Connection& connection, ProxyFrame frame) {
    const Direction direction = frame.direction;
    Pipe& pipe = connection.pipe(direction);
    milliseconds delay{0};
    {
        const std::lock_guard lock(x_mutex);
        x_frames.push_back(frame);
        if (connection.reader.session()) {
            x_session = connection.reader.session();
        }
        delay = x_delay[index_of(direction)];
    }
    Verdict verdict = Verdict::forward;
    {
        const std::lock_guard lock(x_judge_mutex);
        verdict = x_judge ? x_judge(frame) : verdict;
    }
    if (verdict != Verdict::forward) {
        ++x_judged;
    }
    if (verdict == Verdict::hold) {
        pipe.is_held = true;
    }
    if (verdict != Verdict::drop && verdict != Verdict::cut_before) {
        pipe.chunks.push_back({frame.when + delay, std::move(frame.bytes)});
    }
    if (verdict == Verdict::cut_before || verdict == Verdict::cut_after) {
        for (Pipe::Chunk& chunk : pipe.chunks) {
            chunk.due = Instant::min();
        }
        flush(connection, direction);
        close(connection, false);
    }
}

void CuttingProxy::flush(Connection& connection, Direction direction) {
    Pipe& pipe = connection.pipe(direction);
    const Descriptor& target = connection.target(direction);
    pipe.is_blocked = false;
    const Instant now = BootClock::now();
    while (!pipe.chunks.empty() && pipe.chunks.front().due <= now) {
        std::string& bytes = pipe.chunks.front().bytes;
        const ssize_t sent = ::send(target.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN || errno == EINTR) {
                pipe.is_blocked = true;
            } else {
                close(connection, true);
            }
            return;
        }
        bytes.erase(0, static_cast<std::size_t>(sent));
        if (bytes.empty()) {
            pipe.chunks.pop_front();
        }
    }
    if (pipe.chunks.empty() && pipe.has_ended && !pipe.is_shut_down) {
        ::shutdown(target.get(), SHUT_WR);
        pipe.is_shut_down = true;
    }
}

void CuttingProxy::close(Connection& connection, bool is_reset) {
    for (Descriptor* side : {&connection.client, &connection.server}) {
        if (is_reset) {
            reset_connection(*side);
        } else {
            side->reset();
        }
    }
    connection.is_dead = true;
}

}  // namespace leasehold::support
