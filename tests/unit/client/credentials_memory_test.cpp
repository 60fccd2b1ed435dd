// What a client leaves of its credentials in the memory of its process: nothing.
#include "sdk/core/secret.hpp"
#include "sdk/wire/connect.hpp"
#include "sdk/wire/frame.hpp"
#include "tests/unit/client/fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace leasehold::testing_client {
namespace {

/// Opens sessions, and lets whatever else it is told vanish in the kernel: the memory that is
/// searched is its own as well.
class ForgetfulServer {
public:
    ForgetfulServer() : x_thread([this] { run(); }) {}
    ~ForgetfulServer() {
        x_is_over = true;
        x_thread.join();
    }
    ForgetfulServer(const ForgetfulServer&) = delete;
    ForgetfulServer& operator=(const ForgetfulServer&) = delete;

    [[nodiscard]] std::string address() const {
        return "127.0.0.1:" + std::to_string(support::port_of(x_listener));
    }
    /// Of the bytes behind the connect request.
    [[nodiscard]] std::size_t heard() const { return x_heard; }

private:
    void run() {
        support::Descriptor peer;
        while (!x_is_over) {
            std::array<pollfd, 2> both{{{x_listener.get(), POLLIN, 0}, {peer.get(), POLLIN, 0}}};
            ::poll(both.data(), both.size(), 10);
            if (both[0].revents != 0) {
                peer = support::Descriptor(::accept(x_listener.get(), nullptr, nullptr));
                x_is_greeted = false;
            } else if (both[1].revents != 0) {
                listen_to(peer);
            }
        }
    }

    void listen_to(support::Descriptor& peer) {
        constexpr std::size_t most = 1 << 20;
        const auto count = ::recv(peer.get(), nullptr, most, MSG_TRUNC | MSG_DONTWAIT);
        if (count <= 0) {
            return peer.reset();
        }
        if (!std::exchange(x_is_greeted, true)) {
            support::send_all(peer, wire::encode_frame(wire::ConnectResponse{
                                        .timeout_ms = 20'000,
                                        .session_id = 1,
                                        .password = std::string(wire::password_size, 'p')}));
            return;
        }
        x_heard += static_cast<std::size_t>(count);
    }

    const support::Descriptor x_listener = support::listen_on_loopback();
    std::atomic<bool> x_is_over{false};
    std::atomic<std::size_t> x_heard{0};
    bool x_is_greeted = false;
    std::thread x_thread;
};

/// A text that is nowhere else, and that is kept so that a search for it does not find itself.
class Needle {
public:
    Needle() {
        auto seed = static_cast<std::uint64_t>(BootClock::now().time_since_epoch().count());
        for (char& each : x_masked) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            each = static_cast<char>(static_cast<char>('a' + (seed >> 33) % 26) ^ mask);
        }
    }

    /// For a moment, in memory that is wiped behind it.
    template <class Use>
    void with_text(Use use) const {
        std::string text(x_masked.begin(), x_masked.end());
        std::ranges::transform(text, text.begin(),
                               [](char each) { return static_cast<char>(each ^ mask); });
        use(std::string_view(text));
        core::wipe(text);
    }

    [[nodiscard]] std::size_t size() const { return x_masked.size(); }

    /// Its middle: malloc writes over the beginning of what it was given back.
    [[nodiscard]] std::size_t count_in(std::span<const char> bytes) const {
        const auto middle = std::span(x_masked).subspan(x_masked.size() / 2, 32);
        std::size_t count = 0;
        auto from = bytes.begin();
        const auto is_same = [](char found, char masked) { return (found ^ mask) == masked; };
        while ((from = std::search(from, bytes.end(), middle.begin(), middle.end(), is_same)) !=
               bytes.end()) {
            ++count;
            ++from;
        }
        return count;
    }

private:
    static constexpr char mask = 0x2a;
    std::array<char, 200> x_masked{};
};

/// Memory for what is read, which is shared and so not searched itself.
class Workspace {
public:
    Workspace() : x_memory(::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, -1, 0)) {}
    ~Workspace() { ::munmap(x_memory, size); }
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    [[nodiscard]] std::span<char> bytes() const { return {static_cast<char*>(x_memory), size}; }

private:
    static constexpr int flags = MAP_SHARED | MAP_ANONYMOUS;
    static constexpr std::size_t size = std::size_t{4} << 20;
    void* x_memory;
};

/// How often the needle is in the private memory of this process that can be written.
std::size_t copies_of(const Needle& needle) {
    constexpr std::uint64_t most = std::uint64_t{1} << 28;  // a sanitizer's own are larger
    const support::Descriptor memory(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
    const Workspace workspace;
    const std::span<char> buffer = workspace.bytes();
    std::size_t count = 0;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::istringstream words(line);
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        char dash = 0;
        std::string permissions;
        words >> std::hex >> begin >> dash >> end >> permissions;
        if (!permissions.starts_with("rw") || permissions.back() != 'p' || end - begin > most) {
            continue;
        }
        while (begin < end) {
            const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), end - begin);
            const auto read =
                ::pread(memory.get(), buffer.data(), wanted, static_cast<off_t>(begin));
            if (read <= 0) {
                break;
            }
            const auto size = static_cast<std::size_t>(read);
            count += needle.count_in(buffer.first(size));
            // What lies across the boundary is read once more.
            begin += size == wanted && begin + size < end ? size - needle.size() : size;
        }
    }
    return count;
}

TEST(CredentialsInMemory, AreGoneWithTheClient) {
    const Needle needle;
    ForgetfulServer server;
    ClientOptions options = fast_options();
    options.server_version = "3.8.0";
    {
        const Client client = Client::connect(server.address(), options).value();
        needle.with_text([&](std::string_view text) {
            ASSERT_TRUE(client.add_auth("digest", text));
            ASSERT_TRUE(client.add_auth("digest", text));
        });
        // Behind them, so that the buffer which they are in has to grow.
        for (int i = 0; i < 20; ++i) {
            client.zookeeper().async_create("/a", std::string(1000, 'x'), {},
                                            [](const result<std::string>&) {});
        }
        ASSERT_TRUE(eventually([&] { return server.heard() > 2 * needle.size() + 20'000; }));
        EXPECT_GE(copies_of(needle), 2u) << "they are sent again on each connection";
    }
    EXPECT_EQ(copies_of(needle), 0u);
}

}  // namespace
}  // namespace leasehold::testing_client
