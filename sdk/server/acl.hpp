// Who may do what: access control lists and the identities of a connection.
#pragma once

#include "sdk/server/options.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/record.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leasehold::server {

/// What a connection has proved to be.
struct Identity {
    std::string scheme;
    std::string id;

    friend bool operator==(const Identity&, const Identity&) = default;
};
using Identities = std::vector<Identity>;

/// Shared by all nodes that were made with it; never null.
using AclList = std::vector<wire::Acl>;
using Acls = std::shared_ptr<const AclList>;

/// Everything for everyone.
[[nodiscard]] const Acls& open_acls();
/// Reading for everyone.
[[nodiscard]] const Acls& read_only_acls();

[[nodiscard]] bool allows(const AclList& acls, std::int32_t perms, const Identities& identities);

/// The list as a server stores it: without repetitions, and "auth" replaced by the identities.
/// Nothing if the list is null, empty or has an entry that nobody could ever match.
[[nodiscard]] std::optional<Acls> stored_acls(const wire::optional_list<wire::Acl>& requested,
                                              const Identities& identities);

/// For who may read a list but not change it: without the digests of passwords.
[[nodiscard]] AclList without_digests(AclList acls);

/// Adds what the packet proves; false if a server refuses it.
[[nodiscard]] bool authenticate(const std::string& scheme, const std::optional<std::string>& auth,
                                const std::string& address, Identities& identities);

/// In the order in which a server lists them, which is that of a Java hash table.
void add_identity(Identities& identities, Identity identity);

}  // namespace leasehold::server
