// The leader's half of a write: a request becomes a transaction, or the error it is refused with.
#pragma once

#include "sdk/server/acl.hpp"
#include "sdk/server/options.hpp"
#include "sdk/server/pending_changes.hpp"
#include "sdk/server/transaction.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/opcode.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace leasehold::server {

struct WriteRequest {
    std::int64_t session = 0;
    wire::Opcode op{};
    std::string_view body{};  ///< what follows the header
    const Identities& identities;
    /// ok; or session_expired or session_moved, which some checks come before.
    wire::ServerError session_standing = wire::ServerError::ok;
};

class Preparer {
public:
    Preparer(const Tree& tree, Release release, bool has_ttl_nodes)
        : x_pending(tree), x_release(release), x_has_ttl_nodes(has_ttl_nodes) {}

    /// Of one zxid. Whatever comes out has to be applied, a refusal as well.
    [[nodiscard]] Transaction prepare(const WriteRequest& request, std::int64_t zxid,
                                      std::int64_t time_ms);
    [[nodiscard]] Transaction close_session(std::int64_t session, std::int64_t zxid,
                                            std::int64_t time_ms);
    /// A container or TTL node whose time has come.
    [[nodiscard]] Transaction remove_perishable(const std::string& path, std::int64_t zxid,
                                                std::int64_t time_ms);

    /// Later writes are checked against this one, until it is applied.
    void note(const Transaction& transaction);
    PendingChanges& pending() { return x_pending; }

private:
    using Outcome = std::variant<wire::ServerError, Change>;

    template <class Request>
    [[nodiscard]] Outcome decoded(const WriteRequest& request);
    [[nodiscard]] Outcome single(const WriteRequest& request);
    void multi(const WriteRequest& request, Transaction& transaction);
    [[nodiscard]] Outcome one_of_many(const WriteRequest& request, wire::MultiOpBody& op);

    struct Creation {
        std::string path{};
        std::optional<std::string> data{};
        wire::optional_list<wire::Acl> acls{};
        wire::CreateMode mode{};
        std::int64_t ttl = -1;
        bool is_container = false;
        bool is_ttl = false;
        bool answers_with_stat = false;
    };
    [[nodiscard]] Outcome create(const WriteRequest& request, Creation creation) const;
    [[nodiscard]] wire::ServerError check_mode(const WriteRequest& request,
                                               const Creation& creation) const;
    [[nodiscard]] Outcome place(const WriteRequest& request, Creation creation) const;

    [[nodiscard]] wire::ServerError find_node(const WriteRequest& request, const std::string& path,
                                              std::int32_t perms, std::int32_t version,
                                              std::optional<NodeView>& node) const;
    [[nodiscard]] Outcome change(const WriteRequest& request, wire::CreateRequest body);
    [[nodiscard]] Outcome change(const WriteRequest& request, wire::Create2Request body);
    [[nodiscard]] Outcome change(const WriteRequest& request, wire::CreateContainerRequest body);
    [[nodiscard]] Outcome change(const WriteRequest& request, wire::CreateTtlRequest body);
    [[nodiscard]] Outcome change(const WriteRequest& request, wire::RemoveRequest body);
    [[nodiscard]] Outcome change(const WriteRequest& request, wire::SetDataRequest body);
    [[nodiscard]] Outcome change(const WriteRequest& request, wire::SetAclRequest body);
    [[nodiscard]] Outcome change(const WriteRequest& request, wire::CheckRequest body);

    PendingChanges x_pending;
    Release x_release;
    bool x_has_ttl_nodes;
};

}  // namespace leasehold::server
