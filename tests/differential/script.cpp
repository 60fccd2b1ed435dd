#include "tests/differential/script.hpp"

#include "sdk/wire/auth.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/record.hpp"
#include "sdk/wire/session.hpp"
#include "sdk/wire/watch.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace leasehold::differential {

namespace {

template <class Body>
std::string bytes_of(const Body& body) {
    std::string bytes;
    wire::Writer writer(bytes);
    encode(writer, body);
    return bytes;
}

class Author {
public:
    explicit Author(std::uint64_t seed) : x_random(seed) {}

    Script write(std::uint64_t seed) {
        Script script{seed, "/script-" + std::to_string(seed), 1 + x_random.below(3), {}};
        x_root = script.root;
        const std::size_t length = 5 + x_random.below(30);
        for (std::size_t i = 0; i < length; ++i) {
            script.steps.push_back(step(x_random.below(script.clients)));
        }
        return script;
    }

private:
    bool chance(std::uint64_t percent) { return x_random.below(100) < percent; }
    template <class T, std::size_t N>
    const T& one_of(const std::array<T, N>& all) {
        return all[x_random.below(N)];
    }

    Step step(std::size_t client) {
        if (chance(3)) {
            return {client, Act::leave};
        }
        if (chance(3)) {
            return {client, Act::say_bye};
        }
        if (chance(1)) {
            return {client, Act::intrude};
        }
        Step step{client};
        const std::size_t count = chance(70) ? 1 : 1 + x_random.below(5);
        for (std::size_t i = 0; i < count; ++i) {
            Request next = request();
            const bool may_overtake = next.ends_connection || next.op == wire::Opcode::auth;
            if (may_overtake && i > 0) {
                continue;  // with nothing beside it the order of the replies is certain
            }
            step.requests.push_back(std::move(next));
            if (may_overtake) {
                break;
            }
        }
        return step;
    }

    // ---- the parts of requests ----

    std::string path() {
        static constexpr std::array<std::string_view, 12> good{
            "", "/a", "/a", "/b", "/b", "/a/x", "/a/x", "/a/y", "/b/x", "/a/x/deep", "/c", "/c/z"};
        static constexpr std::array<std::string_view, 9> bad{
            "/", "//a", "/a/", "/a/.", "/a/../b", "/\x01", "/a//x", "/\xef\xbf\xb0", "/\x7f"};
        if (chance(3)) {
            return x_root + std::string(one_of(bad));
        }
        if (chance(1)) {
            return chance(50) ? "" : "relative";
        }
        return x_root + std::string(one_of(good));
    }
    /// Also of a node that a sequential create may have made.
    std::string existing_path() {
        std::string some = path();
        if (chance(15)) {
            some += "000000000" + std::to_string(x_random.below(6));
        }
        return some;
    }
    std::optional<std::string> data() {
        if (chance(10)) {
            return std::nullopt;
        }
        return std::string(x_random.below(chance(5) ? 2000 : 6), 'd');
    }
    std::int32_t version() {
        static constexpr std::array<std::int32_t, 8> some{-1, -1, -1, -1, 0, 1, 2, -7};
        return one_of(some);
    }
    wire::Acl acl() {
        static const std::array<wire::Acl, 11> some{
            wire::Acl{31, "auth", ""},
            {wire::perms::read, "world", "anyone"},
            {31, "digest", "u1:DcNRCjXHlhfCrgYVJOzZ7qZCSzA="},
            {31, "digest", "nonsense"},
            {31, "ip", "127.0.0.1"},
            {31, "ip", "10.0.0.0/8"},
            {31, "ip", "nonsense"},
            {31, "no-such-scheme", "x"},
            {31, "world", "somebody"},
            {0, "world", "anyone"},
            {wire::perms::read | wire::perms::create, "world", "anyone"}};
        return one_of(some);
    }
    wire::optional_list<wire::Acl> acls() {
        if (chance(85)) {
            return {{{wire::perms::all, "world", "anyone"}}};
        }
        if (chance(10)) {
            return chance(50) ? wire::optional_list<wire::Acl>{}
                              : wire::optional_list<wire::Acl>{std::in_place};
        }
        wire::optional_list<wire::Acl> list{std::in_place};
        for (std::uint64_t left = 1 + x_random.below(2); left > 0; --left) {
            list->push_back(acl());
        }
        return list;
    }
    wire::CreateMode mode() {
        static constexpr std::array<int, 9> some{0, 0, 0, 1, 1, 2, 3, 3, 4};
        return static_cast<wire::CreateMode>(chance(2) ? static_cast<int>(x_random.below(10))
                                                       : one_of(some));
    }

