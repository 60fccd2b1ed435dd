#include "bench/contestants/waking.hpp"

#include <array>
#include <atomic>
#include <semaphore>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace leasehold::bench {
namespace {

constexpr std::chrono::microseconds work{200};  // as between a lock's grant and its end

class Descriptor {
public:
    explicit Descriptor(int number) : x_number(number) {
        if (number < 0) {
            give_up("no descriptor");
        }
    }
    ~Descriptor() { ::close(x_number); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int number() const { return x_number; }

private:
    const int x_number;
};

/// Sleeps in epoll_wait until it is woken, says that it was, and sleeps again.
class Sleeper {
public:
    Sleeper() {
        epoll_event interest{};
        interest.events = EPOLLIN | EPOLLET;
        ::epoll_ctl(x_poll.number(), EPOLL_CTL_ADD, x_event.number(), &interest);
        x_thread = std::jthread([this] { run(); });
    }
    ~Sleeper() {
        x_is_over = true;
        wake();
    }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;

    void wake() const { ::eventfd_write(x_event.number(), 1); }
    void await() { x_woken.acquire(); }

private:
    void run() {
        std::array<epoll_event, 1> events{};
        while (!x_is_over) {
            ::epoll_wait(x_poll.number(), events.data(), 1, -1);
            x_woken.release();
        }
    }

    const Descriptor x_event{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    const Descriptor x_poll{::epoll_create1(EPOLL_CLOEXEC)};
    std::atomic<bool> x_is_over{false};
    std::counting_semaphore<> x_woken{0};
    std::jthread x_thread;
};

std::vector<double> wake(int count) {
    Sleeper sleeper;
    std::vector<double> costs;
    costs.reserve(static_cast<std::size_t>(count));
    for (int number = 0; number < count; ++number) {
        std::this_thread::sleep_for(work);
        const auto begin = Clock::now();
        sleeper.wake();
        costs.push_back(microseconds(Clock::now() - begin));
        sleeper.await();
    }
    return costs;
}

}  // namespace

Commands waking() {
    return {{"wakes", [](std::istream& words) -> nlohmann::json {
                 return {{"wake", wake(next<int>(words))}};
             }}};
}

}  // namespace leasehold::bench
