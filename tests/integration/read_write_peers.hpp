// Clients of ours beside a process that uses another library's read-write lock: Curator's
// InterProcessReadWriteLock, or kazoo's ReadLock and WriteLock.
#pragma once

#include "tests/integration/fixture.hpp"
#include "tests/integration/peers.hpp"

#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <ostream>
#include <string>

namespace leasehold::integration {

using Answer = std::future<result<ScopedLock>>;

/// Whose locks they are, and which names it knows.
struct Library {
    const char* name;
    Naming naming;
    std::unique_ptr<Peer> (*start)(const std::string& hosts);
    bool (*is_here)();
};

inline void PrintTo(const Library& library, std::ostream* out) {
    *out << library.name;
}

inline const Library libraries[] = {
    {"Curator", Naming::curator_read_write,
     [](const std::string& hosts) -> std::unique_ptr<Peer> {
         return std::make_unique<CuratorPeer>(hosts);
     },
     &CuratorPeer::is_here},
    {"Kazoo", Naming::kazoo,
     [](const std::string& hosts) -> std::unique_ptr<Peer> {
         return std::make_unique<KazooPeer>(hosts);
     },
     [] { return true; }},
};

/// One path, two clients of ours, and a process that uses a library's read-write lock.
class WithAPeer : public ::testing::Test {
protected:
    explicit WithAPeer(const Library& library)
        : options{.wait = 60s, .budget = 7s, .naming = library.naming}, x_library(library) {}

    void SetUp() override {
        if (!x_library.is_here()) {
            GTEST_SKIP() << "no jars of Curator; './dev setup' fetches them";
        }
        x_peer = x_library.start(hosts);
    }

    [[nodiscard]] Peer& they() { return *x_peer; }
    /// Each of ours is a client of its own: two exclusive contenders of one client share a node.
    [[nodiscard]] Answer read(const Client& who) {
        return who.async_lock_shared(path, options, boost::asio::use_future);
    }
    [[nodiscard]] Answer write(const Client& who) {
        return who.async_lock(path, options, boost::asio::use_future);
    }
    [[nodiscard]] bool are_queued(int count) { return becomes_nodes(observer, path, count); }
    bool they_still_wait(const std::string& id) {
        return stays([&] { return !they().was_granted(id); }, 150ms);
    }

    std::string hosts = one_server().connect_string();
    Client us = connect(hosts);
    Client observer = connect(hosts);
    const std::string path = existing_path(observer);
    const LockOptions options;

private:
    const Library& x_library;
    std::unique_ptr<Peer> x_peer;
};

}  // namespace leasehold::integration
