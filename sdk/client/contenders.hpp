// Who holds a lock and who waits for it, as the server has it now.
#pragma once

#include <leasehold/client.hpp>

#include "sdk/client/client_impl.hpp"
#include "sdk/client/operation.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace leasehold::detail {

[[nodiscard]] Operation<std::vector<ContenderInfo>> contenders_operation(
    const std::shared_ptr<ClientImpl>& impl, std::string_view path);

}  // namespace leasehold::detail
