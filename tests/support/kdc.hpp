// A Kerberos realm of the test's own: a KDC on loopback, with principals that have keys in files.
#pragma once

#include "tests/support/child_process.hpp"
#include "tests/support/temporary_directory.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leasehold::support {

/// LEASEHOLD.TEST. Clocks may differ by one second in it, so that tickets expire when they say so.
/// Sets KRB5_CONFIG and KRB5_KDC_PROFILE of this process, and throws if MIT's programs are missing.
class Kdc {
public:
    Kdc();
    ~Kdc();
    Kdc(const Kdc&) = delete;
    Kdc& operator=(const Kdc&) = delete;

    /// A new principal, and the file that its key is in.
    [[nodiscard]] std::string add(const std::string& principal);
    /// A file with a ticket for who has the key, good for so many seconds.
    [[nodiscard]] std::string ticket(const std::string& principal, const std::string& keytab,
                                     int seconds = 3600);
    /// The KDC takes it no more.
    [[nodiscard]] bool is_expired(const std::string& ticket) const;

    /// Connections stay, nothing is answered.
    void pause() { x_process.value().pause(); }
    void resume() { x_process.value().resume(); }

    /// For Java.
    [[nodiscard]] std::string config() const { return (x_directory.path() / "krb5.conf").string(); }

private:
    void write_config(std::uint16_t port);
    void start();
    /// Returns the exit code.
    int run(const std::vector<std::string>& argv) const;
    void must(const std::vector<std::string>& argv) const;

    TemporaryDirectory x_directory;
    int x_tickets = 0;
    std::optional<ChildProcess> x_process;
};

}  // namespace leasehold::support
