// Cyrus SASL, which is loaded when somebody asks for it: who does not needs no library of it.
#pragma once

#include <leasehold/error.hpp>

#include <sasl/sasl.h>
#include <string>

namespace leasehold::net {

/// The functions of libsasl2 that are used here.
struct Cyrus {
    decltype(&::sasl_client_new) client_new = nullptr;
    decltype(&::sasl_client_start) client_start = nullptr;
    decltype(&::sasl_client_step) client_step = nullptr;
    decltype(&::sasl_dispose) dispose = nullptr;
    decltype(&::sasl_errdetail) errdetail = nullptr;
    decltype(&::sasl_setprop) setprop = nullptr;
};

/// The library, loaded and ready. Fails with errc::auth_failed, which says what to install, and may
/// be tried again. Never unloaded.
/// Thread safety: any thread.
///
/// Cyrus keeps its client side once for the whole process, and counts who has begun to use it:
/// `sasl_client_init` is called here once, and never taken back. An application that uses Cyrus
/// itself may do so before or after, with this to heed: only the first caller's callbacks count for
/// the process (none are given here), `sasl_set_mutex` and `sasl_set_alloc` have to come before the
/// first client of ours, and the first calls of both must not come at the same time.
[[nodiscard]] result<const Cyrus*> load_cyrus();

/// Of that file; not for use beside load_cyrus().
[[nodiscard]] result<Cyrus> open_cyrus(const std::string& library);

}  // namespace leasehold::net
