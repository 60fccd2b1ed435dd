#include "sdk/client/lock_request.hpp"

#include "sdk/client/contender_record.hpp"
#include "sdk/core/record_marks.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace leasehold::detail {
namespace {

using namespace std::chrono_literals;

LockDefaults defaults() {
    return {.chroot = "/shop", .owner = "till", .acl = {{perms::all, "world", "anyone"}}};
}

struct BadOption {
    std::string_view name;
    std::function<void(LockOptions&)> spoil;
};

const std::string too_long(257, 'x');
const std::array<AclEntry, 1> bad_permissions{{{32, "auth", ""}}};
const std::array<AclEntry, 1> no_scheme{{{31, "", "me"}}};

const std::vector<BadOption> bad_options{
    {"wait", [](LockOptions& o) { o.wait = -1ms; }},
    {"budget", [](LockOptions& o) { o.budget = 0ms; }},
    {"budget", [](LockOptions& o) { o.budget = milliseconds::min(); }},
    {"reserve", [](LockOptions& o) { o.reserve = o.budget; }},
    {"reserve", [](LockOptions& o) { o.reserve = milliseconds::max(); }},
    {"max_hold", [](LockOptions& o) { o.max_hold = -1ms; }},
    {"max_hold", [](LockOptions& o) { o.max_hold = o.budget; }},
    {"lock_delay", [](LockOptions& o) { o.lock_delay = -1ms; }},
    {"lock_delay", [](LockOptions& o) { o.lock_delay = 60'001ms; }},
    {"max_queue", [](LockOptions& o) { o.max_queue = -1; }},
    {"max_local_grants", [](LockOptions& o) { o.max_local_grants = 0; }},
    {"max_local_grants", [](LockOptions& o) { o.max_local_grants = 65; }},
    {"on_budget", [](LockOptions& o) { o.on_budget = static_cast<OnBudget>(7); }},
    {"naming", [](LockOptions& o) { o.naming = static_cast<Naming>(7); }},
    {"owner", [](LockOptions& o) { o.owner = too_long; }},
    {"owner", [](LockOptions& o) { o.owner = "\xff"; }},
    {"trace_id", [](LockOptions& o) { o.trace_id = "\xc0\x80"; }},
    {"ACL", [](LockOptions& o) { o.acl = bad_permissions; }},
    {"ACL", [](LockOptions& o) { o.acl = no_scheme; }},
};

TEST(LockRequest, MalformedOptionIsRefusedByName) {
    for (const BadOption& bad : bad_options) {
        LockOptions options;
        bad.spoil(options);
        const auto request =
            make_lock_request("/orders/42", LockKind::exclusive, options, defaults());
        ASSERT_FALSE(request) << bad.name;
        EXPECT_EQ(request.error(), errc::invalid_argument);
        EXPECT_NE(request.error().context().what.find(bad.name), std::string::npos)
            << request.error().message();
    }
}

TEST(LockRequest, LockDelayIsInTheRecordForThoseWhoWaitAndNotAByteWithoutOne) {
    const auto record = [](milliseconds delay) {
        return make_lock_request("/a", LockKind::exclusive, {.lock_delay = delay}, defaults())
            .value()
            ->spec.record;
    };
    EXPECT_EQ(core::lock_delay_of(record(60s)), 60s);
    EXPECT_EQ(core::lock_delay_of(record(1ms)), 1ms);
    EXPECT_EQ(core::lock_delay_of(record(0ms)), 0ms);
    EXPECT_EQ(decode_record(record(15s))->lock_delay, 15s);
    EXPECT_EQ(record(15s).size(), record(0ms).size() + 7) << "a tag, a length and 15000";
}

TEST(LockRequest, SetAsksForItsLockDelayInTheRecordOfAllItsNodes) {
    const std::vector<std::string> paths{"/a", "/b"};
    const auto request = make_set_request(paths, {.lock_delay = 15s}, defaults());
    ASSERT_TRUE(request);
    EXPECT_EQ(core::lock_delay_of((*request)->spec.record), 15s);
    EXPECT_EQ((*request)->spec.options.lock_delay, 15s);
}

TEST(LockRequest, PermitHasNoLockDelay) {
    EXPECT_TRUE(make_lock_request("/a", LockKind::permit, {}, defaults()));
    const auto request = make_lock_request("/a", LockKind::permit, {.lock_delay = 1ms}, defaults());
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error(), errc::invalid_argument);
    EXPECT_NE(request.error().context().what.find("lock_delay"), std::string::npos);
}

TEST(LockRequest, OnlyAnExclusiveLockOnOnePathIsKept) {
    const LockOptions kept{.keep_idle = 1h};
    EXPECT_TRUE(make_lock_request("/a", LockKind::exclusive, kept, defaults()));
    for (const LockKind kind : {LockKind::shared, LockKind::upgradable, LockKind::permit}) {
        EXPECT_EQ(make_lock_request("/a", kind, kept, defaults()).error(), errc::invalid_argument);
    }
    const std::vector<std::string> paths{"/a", "/b"};
    EXPECT_EQ(make_set_request(paths, kept, defaults()).error(), errc::invalid_argument);
    for (const milliseconds wrong : {-1ms, milliseconds{1h} + 1ms}) {
        EXPECT_EQ(
            make_lock_request("/a", LockKind::exclusive, {.keep_idle = wrong}, defaults()).error(),
            errc::invalid_argument);
    }
}

TEST(LockRequest, PathIsCheckedAsGivenAndAsSent) {
    EXPECT_FALSE(make_lock_request("orders", LockKind::exclusive, {}, defaults()));
    EXPECT_FALSE(make_lock_request("/orders/", LockKind::exclusive, {}, defaults()));
    EXPECT_TRUE(make_lock_request("/zookeeper", LockKind::exclusive, {},
                                  defaults()));  // is /shop/zookeeper
    LockDefaults no_chroot = defaults();
    no_chroot.chroot = "";
    EXPECT_FALSE(make_lock_request("/zookeeper", LockKind::exclusive, {}, no_chroot));
    EXPECT_FALSE(make_lock_request("/", LockKind::exclusive, {}, no_chroot));
}

TEST(LockRequest, EverythingIsOwned) {
    std::string owner = "cashier";
    std::string scheme = "digest";
    std::array<AclEntry, 1> acl{{{perms::read, scheme, "me"}}};
    auto request = make_lock_request("/orders/42", LockKind::exclusive,
                                     {.acl = acl, .owner = owner}, defaults());
    owner.assign(owner.size(), '?');
    scheme.assign(scheme.size(), '?');
    ASSERT_TRUE(request);
    EXPECT_EQ((*request)->spec.path, "/shop/orders/42");
    EXPECT_EQ((*request)->path(), "/orders/42");
    ASSERT_EQ((*request)->spec.acl.entries().size(), 1u);
    EXPECT_EQ((*request)->spec.acl.entries()[0].scheme, "digest");
    EXPECT_EQ(decode_record((*request)->spec.record)->owner, "cashier");
    EXPECT_TRUE((*request)->spec.options.acl.empty());
    EXPECT_TRUE((*request)->spec.options.owner.empty());
}

TEST(LockRequest, DefaultsFillInWhatIsNotGiven) {
    const auto request = make_lock_request("/a", LockKind::exclusive, {.budget = 2s}, defaults());
    ASSERT_TRUE(request);
    EXPECT_EQ(decode_record((*request)->spec.record)->owner, "till");
    EXPECT_EQ(decode_record((*request)->spec.record)->budget, 2s);
    EXPECT_EQ((*request)->spec.acl, defaults().acl);
    EXPECT_EQ((*request)->terms.reserve, Duration(200ms));  // a tenth
    EXPECT_EQ(make_lock_request("/a", LockKind::exclusive, {.budget = 20s}, defaults())
                  .value()
                  ->terms.reserve,
              Duration(500ms));
    EXPECT_EQ(make_lock_request("/a", LockKind::exclusive, {.reserve = 0ms}, defaults())
                  .value()
                  ->terms.reserve,
              Duration(0ms));
}

TEST(LockRequest, RefusalNamesTheHolderOurPlaceAndTheTime) {
    core::Refusal refusal{.code = make_error_code(errc::queue_full),
                          .what = "3 ahead, max_queue is 2",
                          .position = 3,
                          .time_left = 250ms,
                          .holder_node = "ab-lock-0000000001",
                          .holder_record = encode_record({.owner = "till"})};
    const Error error = to_error(std::move(refusal), "/orders/42");
    EXPECT_EQ(error, errc::queue_full);
    EXPECT_EQ(error.context().path, "/orders/42");
    EXPECT_TRUE(error.context().holder.starts_with("till on "));
    EXPECT_EQ(error.context().holder_node, "ab-lock-0000000001");
    EXPECT_EQ(error.context().position, 3u);
    EXPECT_EQ(error.context().time_left, Duration(250ms));
}

TEST(LockRequest, UnknownRecordOfTheHolderIsShownEscaped) {
    core::Refusal refusal{.code = make_error_code(errc::wait_expired),
                          .holder_record = "10.0.0.7\x1b"};
    EXPECT_EQ(to_error(std::move(refusal), "/a").context().holder, "10.0.0.7\\x1b");
}

}  // namespace
}  // namespace leasehold::detail
