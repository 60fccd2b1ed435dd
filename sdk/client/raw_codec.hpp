// The raw operations as bytes: arguments checked and encoded before anything is sent, replies
// decoded, paths moved into the chroot and out of it.
#pragma once

#include <leasehold/error.hpp>
#include <leasehold/zookeeper.hpp>

#include "sdk/core/effect.hpp"
#include "sdk/core/engine.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::detail {

/// One request, and how its reply is read.
template <class T>
struct RawCall {
    core::RawRequest request;
    std::function<result<T>(result<core::Reply>)> finish;
};

/// One part of a Multi, as the user gave it.
struct MultiOp {
    enum class Kind { create, set, remove, check };
    Kind kind;
    std::string path;
    std::string data{};
    std::int32_t version = any_version;
    CreateMode mode = CreateMode::persistent;
    result<std::vector<wire::Acl>> acl = std::vector<wire::Acl>{};
};

/// Encodes for one client.
class RawCodec {
public:
    /// `default_acl` is for what is created without one.
    RawCodec(std::string chroot, core::SharedAcl default_acl)
        : x_chroot(std::move(chroot)), x_default_acl(std::move(default_acl)) {}

    [[nodiscard]] result<RawCall<std::string>> create(std::string_view path, std::string_view data,
                                                      const CreateOptions& options) const;
    [[nodiscard]] result<RawCall<NodeData>> get(std::string_view path, bool watch) const;
    [[nodiscard]] result<RawCall<Stat>> set(std::string_view path, std::string_view data,
                                            std::int32_t version) const;
    [[nodiscard]] result<RawCall<std::optional<Stat>>> exists(std::string_view path,
                                                              bool watch) const;
    [[nodiscard]] result<RawCall<Children>> children(std::string_view path, bool watch) const;
    [[nodiscard]] result<RawCall<void>> remove(std::string_view path, std::int32_t version) const;
    [[nodiscard]] result<RawCall<std::vector<MultiResult>>> multi(
        const std::vector<MultiOp>& operations) const;
    [[nodiscard]] result<RawCall<void>> sync(std::string_view path) const;

private:
    std::string x_chroot;
    core::SharedAcl x_default_acl;
};

}  // namespace leasehold::detail
