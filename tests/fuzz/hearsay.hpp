// What the server has told one engine, whatever of it is true: read off the wire beside the engine,
// to judge whether a grant follows from it.
#pragma once

#include "sdk/wire/frame.hpp"
#include "sdk/wire/header.hpp"
#include "tests/support/engine_driver.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::fuzz {

class Hearsay {
public:
    void on_write(const support::EngineDriver::Write& write);
    void on_read(const support::Link* link, std::string_view bytes);
    /// The engine has another session than before: what was said of the last one counts no more.
    void on_new_session();

    /// Whether it follows from what was said in this session that the node may hold: there is a
    /// list with it, and of those in it that are in its way all are known to be gone, or to share.
    [[nodiscard]] bool implies(const core::Recipe& recipe, const std::string& node) const;
    /// Whether the node was said to be made by this session, in a transaction of this number.
    [[nodiscard]] bool is_ours(const std::string& node, std::int64_t zxid) const;
    /// The latest that the session can be known to live, by any reading of what came.
    [[nodiscard]] Instant most_safe_deadline(double clock_drift) const;
    /// Something came that cannot be told apart: nothing is implied by it, and nothing excluded.
    [[nodiscard]] bool is_blind() const { return x_is_blind; }

private:
    void read_frame(std::string_view frame);
    void read_greeting(std::string_view frame);
    void read_reply(const wire::ReplyView& reply);
    void read_multi(const wire::ReplyView& reply, std::string_view request);
    void made(const std::string& path, std::int64_t zxid);

    struct Asked {
        wire::Opcode op;
        std::string path;
        std::string body;
    };
    struct Greeting {
        std::int64_t session = 0;
        Duration timeout = Duration::max();
    };
    const support::Link* x_link = nullptr;
    wire::FrameSplitter x_splitter;
    bool x_is_greeted = false;
    bool x_is_blind = false;
    std::map<std::int32_t, Asked> x_asked;
    Greeting x_greeting;  ///< the last one
    Duration x_timeout = Duration::max();
    Instant x_last_write = Instant::min();
    Instant x_proven = Instant::min();  ///< the last write before the last bytes that came

    std::map<std::string, std::vector<std::vector<std::string>>> x_lists;  ///< by path
    std::set<std::string> x_gone;
    std::set<std::string> x_shared;
    std::map<std::string, std::set<std::int64_t>> x_made;
};

}  // namespace leasehold::fuzz
