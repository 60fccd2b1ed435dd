#include "tests/support/kdc.hpp"

#include "tests/support/descriptor.hpp"
#include "tests/support/patience.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>

namespace leasehold::support {

namespace {

using namespace std::chrono_literals;

constexpr const char* realm = "LEASEHOLD.TEST";

}  // namespace

Kdc::Kdc() {
    const std::uint16_t port = free_ports(1).front();
    write_config(port);
    ::setenv("KRB5_CONFIG", config().c_str(), 1);
    ::setenv("KRB5_KDC_PROFILE", (x_directory.path() / "kdc.conf").c_str(), 1);
    ::setenv("PATH", (std::string(std::getenv("PATH")) + ":/usr/sbin").c_str(), 1);
    must({"kdb5_util", "create", "-s", "-P", "master", "-r", realm});
    start();
}

Kdc::~Kdc() {
    ::unsetenv("KRB5_CONFIG");
    ::unsetenv("KRB5_KDC_PROFILE");
}

void Kdc::write_config(std::uint16_t port) {
    const std::string address = "127.0.0.1:" + std::to_string(port);
    const std::string directory = x_directory.path().string();
    x_directory.put("krb5.conf", R"([libdefaults]
    default_realm = LEASEHOLD.TEST
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    clockskew = 1
    udp_preference_limit = 1
[realms]
    LEASEHOLD.TEST = {
        kdc = )" + address + R"(
    }
[domain_realm]
    localhost = LEASEHOLD.TEST
)");
    x_directory.put("kdc.conf",
                    "[kdcdefaults]\n    kdc_listen = " + address +
                        "\n    kdc_tcp_listen = " + address +
                        "\n[realms]\n    LEASEHOLD.TEST = {\n        database_name = " + directory +
                        "/principal\n        key_stash_file = " + directory +
                        "/stash\n    }\n[logging]\n    kdc = FILE:" + directory + "/kdc.log\n");
}

/// It says when it listens.
void Kdc::start() {
    x_process.emplace(std::vector<std::string>{"krb5kdc", "-n", "-r", realm},
                      (x_directory.path() / "log").string());
    if (!eventually([&] {
            std::ostringstream log;
            log << std::ifstream(x_directory.path() / "kdc.log").rdbuf();
            return log.str().find("commencing operation") != std::string::npos;
        })) {
        throw std::runtime_error("krb5kdc does not start");
    }
}

std::string Kdc::add(const std::string& principal) {
    std::string name = principal;
    for (char& each : name) {
        each = each == '/' ? '-' : each;
    }
    const std::string keytab = (x_directory.path() / (name + ".keytab")).string();
    must({"kadmin.local", "-r", realm, "addprinc", "-randkey", principal});
    must({"kadmin.local", "-r", realm, "ktadd", "-k", keytab, principal});
    return keytab;
}

std::string Kdc::ticket(const std::string& principal, const std::string& keytab, int seconds) {
    const std::string path =
        (x_directory.path() / ("ticket-" + std::to_string(++x_tickets))).string();
    must({"kinit", "-k", "-t", keytab, "-l", std::to_string(seconds) + "s", "-c", "FILE:" + path,
          principal});
    return path;
}

bool Kdc::is_expired(const std::string& ticket) const {
    return run({"kvno", "-q", "--no-store", "-c", "FILE:" + ticket,
                std::string("krbtgt/") + realm}) != 0;
}

int Kdc::run(const std::vector<std::string>& argv) const {
    ChildProcess process(argv, (x_directory.path() / "log").string());
    process.close_input();
    const auto status = process.wait(patient(15s));
    return status && WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
}

void Kdc::must(const std::vector<std::string>& argv) const {
    if (const int code = run(argv); code != 0) {
        std::ostringstream log;
        log << std::ifstream(x_directory.path() / "log").rdbuf();
        throw std::runtime_error(argv.front() + " says " + std::to_string(code) + ": " + log.str());
    }
}

}  // namespace leasehold::support
