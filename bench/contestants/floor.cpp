// The floor: what ZooKeeper itself charges for the frames that the recipe needs, on a bare blocking
// socket, with the frames prepared and nothing else done.
//
//     floor PORT
//
// "acquire" is a create and a getChildren in one write; "release" is a delete.
#include "bench/contestants/floor.hpp"

#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"

#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace leasehold::bench;
namespace wire = leasehold::wire;

Serial serial(BareSession& session, const std::string& path, int count) {
    session.make(path);
    LockFrames frames(path);
    Serial costs;
    for (int pair = 0; pair < count; ++pair) {
        const auto begin = Clock::now();
        session.write(frames.acquire());
        const std::string& release = frames.release(session.answer());
        static_cast<void>(session.answer());
        const auto acquired = Clock::now();
        session.write(release);
        static_cast<void>(session.answer());
        const auto released = Clock::now();
        costs.acquire.push_back(microseconds(acquired - begin));
        costs.release.push_back(microseconds(released - acquired));
    }
    return costs;
}

}  // namespace

Command leasehold::bench::floor::look(BareSession& session) {
    return [&session](std::istream& words) -> nlohmann::json {
        wire::GetChildrenRequest children;
        children.path = next<std::string>(words);
        const std::string frame = wire::encode_request(1, children);
        std::vector<double> costs;
        for (int left = next<int>(words); left > 0; --left) {
            const auto begin = Clock::now();
            session.write(frame);
            static_cast<void>(session.answer());
            costs.push_back(microseconds(Clock::now() - begin));
        }
        return {{"try", std::move(costs)}};
    };
}

int main(int argument_count, char** arguments) {
    if (argument_count != 2) {
        give_up("usage: floor PORT");
    }
    const auto port = static_cast<std::uint16_t>(std::strtol(arguments[1], nullptr, 10));
    BareSession session(port);
    return obey({
        {"serial", serial_command([&](const std::string& path, int count) {
             return serial(session, path, count);
         })},
        {"many", floor::many(session)},
        {"handoff", floor::handoff(port)},
        {"relay", floor::relay(port)},
        {"try", floor::look(session)},
    });
}
