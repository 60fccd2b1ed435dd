// From one session to another: how long a delete takes, how long a request that does nothing, and
// how long it is from the write of a delete to the arrival of the event at whoever watches.
#include "bench/contestants/floor.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/opcode.hpp"
#include "sdk/wire/session.hpp"

#include <array>
#include <chrono>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

namespace leasehold::bench::floor {

namespace {

struct Costs {
    std::vector<double> remove;
    std::vector<double> no_op;
    std::vector<double> event;
};

class Pair {
public:
    explicit Pair(std::uint16_t port) : x_holder(port), x_waiter(port) {}

    Costs run(const std::string& path, int count, std::chrono::microseconds hold) {
        x_holder.make(path);
        LockFrames frames(path);
        const std::string no_op = wire::encode_request(wire::ping_xid, wire::PingRequest{});
        Costs costs;
        for (int round = 0; round < count; ++round) {
            x_holder.write(frames.create());
            const std::string_view created = x_holder.answer();
            const std::string release = frames.release(created);
            const std::string watch = LockFrames::watch(std::string(created.substr(4)));
            x_waiter.write(watch);
            static_cast<void>(x_waiter.answer());

            std::this_thread::sleep_for(hold);
            measure_removal(release, costs);
            std::this_thread::sleep_for(hold);
            const auto begin = Clock::now();
            x_holder.write(no_op);
            static_cast<void>(x_holder.answer());
            costs.no_op.push_back(microseconds(Clock::now() - begin));
        }
        return costs;
    }

private:
    // Both are due at about the same time, in no order.
    void measure_removal(const std::string& release, Costs& costs) {
        const auto begin = Clock::now();
        x_holder.write(release);
        bool is_removed = false;
        bool is_told = false;
        while (!is_removed || !is_told) {
            std::array<pollfd, 2> both{{
                {is_removed ? -1 : x_holder.descriptor(), POLLIN, 0},
                {is_told ? -1 : x_waiter.descriptor(), POLLIN, 0},
            }};
            if (::poll(both.data(), both.size(), -1) < 0) {
                give_up("floor: poll failed");
            }
            const double since = microseconds(Clock::now() - begin);
            if (both[0].revents != 0) {
                static_cast<void>(x_holder.answer());
                costs.remove.push_back(since);
                is_removed = true;
            }
            if (both[1].revents != 0) {
                static_cast<void>(x_waiter.answer());
                costs.event.push_back(since);
                is_told = true;
            }
        }
    }

    BareSession x_holder;
    BareSession x_waiter;
};

}  // namespace

Command handoff(std::uint16_t port) {
    return [port](std::istream& words) -> nlohmann::json {
        const auto path = next<std::string>(words);
        const int count = next<int>(words);
        Pair pair(port);  // of this turn: nobody pings for it
        Costs costs = pair.run(path, count, std::chrono::microseconds(next<int>(words)));
        return {{"remove", std::move(costs.remove)},
                {"no_op", std::move(costs.no_op)},
                {"event", std::move(costs.event)}};
    };
}

}  // namespace leasehold::bench::floor
