#include "sdk/server/acl.hpp"

#include "sdk/server/digest.hpp"
#include "sdk/server/java_hash.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace leasehold::server {

namespace {

constexpr int address_bits = 32;

/// Four numbers with dots; servers know no other kind of address here.
std::optional<std::uint32_t> parse_address(std::string_view text) {
    std::uint32_t address = 0;
    for (int part = 0; part < 4; ++part) {
        const std::size_t end = part < 3 ? text.find('.') : text.size();
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        unsigned value = 0;
        const char* const stop = text.data() + end;
        const auto parsed = std::from_chars(text.data(), stop, value);
        if (parsed.ec != std::errc{} || parsed.ptr != stop || value > 255) {
            return std::nullopt;
        }
        address = (address << 8U) | value;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return address;
}

struct Network {
    std::uint32_t address;
    std::uint32_t mask;
};

std::optional<Network> parse_network(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = parse_address(text.substr(0, slash));
    int bits = address_bits;
    if (slash != std::string_view::npos) {
        const std::string_view number = text.substr(slash + 1);
        const char* const stop = number.data() + number.size();
        const auto parsed = std::from_chars(number.data(), stop, bits);
        if (parsed.ec != std::errc{} || parsed.ptr != stop || bits < 0 || bits > address_bits) {
            return std::nullopt;
        }
    }
    if (!address) {
        return std::nullopt;
    }
    const std::uint32_t mask =
        bits == 0 ? 0U : ~std::uint32_t{0} << static_cast<unsigned>(address_bits - bits);
    return Network{*address, mask};
}

/// Two parts by Java's split(":"), which forgets empty parts at the end.
bool is_digest_id(std::string_view id) {
    while (id.ends_with(':')) {
        id.remove_suffix(1);
    }
    return std::count(id.begin(), id.end(), ':') == 1;
}

bool is_world(const wire::Acl& acl) {
    return acl.scheme == "world" && acl.id == "anyone";
}

bool matches(const wire::Acl& acl, const Identity& identity) {
    if (acl.scheme != identity.scheme) {
        return false;
    }
    if (acl.scheme == "digest") {
        return acl.id == identity.id;
    }
    const auto network = parse_network(acl.id);
    const auto address = parse_address(identity.id);
    return acl.scheme == "ip" && network && address &&
           ((network->address ^ *address) & network->mask) == 0;
}

/// In a table of the size that it has from the start.
std::uint32_t bucket_of(const Identity& identity) {
    const std::uint32_t hash = 17U * 37U + java_hash(identity.scheme);
    return java_bucket(hash * 37U + java_hash(identity.id), 16);
}

}  // namespace

const Acls& open_acls() {
    static const Acls acls =
        std::make_shared<const AclList>(AclList{wire::Acl{wire::perms::all, "world", "anyone"}});
    return acls;
}

const Acls& read_only_acls() {
    static const Acls acls =
        std::make_shared<const AclList>(AclList{wire::Acl{wire::perms::read, "world", "anyone"}});
    return acls;
}

bool allows(const AclList& acls, std::int32_t perms, const Identities& identities) {
    if (acls.empty()) {
        return true;
    }
    return std::any_of(acls.begin(), acls.end(), [&](const wire::Acl& acl) {
        if ((acl.perms & perms) == 0) {
            return false;
        }
        return is_world(acl) ||
               std::any_of(identities.begin(), identities.end(),
                           [&](const Identity& identity) { return matches(acl, identity); });
    });
}

std::optional<Acls> stored_acls(const wire::optional_list<wire::Acl>& requested,
                                const Identities& identities) {
    if (!requested || requested->empty()) {
        return std::nullopt;
    }
    if (*requested == *open_acls()) {
        return open_acls();
    }
    AclList stored;
    for (auto acl = requested->begin(); acl != requested->end(); ++acl) {
        if (std::find(requested->begin(), acl, *acl) != acl) {
            continue;
        }
        if (acl->scheme == "auth") {
            const std::size_t before = stored.size();
            for (const Identity& identity : identities) {
                if (identity.scheme == "digest") {  // an address proves nothing
                    stored.push_back({acl->perms, identity.scheme, identity.id});
                }
            }
            if (stored.size() == before) {
                return std::nullopt;
            }
            continue;
        }
        const bool is_possible = is_world(*acl) ||
                                 (acl->scheme == "digest" && is_digest_id(acl->id)) ||
                                 (acl->scheme == "ip" && parse_network(acl->id));
        if (!is_possible) {
            return std::nullopt;
        }
        stored.push_back(*acl);
    }
    return std::make_shared<const AclList>(std::move(stored));
}

AclList without_digests(AclList acls) {
    for (wire::Acl& acl : acls) {
        const std::size_t colon = acl.id.find(':');
        if (acl.scheme == "digest" && colon != std::string::npos) {
            acl.id.replace(colon, std::string::npos, ":x");
        }
    }
    return acls;
}

bool authenticate(const std::string& scheme, const std::optional<std::string>& auth,
                  const std::string& address, Identities& identities) {
    if (scheme == "ip") {
        add_identity(identities, {scheme, address});
        return true;
    }
    if (scheme != "digest" || !auth) {
        return false;
    }
    add_identity(identities, {scheme, digest_id(*auth)});
    return true;
}

void add_identity(Identities& identities, Identity identity) {
    if (std::find(identities.begin(), identities.end(), identity) != identities.end()) {
        return;
    }
    const std::uint32_t bucket = bucket_of(identity);
    const auto place =
        std::find_if(identities.begin(), identities.end(),
                     [&](const Identity& other) { return bucket_of(other) > bucket; });
    identities.insert(place, std::move(identity));
}

}  // namespace leasehold::server
