#include <dbsql/error.h>

#include "config/option_rows.h"

namespace dbsql::config {
namespace {

using Config = ConnectionConfig;
using Value = OptionValue;
using Transport = http::CurlOptions;
using Tls = http::TlsOptions;
using Parts = ProxyParts;
using ProxyAuth = http::Proxy::Auth;

void set_verify(Config& config, const Value& value) {
  config.transport.tls.verify = value.text == "full" ? Tls::Verify::Full
                                : value.text == "ca" ? Tls::Verify::Ca
                                                     : Tls::Verify::None;
}

std::string verify_text(const Config& config) {
  switch (config.transport.tls.verify) {
    case Tls::Verify::Full:
      return "full";
    case Tls::Verify::Ca:
      return "ca";
    case Tls::Verify::None:
      return "none";
  }
  return {};
}

void set_ca_mode(Config& config, const Value& value) {
  config.transport.tls.ca_mode = value.text == "replace" ? Tls::CaMode::Replace : Tls::CaMode::Add;
}

std::string ca_mode_text(const Config& config) {
  return config.transport.tls.ca_mode == Tls::CaMode::Replace ? "replace" : "add";
}

void set_min_version(Config& config, const Value& value) {
  config.transport.tls.min_version =
      value.text == "1.3" ? Tls::Version::Tls13 : Tls::Version::Tls12;
}

std::string min_version_text(const Config& config) {
  return config.transport.tls.min_version == Tls::Version::Tls13 ? "1.3" : "1.2";
}

void require_no_revocation_check(Config&, const Value& value) {
  if (!value.boolean) return;
  throw_error({.kind = ErrorKind::Configuration,
               .message = "tls.check_revocation: this version cannot ask whether a certificate was "
                          "revoked; leave it out"});
}

constexpr Option kTls[] = {
    {.key = "tls.verify",
     .other_names = "_tls_no_verify?none _tls_verify_hostname?:ca checkServerCertificate?:none "
                    "adbc.http_options.tls.disable_server_certificate_validation?none "
                    "adbc.http_options.tls.allow_self_signed?none "
                    "adbc.http_options.tls.allow_hostname_mismatch?ca "
                    "http.tls.allow_self_signed?none http.tls.allow_hostname_mismatch?ca",
     .jdbc_names = "AllowSelfSignedCerts?none",
     .odbc_names = "AllowSelfSignedServerCert?none AllowHostNameCNMismatch?ca",
     .profile_names = "skip_verify?none",
     .type = OptionType::Choice,
     .fallback = "full",
     .choices = "full ca none",
     .help =
         "what is checked of the server's certificate: trust and host name, trust alone, nothing",
     .store = set_verify,
     .text = verify_text},
    {.key = "tls.ca_file",
     .other_names = "_tls_trusted_ca_file ssl_root_cert customCaCert "
                    "http.tls.trusted_certificate_path "
                    "adbc.http_options.tls.trusted_certificate_path",
     .jdbc_names = "SSLTrustStore",
     .odbc_names = "TrustedCerts",
     .help = "PEM file of authorities to trust",
     .store = store<&Config::transport, &Transport::tls, &Tls::ca_file>,
     .text = text<&Config::transport, &Transport::tls, &Tls::ca_file>},
    {.key = "tls.ca_mode",
     .type = OptionType::Choice,
     .fallback = "add",
     .choices = "add replace",
     .help = "whether the authorities of tls.ca_file are trusted beside the system's or in place "
             "of them",
     .store = set_ca_mode,
     .text = ca_mode_text},
    {.key = "tls.min_version",
     .odbc_names = "Min_TLS",
     .type = OptionType::Choice,
     .fallback = "1.2",
     .choices = "1.2 1.3",
     .help = "oldest version of TLS to speak",
     .store = set_min_version,
     .text = min_version_text},
    {.key = "tls.client_cert",
     .other_names = "_tls_client_cert_file clientCert",
     .jdbc_names = "SSLKeyStore",
     .odbc_names = "ClientCert",
     .help = "PEM file with a certificate to show to servers that want one, then those between it "
             "and its authority",
     .store = store<&Config::transport, &Transport::tls, &Tls::client_cert>,
     .text = text<&Config::transport, &Transport::tls, &Tls::client_cert>},
    {.key = "tls.client_key",
     .other_names = "_tls_client_cert_key_file clientKey",
     .odbc_names = "ClientPrivateKey",
     .help = "PEM file with the private key of that certificate; without it the key is in the same "
             "file",
     .store = store<&Config::transport, &Transport::tls, &Tls::client_key>,
     .text = text<&Config::transport, &Transport::tls, &Tls::client_key>},
    {.key = "tls.client_key_password",
     .other_names = "_tls_client_cert_key_password",
     .jdbc_names = "SSLKeyStorePwd",
     .odbc_names = "ClientPrivateKeyPassword",
     .secret = true,
     .help = "password of that key, when it is encrypted",
     .store = store<&Config::transport, &Transport::tls, &Tls::client_key_password>,
     .text = text<&Config::transport, &Transport::tls, &Tls::client_key_password>},
    {.key = "tls.check_revocation",
     .other_names = "adbc.http_options.tls.revocation_mode",
     .jdbc_names = "CheckCertRevocation",
     .odbc_names = "CheckCertRevocation",
     .type = OptionType::Boolean,
     .fallback = "false",
     .help = "whether to ask if a certificate was revoked; this version cannot: only false is "
             "accepted",
     .store = require_no_revocation_check},
};

void set_proxy_auth(Config& config, const Value& value) {
  config.proxy.auth = value.text == "basic"       ? ProxyAuth::Basic
                      : value.text == "negotiate" ? ProxyAuth::Negotiate
                                                  : ProxyAuth::None;
}

std::string proxy_auth_text(const Config& config) {
  switch (config.proxy.auth) {
    case ProxyAuth::Basic:
      return "basic";
    case ProxyAuth::Negotiate:
      return "negotiate";
    case ProxyAuth::None:
      return "none";
  }
  return {};
}

std::string proxy_url_text(const Config& config) { return shown_proxy(config.proxy.url); }

std::string proxy_port_text(const Config& config) {
  return config.proxy.port == 0 ? std::string() : std::to_string(config.proxy.port);
}

void set_proxy_enabled(Config& config, const Value& value) { config.proxy.enabled = value.boolean; }

std::string proxy_enabled_text(const Config& config) {
  return config.proxy.enabled ? boolean_text(*config.proxy.enabled) : std::string();
}

constexpr Option kProxy[] = {
    {.key = "proxy.url",
     .other_names = "proxy http.proxy.url",
     .help = "proxy for all hosts, as scheme://user:password@host:port with http, https, socks5 "
             "or socks5h, in place of HTTPS_PROXY and its like; direct = none at all",
     .store = store<&Config::proxy, &Parts::url>,
     .text = proxy_url_text,
     .shown = shown_proxy},
    {.key = "proxy.host",
     .other_names = "adbc.proxy_options.proxy_host",
     .jdbc_names = "ProxyHost",
     .odbc_names = "ProxyHost",
     .help = "the proxy's host, in place of proxy.url; a scheme may stand before it",
     .store = store<&Config::proxy, &Parts::host>,
     .text = text<&Config::proxy, &Parts::host>,
     .shown = shown_proxy},
    {.key = "proxy.port",
     .other_names = "adbc.proxy_options.proxy_port",
     .jdbc_names = "ProxyPort",
     .odbc_names = "ProxyPort",
     .type = OptionType::Integer,
     .minimum = 1,
     .maximum = 65'535,
     .help = "port of proxy.host",
     .store = store<&Config::proxy, &Parts::port>,
     .text = proxy_port_text},
    {.key = "proxy.enabled",
     .other_names = "adbc.proxy_options.use_proxy",
     .jdbc_names = "UseProxy",
     .odbc_names = "UseProxy",
     .type = OptionType::Boolean,
     .help = "off = no proxy, whatever else is said; on = there must be proxy.url or proxy.host",
     .store = set_proxy_enabled,
     .text = proxy_enabled_text},
    {.key = "proxy.username",
     .other_names = "http.proxy.username adbc.proxy_options.proxy_uid",
     .jdbc_names = "ProxyUID",
     .odbc_names = "ProxyUID",
     .help = "user name for the proxy",
     .store = store<&Config::proxy, &Parts::username>,
     .text = text<&Config::proxy, &Parts::username>},
    {.key = "proxy.password",
     .other_names = "http.proxy.password adbc.proxy_options.proxy_pwd",
     .jdbc_names = "ProxyPwd",
     .odbc_names = "ProxyPWD",
     .secret = true,
     .help = "password for the proxy",
     .store = store<&Config::proxy, &Parts::password>,
     .text = text<&Config::proxy, &Parts::password>},
    {.key = "proxy.auth",
     .other_names = "_proxy_auth_method adbc.proxy_options.proxy_auth#none,basic,negotiate",
     .jdbc_names = "ProxyAuth#none,basic,negotiate",
     .type = OptionType::Choice,
     .fallback = "basic",
     .choices = "basic negotiate none",
     .help = "how to prove to the proxy who one is: user name and password, Kerberos (as who is "
             "signed in), not at all",
     .store = set_proxy_auth,
     .text = proxy_auth_text},
    {.key = "proxy.bypass",
     .other_names = "http.proxy.bypass_hosts adbc.proxy_options.proxy_ignore_list",
     .jdbc_names = "ProxyIgnoreList",
     .odbc_names = "ProxyIgnoreList",
     .help = "hosts to reach without the proxy, commas between: names (and all below them), "
             "addresses, networks like 10.0.0.0/8, each with :port where only that is meant; * = "
             "all",
     .store = store<&Config::proxy, &Parts::bypass>,
     .text = text<&Config::proxy, &Parts::bypass>},
};

}  // namespace

std::span<const Option> tls_options() noexcept { return kTls; }
std::span<const Option> proxy_options() noexcept { return kProxy; }

}  // namespace dbsql::config
