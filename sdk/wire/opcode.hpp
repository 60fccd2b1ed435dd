// Gives the protocol's magic numbers names that cannot be mixed up with each other.
#pragma once

#include <cstdint>
#include <string_view>

namespace leasehold::wire {

// Any int32 may arrive: these enumerations have a fixed underlying type, so an unknown number is
// held, compared and re-encoded like a known one. The version is the server that learned the
// operation; an older one answers -6 and closes the connection.
enum class Opcode : std::int32_t {
    close_session = -11,
    create_session = -10,  // between servers only
    error = -1,            // in replies of a multi
    notification = 0,
    create = 1,
    remove = 2,
    exists = 3,
    get_data = 4,
    set_data = 5,
    get_acl = 6,
    set_acl = 7,
    get_children = 8,
    sync = 9,
    ping = 11,
    get_children2 = 12,
    check = 13,  // never outside a multi: a bare one breaks servers before 3.8.5 and 3.9.3
    multi = 14,
    create2 = 15,           // 3.5.0
    reconfig = 16,          // 3.5.0
    check_watches = 17,     // 3.5.0
    remove_watches = 18,    // 3.5.0
    create_container = 19,  // 3.5.1
    delete_container = 20,  // between servers only
    create_ttl = 21,        // 3.5.3
    multi_read = 22,        // 3.6.0
    auth = 100,
    set_watches = 101,
    sasl = 102,                     // 3.4.0
    get_ephemerals = 103,           // 3.6.0
    get_all_children_number = 104,  // 3.6.0
    set_watches2 = 105,             // 3.6.0
    add_watch = 106,                // 3.6.0
    who_am_i = 107,                 // 3.7.0
};

// The protocol's own name ("getData"); "unknown" for a number this SDK has never heard of.
[[nodiscard]] std::string_view name_of(Opcode op) noexcept;

// Reserved xids. Ordinary requests use 1..2^31-1 and never restart within a session.
inline constexpr std::int32_t notification_xid = -1;
inline constexpr std::int32_t ping_xid = -2;
inline constexpr std::int32_t auth_xid = -4;
inline constexpr std::int32_t set_watches_xid = -8;  // as the C client does; Java takes a plain xid

enum class CreateMode : std::int32_t {
    persistent = 0,
    ephemeral = 1,
    persistent_sequential = 2,
    ephemeral_sequential = 3,
    container = 4,       // with Opcode::create_container only
    ttl = 5,             // with Opcode::create_ttl only
    ttl_sequential = 6,  // with Opcode::create_ttl only
};

enum class ServerError : std::int32_t {
    ok = 0,
    system_error = -1,
    runtime_inconsistency = -2,
    data_inconsistency = -3,
    connection_loss = -4,  // clients only
    marshalling_error = -5,
    unimplemented = -6,
    operation_timeout = -7,  // clients only
    bad_arguments = -8,
    invalid_state = -9,     // C client only
    unknown_session = -12,  // between servers only
    new_config_no_quorum = -13,
    reconfig_in_progress = -14,
    api_error = -100,  // a marker, never sent
    no_node = -101,
    no_auth = -102,
    bad_version = -103,
    no_children_for_ephemerals = -108,
    node_exists = -110,
    not_empty = -111,
    session_expired = -112,
    invalid_callback = -113,
    invalid_acl = -114,
    auth_failed = -115,
    closing = -116,  // C client only
    nothing = -117,  // C client only
    session_moved = -118,
    not_read_only = -119,
    ephemeral_on_local_session = -120,
    no_watcher = -121,
    request_timeout = -122,  // clients only
    reconfig_disabled = -123,
    session_closed_require_auth = -124,
    quota_exceeded = -125,
    throttled = -127,  // and not executed
};

// One short sentence for people; "unknown server error" for a number nobody documented.
[[nodiscard]] std::string_view describe(ServerError error) noexcept;

}  // namespace leasehold::wire
