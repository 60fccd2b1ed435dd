#include "sdk/net/cyrus_client.hpp"

#include "sdk/net/cyrus.hpp"
#include "sdk/net/secret_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::net {
namespace {

constexpr std::size_t longest_password = 1023;

/// A sasl_secret_t, which ends in as many bytes as there are, and is overwritten when it goes.
class Password {
public:
    explicit Password(const core::Secret& from)
        : x_bytes(offsetof(sasl_secret_t, data) + from.text().size() + 1) {
        data()->len = from.text().size();
        std::ranges::copy(from.text(), data()->data);
    }
    ~Password() { explicit_bzero(x_bytes.data(), x_bytes.size()); }
    Password(const Password&) = delete;
    Password& operator=(const Password&) = delete;

    [[nodiscard]] sasl_secret_t* data() { return reinterpret_cast<sasl_secret_t*>(x_bytes.data()); }

private:
    std::vector<char> x_bytes;  // aligned as operator new does it
};

/// Cyrus' DIGEST-MD5 keeps a table for the whole process, and its own mutexes do nothing unless the
/// application has set some. GSSAPI keeps none, and must not wait for others: it may ask a KDC.
std::unique_lock<std::mutex> lock_for(SaslMechanism mechanism) {
    static auto& mutex = *new std::mutex;
    return mechanism == SaslMechanism::gssapi ? std::unique_lock<std::mutex>()
                                              : std::unique_lock(mutex);
}

const char* name_of(SaslMechanism mechanism) {
    return mechanism == SaslMechanism::gssapi ? "GSSAPI" : "DIGEST-MD5";
}

Error failed(std::string what) {
    return {errc::auth_failed, std::move(what)};
}

class CyrusClient final : public SaslClient {
public:
    CyrusClient(const Cyrus& cyrus, core::SaslSettings settings, const core::Secret& password);
    ~CyrusClient() override;

    /// Says who we want to be to the server, and how.
    [[nodiscard]] result<void> open(const std::string& server);
    [[nodiscard]] result<core::SaslMove> begin() override;
    [[nodiscard]] result<core::SaslMove> proceed(std::string_view challenge) override;

private:
    // Callbacks of Cyrus; `self` is the client.
    static int give_name(void* self, int id, const char** name, unsigned* length);
    static int give_password(sasl_conn_t*, void* self, int id, sasl_secret_t** secret);
    static int choose_realm(void* self, int id, const char** offered, const char** chosen);
    static int be_silent(void*, int, const char*) { return SASL_OK; }

    [[nodiscard]] result<core::SaslMove> step(const char* challenge, unsigned length);
    [[nodiscard]] Error explain(int code) const;