    // ---- requests ----

    template <class Body>
    static Request ask(Body body, std::string text) {
        return {Body::op, std::move(text),
                [bytes = bytes_of(body)](std::int64_t) { return bytes; }};
    }
    template <class Body>
    Body creation() {
        Body body;
        body.path = path();
        body.data = data();
        body.acls = acls();
        body.flags = mode();
        return body;
    }
    template <class Body>
    Request read_request(std::string name) {
        Body body{existing_path(), chance(40)};
        std::string text = std::move(name) + " " + body.path + (body.watch ? " watch" : "");
        return ask(std::move(body), std::move(text));
    }
    template <class Body>
    Request about_path(std::string name) {
        Body body{existing_path()};
        std::string text = std::move(name) + " " + body.path;
        return ask(std::move(body), std::move(text));
    }
    template <class Body>
    Request create_request(std::string name) {
        Body body = creation<Body>();
        std::string text = std::move(name) + " " + body.path + " mode " +
                           std::to_string(static_cast<int>(body.flags));
        return ask(std::move(body), std::move(text));
    }

    Request request() {
        const std::uint64_t dice = x_random.below(100);
        if (dice < 30) {
            return a_create();
        }
        if (dice < 44) {
            wire::RemoveRequest body{existing_path(), version()};
            std::string text = "delete " + body.path + " " + std::to_string(body.version);
            return ask(std::move(body), std::move(text));
        }
        if (dice < 52) {
            wire::SetDataRequest body{existing_path(), data(), version()};
            std::string text = "set " + body.path + " " + std::to_string(body.version);
            return ask(std::move(body), std::move(text));
        }
        if (dice < 74) {
            return a_read();
        }
        if (dice < 84) {
            return a_multi();
        }
        if (dice < 93) {
            return about_watches();
        }
        return something_rare();
    }

    Request a_create() {
        switch (x_random.below(8)) {
            case 0:
            case 1: return create_request<wire::Create2Request>("create2");
            case 2: {
                wire::CreateContainerRequest body = creation<wire::CreateContainerRequest>();
                body.flags = wire::CreateMode::container;
                std::string text = "container " + body.path;
                return ask(std::move(body), std::move(text));
            }
            case 3: {
                wire::CreateTtlRequest body;
                body.path = path();
                body.data = data();
                body.acls = acls();
                body.flags = chance(50) ? wire::CreateMode::ttl : wire::CreateMode::ttl_sequential;
                body.ttl =
                    chance(80) ? 1'000'000 : static_cast<std::int64_t>(x_random.below(2)) - 1;
                std::string text = "ttl " + body.path;
                return ask(std::move(body), std::move(text));
            }
            default: return create_request<wire::CreateRequest>("create");
        }
    }

    Request a_read() {
        switch (x_random.below(9)) {
            case 0: return read_request<wire::GetDataRequest>("get");
            case 1: return read_request<wire::GetChildrenRequest>("children");
            case 2: return read_request<wire::GetChildren2Request>("children2");
            case 3: return about_path<wire::GetAclRequest>("getACL");
            case 4: return about_path<wire::SyncRequest>("sync");
            case 5: return about_path<wire::GetEphemeralsRequest>("getEphemerals");
            case 6: return about_path<wire::GetAllChildrenNumberRequest>("countDescendants");
            default: return read_request<wire::ExistsRequest>("exists");
        }
    }

