// The codec: the requests of an acquisition to bytes, and the answers back.
#include "sdk/wire/header.hpp"
#include "sdk/wire/node.hpp"

#include <benchmark/benchmark.h>
#include <string>

namespace {

namespace wire = leasehold::wire;

const std::string parent = "/orders/by-number/4711";
const std::string node = parent + "/0123456789abcdef-lock-";

void encode_create_and_list(benchmark::State& state) {
    wire::CreateRequest create;
    create.path = node;
    create.data = std::string(64, 'r');
    create.acls = {{wire::perms::all, "world", "anyone"}};
    create.flags = wire::CreateMode::ephemeral_sequential;
    wire::GetChildrenRequest list;
    list.path = parent;
    std::string out;
    for ([[maybe_unused]] auto each : state) {
        out.clear();
        wire::append_request(out, 1, create);
        wire::append_request(out, 2, list);
        benchmark::DoNotOptimize(out.data());
    }
}
BENCHMARK(encode_create_and_list);

/// Takes off the length, as the splitter does.
template <class Body>
std::string reply_frame(const Body& body) {
    return wire::encode_reply(wire::ReplyHeader{.xid = 1, .zxid = 2}, body).substr(4);
}

void decode_created(benchmark::State& state) {
    const std::string frame = reply_frame(wire::CreateReply{node + "0000000005"});
    for ([[maybe_unused]] auto each : state) {
        const auto reply = wire::split_reply(frame);
        auto created = wire::decode<wire::CreateReply>(reply.value().body);
        benchmark::DoNotOptimize(created);
    }
}
BENCHMARK(decode_created);

/// The argument: how many children.
void decode_list(benchmark::State& state) {
    wire::GetChildrenReply list;
    for (std::int64_t number = 0; number < state.range(0); ++number) {
        list.children.push_back("0123456789abcdef-lock-" + std::to_string(1'000'000'000 + number));
    }
    const std::string frame = reply_frame(list);
    for ([[maybe_unused]] auto each : state) {
        const auto reply = wire::split_reply(frame);
        auto listed = wire::decode<wire::GetChildrenReply>(reply.value().body);
        benchmark::DoNotOptimize(listed);
    }
}
BENCHMARK(decode_list)->Arg(1)->Arg(250)->Arg(4000);

}  // namespace
