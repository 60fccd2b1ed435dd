// A TCP proxy between a client and a server that knows the protocol well enough to fail at one
// exact point of it: after this request, before that reply.
#pragma once

#include "tests/support/descriptor.hpp"
#include "tests/support/proxy_frame.hpp"
#include "tests/support/proxy_verdict.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace leasehold::support {

/// Thread safety: all functions may be called from any thread; not from a judge, except frames().
class CuttingProxy {
public:
    explicit CuttingProxy(std::uint16_t upstream);
    ~CuttingProxy();
    CuttingProxy(const CuttingProxy&) = delete;
    CuttingProxy& operator=(const CuttingProxy&) = delete;

    [[nodiscard]] std::uint16_t port() const { return x_port; }
    [[nodiscard]] std::string connect_string() const;

    /// Replaces the judge; an empty one forwards everything. The one before is called no more when
    /// this returns.
    void judge(Judge judge);
    /// Lets go what was held.
    void release();
    /// A silent partition of one direction, or of both: bytes wait, closes too, until it heals.
    void black_hole(Direction direction, bool is_on);
    void black_hole(bool is_on);
    /// Every frame of this direction arrives that much later.
    void delay(Direction direction, std::chrono::milliseconds by);
    /// New connections are reset.
    void refuse(bool is_on);
    /// Resets all connections there are.
    void cut_all();

    /// Everything that was read since the start or the last clear(), in the order of the reads,
    /// whatever became of it.
    [[nodiscard]] std::vector<ProxyFrame> frames() const;
    void clear();
    /// Requests of this kind among them.
    [[nodiscard]] std::size_t requests(wire::Opcode op) const;
    /// Requests among them that are no pings, described, one per line.
    [[nodiscard]] std::vector<std::string> requests() const;
    /// How often the judge said anything else than forward.
    [[nodiscard]] std::size_t judged() const { return x_judged; }
    /// When each connection attempt came, refused ones included.
    [[nodiscard]] std::vector<Instant> attempts() const;
    [[nodiscard]] std::uint64_t bytes(Direction direction) const;
    /// Of the newest connect response that passed.
    [[nodiscard]] std::optional<SessionSecret> session() const;

private:
    struct Connection;
    struct Pipe;

    void run();
    void accept_one();
    [[nodiscard]] std::chrono::milliseconds serve_due();
    void read_from(Connection& connection, Direction direction);
    void pass(Connection& connection, ProxyFrame frame);
    void flush(Connection& connection, Direction direction);
    static void close(Connection& connection, bool is_reset);
    void wake() const;

    Descriptor x_listener;
    std::uint16_t x_port;
    std::uint16_t x_upstream;
    Descriptor x_wake;
    std::atomic<bool> x_is_over{false};
    std::atomic<std::size_t> x_judged{0};
    std::atomic<std::uint64_t> x_bytes[2]{};

    std::mutex x_judge_mutex;  // held while the judge is called
    Judge x_judge;
    mutable std::mutex x_mutex;  // guards what follows up to the connections
    bool x_is_black[2] = {false, false};
    std::chrono::milliseconds x_delay[2]{};
    bool x_is_refusing = false;
    bool x_is_cutting = false;
    bool x_is_releasing = false;
    std::vector<ProxyFrame> x_frames;
    std::vector<Instant> x_attempts;
    std::optional<SessionSecret> x_session;

    std::vector<std::unique_ptr<Connection>> x_connections;  // of the thread alone
    std::size_t x_accepted = 0;
    std::size_t x_bursts = 0;
    std::thread x_thread;
};

}  // namespace leasehold::support