    const Cyrus& x_cyrus;
    const core::SaslSettings x_settings;
    Password x_password;
    std::vector<sasl_callback_t> x_callbacks;
    sasl_conn_t* x_connection = nullptr;
    bool x_is_realm_missing = false;
};

template <class Callback>
sasl_callback_t callback(unsigned long id, Callback* function, void* context) {
    return {id, reinterpret_cast<int (*)()>(reinterpret_cast<void*>(function)), context};
}

CyrusClient::CyrusClient(const Cyrus& cyrus, core::SaslSettings settings,
                         const core::Secret& password)
    : x_cyrus(cyrus), x_settings(std::move(settings)), x_password(password) {
    x_callbacks = {
        callback(SASL_CB_LOG, be_silent, nullptr),  // else it writes to syslog
        callback(SASL_CB_USER, give_name, this),     callback(SASL_CB_AUTHNAME, give_name, this),
        callback(SASL_CB_PASS, give_password, this), callback(SASL_CB_GETREALM, choose_realm, this),
        {SASL_CB_LIST_END, nullptr, nullptr}};
}

CyrusClient::~CyrusClient() {
    const auto lock = lock_for(x_settings.mechanism);
    if (x_connection != nullptr) {
        x_cyrus.dispose(&x_connection);
    }
}

result<void> CyrusClient::open(const std::string& server) {
    const auto lock = lock_for(x_settings.mechanism);
    int code = x_cyrus.client_new(x_settings.service.c_str(), server.c_str(), nullptr, nullptr,
                                  x_callbacks.data(), 0, &x_connection);
    if (code != SASL_OK) {
        return explain(code);
    }
    // Authentication alone: what comes behind it is not wrapped by the mechanism.
    sasl_security_properties_t properties{};
    properties.security_flags = SASL_SEC_NOANONYMOUS | SASL_SEC_NOPLAINTEXT;
    code = x_cyrus.setprop(x_connection, SASL_SEC_PROPS, &properties);
    if (code != SASL_OK) {
        return explain(code);
    }
    // Without a place for a first token none is made. DIGEST-MD5 would make one from an earlier
    // conversation, which Java's side does not understand.
    code = x_cyrus.client_start(x_connection, name_of(x_settings.mechanism), nullptr, nullptr,
                                nullptr, nullptr);
    return code == SASL_OK || code == SASL_CONTINUE ? result<void>(success()) : explain(code);
}

result<core::SaslMove> CyrusClient::begin() {
    return x_settings.mechanism == SaslMechanism::gssapi ? step(nullptr, 0) : core::SaslMove{};
}

result<core::SaslMove> CyrusClient::proceed(std::string_view challenge) {
    return step(challenge.data(), static_cast<unsigned>(challenge.size()));
}

result<core::SaslMove> CyrusClient::step(const char* challenge, unsigned length) {
    const auto lock = lock_for(x_settings.mechanism);
    const char* token = nullptr;
    unsigned token_length = 0;
    const int code =
        x_cyrus.client_step(x_connection, challenge, length, nullptr, &token, &token_length);
    // Without a realm Cyrus would go on with one that nobody has asked for.
    if (x_is_realm_missing || (code != SASL_OK && code != SASL_CONTINUE)) {
        return explain(code);
    }
    core::SaslMove move{.is_done = code == SASL_OK};
    if (token != nullptr) {
        move.token.emplace(std::string_view(token, token_length));
    }
    return move;
}

int CyrusClient::give_name(void* self, int id, const char** name, unsigned* length) {
    // SASL_CB_USER is for whom we want to act: nobody else.
    *name = id == SASL_CB_AUTHNAME ? static_cast<const CyrusClient*>(self)->x_settings.user.c_str()
                                   : "";
    if (length != nullptr) {
        *length = static_cast<unsigned>(std::strlen(*name));
    }
    return SASL_OK;
}

int CyrusClient::give_password(sasl_conn_t*, void* self, int, sasl_secret_t** secret) {
    *secret = static_cast<CyrusClient*>(self)->x_password.data();
    return SASL_OK;
}

int CyrusClient::choose_realm(void* self, int, const char** offered, const char** chosen) {
    auto& client = *static_cast<CyrusClient*>(self);
    const std::string& wanted = client.x_settings.realm;
    for (; offered != nullptr && *offered != nullptr; ++offered) {
        if (wanted.empty() || wanted == *offered) {
            *chosen = *offered;
            return SASL_OK;
        }
    }
    client.x_is_realm_missing = true;
    return SASL_FAIL;
}

Error CyrusClient::explain(int code) const {
    const bool is_gssapi = x_settings.mechanism == SaslMechanism::gssapi;
    const std::string name = name_of(x_settings.mechanism);
    if (code == SASL_NOMECH) {
        return failed("Cyrus SASL has no " + name + "; install it (" +
                      (is_gssapi ? "libsasl2-modules-gssapi-mit on Debian, cyrus-sasl-gssapi"
                                 : "libsasl2-modules on Debian, cyrus-sasl-md5") +
                      " on Fedora)");
    }
    if (x_is_realm_missing) {
        return failed("the server offers no realm '" + x_settings.realm +
                      "'; correct sasl.realm, or leave it out");
    }
    const char* const detail =
        x_connection != nullptr ? x_cyrus.errdetail(x_connection) : "out of memory";
    return failed(name + ": " + detail +
                  (is_gssapi ? "; see with klist that there is a ticket which is still valid, and "
                               "that the realm has a principal " +
                                   x_settings.service + "/HOST for the server's host"
                             : ""));
}

}  // namespace

result<std::unique_ptr<SaslClient>> open_cyrus_client(const core::SaslSettings& settings,
                                                      const std::string& server) {
    const result<core::Secret> password = find_secret({.file_option = "sasl.password_file",
                                                       .file = settings.password_file,
                                                       .env_option = "sasl.password_env",
                                                       .env = settings.password_env,
                                                       .longest = longest_password});
    if (!password) {
        return failed(password.error().context().what);
    }
    if (settings.mechanism == SaslMechanism::digest_md5 && password->text().empty()) {
        return failed("sasl.password_file or sasl.password_env has an empty password");
    }
    BOOST_OUTCOME_TRY(const Cyrus* const cyrus, load_cyrus());
    auto client = std::make_unique<CyrusClient>(*cyrus, settings, *password);
    BOOST_OUTCOME_TRYV(client->open(server));
    return std::unique_ptr<SaslClient>(std::move(client));
}

}  // namespace leasehold::net
