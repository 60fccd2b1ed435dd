// Real servers that speak SASL.
#pragma once

#include "tests/integration/fixture.hpp"
#include "tests/support/temporary_directory.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::integration {

/// The JAAS file of a server that knows these users and their passwords.
[[nodiscard]] inline std::string digest_jaas(
    const std::vector<std::pair<std::string, std::string>>& users) {
    std::string text = "Server {\n  org.apache.zookeeper.server.auth.DigestLoginModule required\n";
    for (const auto& [user, password] : users) {
        text += "  user_" + user + "=\"" + password + "\"\n";
    }
    text.insert(text.size() - 1, ";");
    return text + "};\n";
}

/// The JAAS file of a server that has a principal zookeeper/localhost, with its key.
[[nodiscard]] inline std::string kerberos_jaas(const std::string& keytab) {
    return "Server {\n  com.sun.security.auth.module.Krb5LoginModule required\n"
           "  useKeyTab=true\n  keyTab=\"" +
           keytab +
           "\"\n  storeKey=true\n  useTicketCache=false\n"
           "  principal=\"zookeeper/localhost@LEASEHOLD.TEST\";\n};\n";
}

/// A standalone server with a JAAS file.
class SaslServer {
public:
    explicit SaslServer(const std::string& jaas,
                        std::vector<std::pair<std::string, std::string>> config = {},
                        std::vector<std::string> jvm = {}) {
        set_jaas(jaas);
        config.emplace_back("authProvider.1",
                            "org.apache.zookeeper.server.auth.SASLAuthenticationProvider");
        jvm.push_back("-Djava.security.auth.login.config=" + (x_files.path() / "jaas").string());
        x_servers.emplace(ServerOptions{.config = std::move(config), .jvm = std::move(jvm)});
    }

    /// From its next start on.
    void set_jaas(const std::string& text) { x_files.put("jaas", text); }
    void restart() {
        x_servers->server().kill();
        x_servers->heal();
    }
    [[nodiscard]] ZooKeeperEnsemble& servers() { return *x_servers; }
    [[nodiscard]] std::string hosts() const { return x_servers->connect_string(); }

private:
    TemporaryDirectory x_files;
    std::optional<ZooKeeperEnsemble> x_servers;
};

}  // namespace leasehold::integration
