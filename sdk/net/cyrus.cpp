#include "sdk/net/cyrus.hpp"

#include <dlfcn.h>
#include <mutex>
#include <optional>

namespace leasehold::net {
namespace {

Error unusable(const std::string& why) {
    return {errc::auth_failed, "Cyrus SASL cannot be used: " + why +
                                   "; install it (libsasl2-2 on Debian, cyrus-sasl-lib on Fedora)"};
}

std::string last_loader_error() {
    const char* const text = ::dlerror();
    return text != nullptr ? text : "not found";
}

template <class Function>
bool find(void* library, const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(::dlsym(library, name));
    return function != nullptr;
}

}  // namespace

result<Cyrus> open_cyrus(const std::string& library) {
    void* const handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        return unusable(last_loader_error());
    }
    Cyrus cyrus;
    decltype(&::sasl_client_init) init = nullptr;
    if (!find(handle, "sasl_client_init", init) ||
        !find(handle, "sasl_client_new", cyrus.client_new) ||
        !find(handle, "sasl_client_start", cyrus.client_start) ||
        !find(handle, "sasl_client_step", cyrus.client_step) ||
        !find(handle, "sasl_dispose", cyrus.dispose) ||
        !find(handle, "sasl_errdetail", cyrus.errdetail) ||
        !find(handle, "sasl_setprop", cyrus.setprop)) {
        return unusable(last_loader_error());
    }
    if (const int code = init(nullptr); code != SASL_OK) {
        return unusable("sasl_client_init says " + std::to_string(code));
    }
    return cyrus;
}

result<const Cyrus*> load_cyrus() {
    // Never destroyed: a thread that is still in a call may outlive main().
    static auto& mutex = *new std::mutex;
    static auto& loaded = *new std::optional<Cyrus>;
    const std::lock_guard lock(mutex);
    if (!loaded) {
        BOOST_OUTCOME_TRY(loaded, open_cyrus("libsasl2.so.2"));
    }
    return &*loaded;
}

}  // namespace leasehold::net
