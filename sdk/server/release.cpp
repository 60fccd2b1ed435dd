#include "sdk/server/release.hpp"

namespace leasehold::server {

using wire::Opcode;

bool has_operation(Release release, Opcode op) {
    switch (op) {
        case Opcode::create:
        case Opcode::remove:
        case Opcode::exists:
        case Opcode::get_data:
        case Opcode::set_data:
        case Opcode::get_acl:
        case Opcode::set_acl:
        case Opcode::get_children:
        case Opcode::sync:
        case Opcode::ping:
        case Opcode::get_children2:
        case Opcode::multi:
        case Opcode::auth:
        case Opcode::set_watches:
        case Opcode::sasl:
        case Opcode::close_session: return true;
        case Opcode::create2:
        case Opcode::reconfig:
        case Opcode::check_watches:
        case Opcode::remove_watches: return release >= Release{3, 5, 0};
        case Opcode::create_container: return release >= Release{3, 5, 1};
        case Opcode::create_ttl: return release >= Release{3, 5, 3};
        case Opcode::multi_read:
        case Opcode::get_ephemerals:
        case Opcode::get_all_children_number:
        case Opcode::set_watches2:
        case Opcode::add_watch: return release >= Release{3, 6, 0};
        case Opcode::who_am_i: return release >= Release{3, 7, 0};
        // A bare check is what 3.8.5 and 3.9.3 made of it: older servers write it into their log,
        // and never start again.
        case Opcode::check:
        case Opcode::create_session:
        case Opcode::delete_container:
        case Opcode::notification:
        case Opcode::error: return false;
    }
    return false;
}

bool filters_events(Release release) {
    // Debian's 3.8.0, which is the 3.8.0 that is imitated here, has the fix of CVE-2024-23944.
    return exists_needs_read(release) || release == Release{3, 8, 0};
}

bool exists_needs_read(Release release) {
    return release >= Release{3, 9, 2} ||
           (release >= Release{3, 8, 4} && release < Release{3, 9, 0});
}

}  // namespace leasehold::server
