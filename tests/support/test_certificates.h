#pragma once

#include <string>

namespace dbsql::test {

/// A key and its certificate, PEM.
struct KeyAndCertificate {
  std::string key;
  std::string certificate;
};

/// A certificate authority that exists for one test only. Nothing secret is kept in the repository.
class TestAuthority {
 public:
  TestAuthority();

  /// The authority's own certificate, PEM.
  const std::string& certificate() const noexcept { return self_.certificate; }

  /// A server certificate.
  /// \param names  subject alternative names in OpenSSL's form, for instance
  /// "DNS:localhost,IP:127.0.0.1"
  KeyAndCertificate issue(const std::string& names) const;
  /// The same, good until an hour ago.
  KeyAndCertificate issue_expired(const std::string& names) const;

 private:
  KeyAndCertificate issue(const std::string& names, long begins, long ends) const;

  KeyAndCertificate self_;
};

/// The same key, encrypted with a password (PKCS#8, PEM).
std::string encrypted_key(const std::string& key, const std::string& password);

/// A file with the given content that goes with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace dbsql::test
