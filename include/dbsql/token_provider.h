#pragma once

#include <dbsql/export.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql {

/// Text that is overwritten in memory when it goes.
///
/// Threads: as a string. Cost: one allocation, also of short texts, so that none is left behind in
/// an object that moves.
class DBSQL_EXPORT Secret {
 public:
  Secret() = default;
  Secret(std::string_view text);  // NOLINT(google-explicit-constructor): stands for its text
  Secret(const char* text) : Secret(std::string_view(text)) {}         // NOLINT: the same
  Secret(const std::string& text) : Secret(std::string_view(text)) {}  // NOLINT: the same
  Secret(const Secret& other) : Secret(other.view()) {}
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();

  std::string_view view() const noexcept { return {text_.get(), size_}; }
  bool empty() const noexcept { return size_ == 0; }
  friend bool operator==(const Secret& a, const Secret& b) noexcept { return a.view() == b.view(); }

 private:
  std::unique_ptr<char[]> text_;
  std::size_t size_ = 0;
};

/// What a server lets one in with.
struct Token {
  Secret access_token;
  std::string token_type = "Bearer";  ///< the scheme of the Authorization header
  /// When it ends, by wall time; empty = unknown: then the `exp` claim of a JSON web token counts,
  /// and any other token is used until the server refuses it.
  std::optional<std::chrono::system_clock::time_point> expires_at;
  /// When it was issued; lets a cache renew it after half of its life.
  std::optional<std::chrono::system_clock::time_point> issued_at;
  Secret refresh_token;
  std::vector<std::string> scopes;
  /// Sent with every request beside the Authorization header, for instance by Azure's providers.
  std::vector<std::pair<std::string, std::string>> extra_headers;
};

/// How long a provider may take.
struct TokenContext {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::stop_token stop;
};

/// A source of tokens: an identity and a way to prove it.
///
/// Ownership: shared by connectors and by the providers that wrap it.
/// Threads: every method may be called from any thread at any time.
/// Errors: throws; whatever is thrown reaches the user as `AuthenticationError`, with its text.
class DBSQL_EXPORT TokenProvider {
 public:
  TokenProvider() = default;
  TokenProvider(const TokenProvider&) = delete;
  TokenProvider& operator=(const TokenProvider&) = delete;
  virtual ~TokenProvider();

  /// A token that is good now. Should give up at `context.deadline` and when a stop is requested:
  /// both are asked for when the answer comes too late, and a stop also when the last connector and
  /// connection that use this provider go. They wait two seconds for a call under way; one that
  /// takes longer runs on without them, and must own what it uses.
  virtual Token get_token(const TokenContext& context) = 0;

  /// Short and without secrets; wrapping shows, for instance `cached[federation[external]]`.
  virtual std::string name() const = 0;

  /// The server has refused this token. What keeps tokens drops it, if it is the one it keeps.
  virtual void invalidate(const Token& token) noexcept;

  /// Whether asking again may bring another token. False for a fixed one: then a refusal is final.
  virtual bool renews() const noexcept { return true; }
};

/// One token, given once.
class DBSQL_EXPORT StaticTokenProvider final : public TokenProvider {
 public:
  /// \throws ConfigurationError  the token is blank or has a character that no header can hold
  explicit StaticTokenProvider(Token token);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "static"; }
  bool renews() const noexcept override { return false; }

 private:
  const Token token_;
};

/// Tokens of the application's own making.
class DBSQL_EXPORT ExternalTokenProvider final : public TokenProvider {
 public:
  using Callback = std::function<Token(const TokenContext& context)>;

  /// \param callback  may be called from several threads, and may throw
  /// \throws ConfigurationError  there is no callback
  explicit ExternalTokenProvider(Callback callback);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "external"; }

 private:
  const Callback callback_;
};

/// Keeps a token and renews it before it ends (reference/auth-http-config.md 3.7).
///
/// A token that is near its end is renewed in the background while it is still served; only when
/// it has 30 s left or less do callers wait. However many wait, the inner provider is asked once.
/// Each waiter leaves at its own deadline, and the request goes on for the others. When renewing
/// fails, a token that is still good is served on, and the next try comes after 10 s, then 20 s, up
/// to 60 s.
///
/// Threads: safe from any thread; a served token costs no shared lock.
/// Errors: `AuthenticationError` with the inner provider's text, also when it throws something of
/// its own or does not answer within a minute; the next call asks again, at most once a second.
class DBSQL_EXPORT CachedTokenProvider final : public TokenProvider {
 public:
  explicit CachedTokenProvider(std::shared_ptr<TokenProvider> inner);
  ~CachedTokenProvider() override;
  Token get_token(const TokenContext& context) override;
  std::string name() const override;
  void invalidate(const Token& token) noexcept override;
  bool renews() const noexcept override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// How foreign tokens are exchanged.
struct FederationOptions {
  std::string client_id;  ///< of the service principal to become; empty = account-wide federation
  bool strict = false;    ///< a failed exchange is an error; otherwise the original token is used
};

/// Exchanges tokens of another issuer for tokens of the workspace (RFC 8693,
/// reference/auth-http-config.md 2.10).
///
/// A token is exchanged only when it is a JSON web token whose issuer is another host than the
/// workspace. The inner provider's extra headers are kept. Wrap it in a `CachedTokenProvider`, as
/// connectors do: then an exchange is made once in the exchanged token's life.
/// Threads: safe from any thread.
/// Errors: see `FederationOptions::strict`; those of the inner provider pass through.
class DBSQL_EXPORT FederatedTokenProvider final : public TokenProvider {
 public:
  /// \param host  of the workspace, for instance "my.cloud.databricks.com"
  FederatedTokenProvider(std::shared_ptr<TokenProvider> inner, std::string_view host,
                         FederationOptions options = {});
  ~FederatedTokenProvider() override;
  Token get_token(const TokenContext& context) override;
  std::string name() const override;
  void invalidate(const Token& token) noexcept override;

  class Impl;
  explicit FederatedTokenProvider(std::unique_ptr<Impl> impl);  ///< internal

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbsql
