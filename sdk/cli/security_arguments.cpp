#include "sdk/cli/security_arguments.hpp"

#include "sdk/cli/choice.hpp"

#include <string>

namespace leasehold::cli {
namespace {

void add_text(CLI::App& app, const std::string& name, const std::string& type, std::string& value,
              const std::string& what) {
    app.add_option(name, value, what)
        ->type_name(type)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void add_tls(CLI::App& app, TlsOptions& tls, SecurityArguments& texts) {
    app.add_flag("--tls", tls.enabled, "TLS, as with tls:// before HOSTS or any option below");
    add_text(app, "--tls-ca", "FILE", texts.ca_file,
             "Authorities that may sign the servers' certificates; PEM");
    add_text(app, "--tls-ca-dir", "DIR", texts.ca_directory, "The same, with hashed names");
    add_text(app, "--tls-cert", "FILE", texts.certificate_file, "Our own certificate; PEM");
    add_text(app, "--tls-key", "FILE", texts.key_file, "Its key, if it is not in the same file");
    add_text(app, "--tls-passphrase-file", "FILE", texts.passphrase_file,
             "Its first line decrypts the key");
    add_text(app, "--tls-passphrase-env", "NAME", texts.passphrase_env,
             "The environment variable that decrypts the key");
    add_text(app, "--tls-server-name", "NAME", texts.server_name,
             "Whom the certificates have to be for, instead of the host");
    add_choice(app, "--tls-min-version", "VERSION", tls.min_version,
               {{"1.2", TlsVersion::tls_1_2}, {"1.3", TlsVersion::tls_1_3}},
               "The oldest version of TLS: 1.2 or 1.3");
}

void add_sasl(CLI::App& app, SaslOptions& sasl, SecurityArguments& texts) {
    add_choice(app, "--sasl-mechanism", "NAME", sasl.mechanism,
               {{"digest-md5", SaslMechanism::digest_md5}, {"gssapi", SaslMechanism::gssapi}},
               "Prove by SASL who we are: digest-md5 or gssapi");
    add_text(app, "--sasl-user", "NAME", texts.sasl_user, "With digest-md5: who we are");
    add_text(app, "--sasl-password-file", "FILE", texts.sasl_password_file,
             "With digest-md5: its first line is the password");
    add_text(app, "--sasl-password-env", "NAME", texts.sasl_password_env,
             "The environment variable that has the password");
    add_text(app, "--sasl-service", "NAME", texts.sasl_service,
             "The first part of the servers' principal: zookeeper unless given");
    add_text(app, "--sasl-server-name", "NAME", texts.sasl_server_name,
             "The servers' name in SASL, instead of ZooKeeper's or the host");
    add_text(app, "--sasl-realm", "NAME", texts.sasl_realm,
             "With digest-md5: the realm, if a server has several");
}

}  // namespace

void add_security(CLI::App& app, EnsembleArguments& arguments) {
    SecurityArguments& texts = arguments.security;
    add_text(app, "--config", "FILE", arguments.config,
             "Options of the ensemble, NAME = VALUE in each line");
    add_tls(app, arguments.client.tls, texts);
    add_text(app, "--auth-file", "FILE", texts.auth_file,
             "Credentials, such as digest USER:PASSWORD in each line");
    add_text(app, "--auth-env", "NAME", texts.auth_env, "The environment variable that has them");
    add_sasl(app, arguments.client.sasl, texts);
}

void add_open_acl(CLI::App& app, bool& open_acl) {
    app.add_flag("--open-acl", open_acl,
                 "Everybody may do everything with the nodes, also with credentials");
}

ClientOptions EnsembleArguments::client_options() const {
    ClientOptions options = client;
    options.tls.ca_file = security.ca_file;
    options.tls.ca_directory = security.ca_directory;
    options.tls.certificate_file = security.certificate_file;
    options.tls.key_file = security.key_file;
    options.tls.passphrase_file = security.passphrase_file;
    options.tls.passphrase_env = security.passphrase_env;
    options.tls.server_name = security.server_name;
    options.auth_file = security.auth_file;
    options.auth_env = security.auth_env;
    options.sasl.user = security.sasl_user;
    options.sasl.password_file = security.sasl_password_file;
    options.sasl.password_env = security.sasl_password_env;
    options.sasl.service = security.sasl_service;
    options.sasl.server_name = security.sasl_server_name;
    options.sasl.realm = security.sasl_realm;
    return options;
}

}  // namespace leasehold::cli
