// What distinguishes the releases of ZooKeeper, where it is more than one line in one place.
#pragma once

#include "sdk/server/options.hpp"
#include "sdk/wire/opcode.hpp"

namespace leasehold::server {

/// Whether clients may send this operation; else it costs them the connection.
[[nodiscard]] bool has_operation(Release release, wire::Opcode op);

/// ZOOKEEPER-4799 and 2590: no event about a node that the connection may not read, and exists
/// needs the right to read it.
[[nodiscard]] bool filters_events(Release release);

}  // namespace leasehold::server
