#pragma once

#include "auth/authenticator.h"
#include "config/connection_config.h"
#include "http/curl_transport.h"
#include "protocol/backend.h"
#include "result/cloudfetch/pipeline.h"
#include "staging/transfer.h"

#include <memory>

namespace dbsql::session {

/// How files of results come. They go past the HTTP client: no credentials, no headers of ours, no
/// retry table of API calls.
result::CloudFetchEnvironment make_files(const config::ConnectionConfig& config,
                                         std::shared_ptr<http::CurlTransport> transport);

/// How volumes' files come and go: the same, but for the retry table. Storage must never see
/// credentials.
std::shared_ptr<const staging::Environment> make_staging(
    const config::ConnectionConfig& config, std::shared_ptr<http::CurlTransport> transport);

/// The server, and the way to talk to it.
std::shared_ptr<protocol::Backend> make_backend(
    const config::ConnectionConfig& config,
    std::shared_ptr<const auth::Authenticator> authenticator,
    std::shared_ptr<http::CurlTransport> transport);

}  // namespace dbsql::session
