// An access control list that many acquisitions have in common, and that nobody changes.
#pragma once

#include "sdk/wire/node.hpp"

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace leasehold::core {

/// Copies share the entries.
class SharedAcl {
public:
    using Entries = std::vector<wire::Acl>;

    SharedAcl() = default;
    SharedAcl(Entries entries)  // NOLINT(google-explicit-constructor)
        : x_entries(std::make_shared<const Entries>(std::move(entries))) {}
    SharedAcl(std::initializer_list<wire::Acl> entries) : SharedAcl(Entries(entries)) {}

    [[nodiscard]] const Entries& entries() const {
        static const Entries none;
        return x_entries ? *x_entries : none;
    }

    friend bool operator==(const SharedAcl& one, const SharedAcl& other) {
        return one.x_entries == other.x_entries || one.entries() == other.entries();
    }

private:
    std::shared_ptr<const Entries> x_entries;
};

}  // namespace leasehold::core
