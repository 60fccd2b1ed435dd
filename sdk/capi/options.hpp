// The option structs of the C interface as those of the C++ one. The views in what comes out are
// into what was passed in.
#pragma once

#include <leasehold/error.hpp>
#include <leasehold/leasehold.h>
#include <leasehold/options.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::capi {

/// A string that has to be there. Whether it is UTF-8, who uses it says.
[[nodiscard]] result<std::string_view> text(const char* string, std::string_view what);
/// One that need not be.
[[nodiscard]] inline std::string_view text_or_empty(const char* string) noexcept {
    return string != nullptr ? std::string_view(string) : std::string_view{};
}

/// Refuses a struct whose size, its first member, is not of any version that this library knows.
template <class Struct>
[[nodiscard]] result<void> check_size(const Struct& of) {
    if (of.struct_size == sizeof(Struct)) {
        return success();
    }
    return Error(errc::invalid_argument,
                 "struct_size is " + std::to_string(of.struct_size) + ", not " +
                     std::to_string(sizeof(Struct)) +
                     ": the struct was not initialised, or is another version's");
}

/// Fills a caller's struct, which may be of another version, with as much as it has room for.
template <class Struct>
void fill(Struct* out, std::size_t size, Struct with) noexcept {
    if (out == nullptr) {
        return;
    }
    with.struct_size = size;
    std::memset(out, 0, size);
    std::memcpy(out, &with, std::min(size, sizeof(Struct)));
}

/// The way back, for everything but the texts and the log; they stay as they are.
void put(const ClientOptions& from, lh_client_options& to) noexcept;
[[nodiscard]] result<ClientOptions> client_options(const lh_client_options* given);

/// A lock's options with the list that its ACL is a view into.
struct LockRequest {
    LockKind kind = LockKind::exclusive;
    LockOptions options;
    std::vector<AclEntry> acl;
};
[[nodiscard]] result<LockRequest> lock_request(const lh_lock_options* given);

struct ElectRequest {
    ElectOptions options;
    std::vector<AclEntry> acl;
};
[[nodiscard]] result<ElectRequest> elect_request(const lh_elect_options* given);

}  // namespace leasehold::capi
