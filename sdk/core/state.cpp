#include <leasehold/state.hpp>

namespace leasehold {

std::string_view to_string(ClientState state) noexcept {
    switch (state) {
        case ClientState::connecting: return "connecting";
        case ClientState::connected: return "connected";
        case ClientState::jeopardy: return "jeopardy";
        case ClientState::closed: return "closed";
    }
    return "unknown";
}

std::string_view to_string(Loss loss) noexcept {
    switch (loss) {
        case Loss::released: return "released";
        case Loss::budget: return "budget";
        case Loss::deadline: return "deadline";
        case Loss::session_expired: return "session_expired";
        case Loss::node_deleted: return "node_deleted";
        case Loss::closed: return "closed";
        case Loss::auth_failed: return "auth_failed";
    }
    return "unknown";
}

}  // namespace leasehold
