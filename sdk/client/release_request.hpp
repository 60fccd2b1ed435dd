// Asks those who hold a lock to let go.
#pragma once

#include "sdk/client/client_impl.hpp"
#include "sdk/client/operation.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace leasehold::detail {

/// Answers how many of them can understand it and have it now.
[[nodiscard]] Operation<std::size_t> release_request_operation(
    const std::shared_ptr<ClientImpl>& impl, std::string_view path);

}  // namespace leasehold::detail
