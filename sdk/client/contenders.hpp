// Who holds a lock and who waits for it, as the server has it now.
#pragma once

#include <leasehold/client.hpp>

#include "sdk/client/client_impl.hpp"
#include "sdk/client/operation.hpp"
#include "sdk/core/contender_name.hpp"
#include "sdk/wire/node.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace leasehold::detail {

/// The full path of the queue that the user's path names, or why there can be none.
[[nodiscard]] result<std::string> queue_path(const ClientImpl& impl, std::string_view path);

/// What its name alone tells.
[[nodiscard]] ContenderInfo contender_info(const core::Contestant& contestant);
/// What its node tells beside that.
void describe(ContenderInfo& info, const wire::GetDataReply& node);

[[nodiscard]] Operation<std::vector<ContenderInfo>> contenders_operation(
    const std::shared_ptr<ClientImpl>& impl, std::string_view path);

}  // namespace leasehold::detail
