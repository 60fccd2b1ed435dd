// The files that TLS is made with: what is missing or wrong is said by name, and no secret is.
#include "sdk/net/tls_context.hpp"
#include "tests/support/answers.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace leasehold::net {
namespace {

using support::Authority;
using support::Certificate;
using support::why;
using testing::HasSubstr;
using testing::Not;

class TlsFiles : public testing::Test {
protected:
    ~TlsFiles() override { ::unsetenv("LEASEHOLD_TEST_PASSPHRASE"); }

    /// The text of the refusal.
    std::string refused() {
        const auto context = load_tls_context(x_tls);
        EXPECT_TRUE(support::fails_with(context, errc::tls_failed));
        EXPECT_THAT(why(context), Not(HasSubstr("opensesame")));
        return why(context);
    }

    const Authority x_authority;
    const Certificate x_certificate = x_authority.issue({.common_name = "client"});
    support::TemporaryDirectory x_files;
    core::TlsSettings x_tls{
        .ca_file = x_files.put("ca.pem", x_authority.certificate()),
        .ca_directory = {},
        .certificate_file = x_files.put("client.pem", x_certificate.certificate),
        .key_file = x_files.put("client.key", x_certificate.key),
        .passphrase_file = {},
        .passphrase_env = {},
    };
};

TEST_F(TlsFiles, AllThere) {
    EXPECT_TRUE(load_tls_context(x_tls).has_value());
}

TEST_F(TlsFiles, NothingButTheSystemsAuthorities) {
    EXPECT_TRUE(load_tls_context({}).has_value());
}

TEST_F(TlsFiles, KeyAndCertificateInOneFile) {
    x_tls.certificate_file = x_files.put("both.pem", x_certificate.both());
    x_tls.key_file.clear();
    EXPECT_TRUE(load_tls_context(x_tls).has_value()) << why(load_tls_context(x_tls));
}

TEST_F(TlsFiles, MissingFileIsNamed) {
    for (std::string core::TlsSettings::*file :
         {&core::TlsSettings::ca_file, &core::TlsSettings::ca_directory,
          &core::TlsSettings::certificate_file, &core::TlsSettings::key_file}) {
        const std::string before = x_tls.*file;
        x_tls.*file = (x_files.path() / "nowhere").string();
        EXPECT_THAT(refused(), HasSubstr(x_tls.*file + ": No such file or directory"));
        x_tls.*file = before;
    }
    x_tls.passphrase_file = (x_files.path() / "nowhere").string();
    EXPECT_THAT(refused(), HasSubstr("tls.passphrase_file"));
}

TEST_F(TlsFiles, DirectoryForAFileAndTheOtherWayRound) {
    x_tls.ca_directory = x_tls.ca_file;
    EXPECT_THAT(refused(), HasSubstr("not a directory"));
    x_tls.ca_directory.clear();
    x_tls.ca_file = x_files.path().string();
    EXPECT_THAT(refused(), HasSubstr("not a regular file"));
}

TEST_F(TlsFiles, FileThatIsNoPem) {
    const std::string garbage = x_files.put("garbage", std::string(100, '\xff'));
    for (std::string core::TlsSettings::*file :
         {&core::TlsSettings::ca_file, &core::TlsSettings::certificate_file,
          &core::TlsSettings::key_file}) {
        const std::string before = x_tls.*file;
        x_tls.*file = garbage;
        EXPECT_THAT(refused(), HasSubstr(garbage));
        x_tls.*file = before;
    }
}

TEST_F(TlsFiles, KeyOfAnotherCertificate) {
    x_files.put("client.key", x_authority.issue({}).key);
    EXPECT_THAT(refused(), HasSubstr("the key is not that of tls.certificate_file"));
}

TEST_F(TlsFiles, EncryptedKey) {
    x_files.put("client.key", support::encrypted(x_certificate.key, "opensesame"));
    EXPECT_THAT(refused(), HasSubstr("tls.passphrase_file or tls.passphrase_env")) << "no prompt";

    x_tls.passphrase_file = x_files.put("passphrase", "opensesame\nsecond line\n");
    EXPECT_TRUE(load_tls_context(x_tls).has_value()) << why(load_tls_context(x_tls));
    x_files.put("passphrase", "opensesame");
    EXPECT_TRUE(load_tls_context(x_tls).has_value()) << "no newline at its end";
    x_files.put("passphrase", "opensesame2");
    EXPECT_THAT(refused(), HasSubstr("tls.key_file"));
    x_files.put("passphrase", std::string(2000, 'x'));
    EXPECT_THAT(refused(), HasSubstr("longer than 1023 bytes"));
    x_files.put("passphrase", "");
    EXPECT_THAT(refused(), HasSubstr("tls.key_file"));

    x_tls.passphrase_file.clear();
    x_tls.passphrase_env = "LEASEHOLD_TEST_PASSPHRASE";
    EXPECT_THAT(refused(), HasSubstr("no environment variable LEASEHOLD_TEST_PASSPHRASE"));
    ::setenv("LEASEHOLD_TEST_PASSPHRASE", "opensesame", 1);
    EXPECT_TRUE(load_tls_context(x_tls).has_value()) << why(load_tls_context(x_tls));
}

}  // namespace
}  // namespace leasehold::net
