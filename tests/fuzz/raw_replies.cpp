// Replies as the raw client's callers get them: the bytes of any server become a value or an error.
#include "sdk/client/raw_codec.hpp"
#include "tests/fuzz/script.hpp"
#include "tests/fuzz/target.hpp"

#include <string>
#include <utility>

namespace leasehold::fuzz {
namespace {

template <class T>
void finish(result<detail::RawCall<T>> call, std::string_view body) {
    const auto answer = call.value().finish(core::Reply{.zxid = 1, .body = std::string(body)});
    require(answer || !answer.error().message().empty(), "a value or an error");
}

void run(std::string_view input) {
    Script script(input);
    const detail::RawCodec codec(script.coin() ? "/shop" : "", {{31, "world", "anyone"}});
    const std::size_t which = script.below(8);
    const std::size_t parts = 1 + script.below(4);
    const std::string_view body = script.rest();
    switch (which) {
        case 0: return finish(codec.create("/a", "", {}), body);
        case 1: return finish(codec.get("/a", false), body);
        case 2: return finish(codec.set("/a", "", -1), body);
        case 3: return finish(codec.exists("/a", false), body);
        case 4: return finish(codec.children("/a", false), body);
        case 5: return finish(codec.remove("/a", -1), body);
        case 6: return finish(codec.sync("/a"), body);
        default:
            using Kind = detail::MultiOp::Kind;
            std::vector<detail::MultiOp> operations;
            for (const Kind kind : {Kind::check, Kind::remove, Kind::set, Kind::create}) {
                if (operations.size() < parts) {
                    operations.push_back({.kind = kind, .path = "/a"});
                }
            }
            return finish(codec.multi(operations), body);
    }
}

LEASEHOLD_FUZZ_TARGET(raw_replies, run)

}  // namespace
}  // namespace leasehold::fuzz
