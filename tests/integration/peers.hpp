// Other clients' locks, each in a process of its own that takes and releases them as it is told.
#pragma once

#include "tests/integration/fixture.hpp"
#include "tests/support/child_process.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::integration {

/// A process that contends with another client's locks.
class Peer {
public:
    explicit Peer(std::vector<std::string> command) : x_process(std::move(command)) {
        x_process.expect("ready", 30s);
    }
    /// Lets it close its session.
    virtual ~Peer() {
        x_process.close_input();
        (void)x_process.wait(5s);
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void lock(const std::string& id, const std::string& path, const std::string& more = {}) {
        x_process.send("lock " + id + " " + path + more);
        x_process.expect("queued " + id);
    }
    /// The two halves of the library's read-write lock.
    void read(const std::string& id, const std::string& path) { lock(id, path, " read"); }
    void write(const std::string& id, const std::string& path) { lock(id, path, " write"); }
    /// The library's semaphore.
    void permit(const std::string& id, const std::string& path, int permits) {
        lock(id, path, " permits=" + std::to_string(permits));
    }

    /// Stands for leadership.
    virtual void elect(const std::string& id, const std::string& path) = 0;

    void expect_granted(const std::string& id) { x_process.expect("granted " + id); }
    /// What the library says of a lock that it refuses.
    [[nodiscard]] std::string expect_failed(const std::string& id) {
        return x_process.expect("failed " + id + " ");
    }
    void release(const std::string& id) {
        x_process.send("release " + id);
        x_process.expect("released " + id);
    }
    /// Asked and answered: what it was granted before this, it has said.
    [[nodiscard]] bool was_granted(const std::string& id) {
        x_process.send("granted? " + id);
        return x_process.expect("granted? " + id + " ") == "yes";
    }

protected:
    ChildProcess x_process;
};

/// kazoo's Lock, ReadLock, WriteLock, Semaphore and Election.
class KazooPeer : public Peer {
public:
    explicit KazooPeer(const std::string& hosts)
        : Peer({LEASEHOLD_PYTHON, LEASEHOLD_KAZOO_PEER, hosts}) {}

    void lock(const std::string& id, const std::string& path, bool knows_our_names = false) {
        Peer::lock(id, path, knows_our_names ? " patterns" : " plain");
    }
    void elect(const std::string& id, const std::string& path) override {
        Peer::lock(id, path, " election");
    }
};

/// Curator's InterProcessMutex, InterProcessReadWriteLock, InterProcessSemaphoreV2, LeaderSelector
/// and LeaderLatch.
class CuratorPeer : public Peer {
public:
    explicit CuratorPeer(const std::string& hosts)
        : Peer({"java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                std::string(jars) + "/*", LEASEHOLD_CURATOR_PEER, hosts}) {}

    void elect(const std::string& id, const std::string& path) override {
        lock(id, path, " selector");
    }
    void latch(const std::string& id, const std::string& path) { lock(id, path, " latch"); }
    /// A mutex that hears of it when somebody asks it to let go.
    void revocable(const std::string& id, const std::string& path) { lock(id, path, " revocable"); }
    void expect_asked(const std::string& id) { x_process.expect("asked " + id); }
    /// Asks whoever holds at this node to let go.
    void revoke(const std::string& node) {
        x_process.send("revoke " + node);
        x_process.expect("revoked " + node);
    }
    /// False: its tests are to be skipped.
    [[nodiscard]] static bool is_here() { return std::filesystem::exists(jars); }

private:
    static constexpr const char* jars = LEASEHOLD_JARS "/curator";
};

}  // namespace leasehold::integration