    wire::MultiOp part_of_multi() {
        switch (x_random.below(8)) {
            case 0: return {creation<wire::Create2Request>()};
            case 1: {
                wire::CreateContainerRequest body = creation<wire::CreateContainerRequest>();
                body.flags = wire::CreateMode::container;
                return {std::move(body)};
            }
            case 2: return {wire::RemoveRequest{existing_path(), version()}};
            case 3: return {wire::SetDataRequest{existing_path(), data(), version()}};
            case 4: return {wire::CheckRequest{existing_path(), version()}};
            default: return {creation<wire::CreateRequest>()};
        }
    }
    Request a_multi() {
        std::string text = "multi of";
        if (chance(20)) {
            wire::MultiReadRequest body;
            for (std::uint64_t left = x_random.below(4); left > 0; --left) {
                if (chance(50)) {
                    body.ops.push_back({wire::GetDataRequest{existing_path(), chance(20)}});
                } else {
                    body.ops.push_back({wire::GetChildrenRequest{existing_path(), chance(20)}});
                }
            }
            return ask(std::move(body), "multiRead");
        }
        wire::MultiRequest body;
        for (std::uint64_t left = x_random.below(5); left > 0; --left) {
            body.ops.push_back(part_of_multi());
            text += " " + std::string(wire::name_of(body.ops.back().type()));
        }
        return ask(std::move(body), std::move(text));
    }

    template <class Body>
    static Request of_kind(Body body, std::string name) {
        std::string text = std::move(name) + " " + body.path + " type " +
                           std::to_string(static_cast<int>(body.type));
        return ask(std::move(body), std::move(text));
    }
    Request about_watches() {
        const auto type = [this] { return static_cast<wire::WatcherType>(x_random.below(7)); };
        switch (x_random.below(5)) {
            case 0:
                return of_kind(wire::RemoveWatchesRequest{existing_path(), type()},
                               "removeWatches");
            case 1:
                return of_kind(wire::CheckWatchesRequest{existing_path(), type()}, "checkWatches");
            case 2: {
                wire::AddWatchRequest body{
                    existing_path(),
                    static_cast<wire::AddWatchMode>(x_random.below(chance(10) ? 5 : 2))};
                std::string text = "addWatch " + body.path + " mode " +
                                   std::to_string(static_cast<int>(body.mode));
                return ask(std::move(body), std::move(text));
            }
            case 3: return restore<wire::SetWatchesRequest>();
            default: return restore<wire::SetWatches2Request>();
        }
    }
    template <class Body>
    Request restore() {
        Body body;
        std::string text = "setWatches";
        const auto fill = [&](std::vector<std::string>& list) {
            text += " (";
            for (std::uint64_t left = x_random.below(3); left > 0; --left) {
                list.push_back(existing_path());
                text += " " + list.back();
            }
            text += " )";
        };
        fill(body.data_watches);
        fill(body.exist_watches);
        fill(body.child_watches);
        if constexpr (requires { body.persistent_watches; }) {
            fill(body.persistent_watches);
            fill(body.persistent_recursive_watches);
        }
        const auto back = static_cast<std::int64_t>(x_random.below(40));
        return {Body::op, std::move(text), [body, back](std::int64_t base) {
                    Body with_zxid = body;
                    with_zxid.relative_zxid = base + back;
                    return bytes_of(with_zxid);
                }};
    }

    Request something_rare() {
        switch (x_random.below(9)) {
            case 0:
            case 1: {
                wire::SetAclRequest body{existing_path(), acls(), version()};
                std::string text = "setACL " + body.path;
                return ask(std::move(body), std::move(text));
            }
            case 2: return ask(wire::WhoAmIRequest{}, "whoAmI");
            case 3: return ask(wire::ReconfigRequest{}, "reconfig");
            case 4: return ask(wire::PingRequest{}, "ping");
            case 5:
                return {static_cast<wire::Opcode>(77), "unknown", [](auto) { return ""; }, true};
            case 6: return credentials("no-such-scheme", "x", true);
            default:
                return credentials("digest", "u" + std::to_string(x_random.below(3)) + ":p", false);
        }
    }
    static Request credentials(std::string scheme, std::string secret, bool ends_connection) {
        Request request =
            ask(wire::AuthPacket{.type = 0, .scheme = std::move(scheme), .auth = std::move(secret)},
                "auth");
        request.ends_connection = ends_connection;
        return request;
    }

    core::Random x_random;
    std::string x_root;
};

}  // namespace

Script make_script(std::uint64_t seed) {
    return Author(seed).write(seed);
}

}  // namespace leasehold::differential
