// What distinguishes the releases of ZooKeeper, where it is more than one line in one place.
#pragma once

#include "sdk/server/options.hpp"
#include "sdk/wire/opcode.hpp"

namespace leasehold::server {

/// Whether clients may send this operation; else it costs them the connection.
[[nodiscard]] bool has_operation(Release release, wire::Opcode op);

/// ZOOKEEPER-4799: no event about a node that the connection may not read. It uses up the watch all
/// the same.
[[nodiscard]] bool filters_events(Release release);

/// ZOOKEEPER-2590: exists needs the right to read.
[[nodiscard]] bool exists_needs_read(Release release);

}  // namespace leasehold::server
