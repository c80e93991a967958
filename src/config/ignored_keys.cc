#include "config/ignored_keys.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace dbsql::config {
namespace {

constexpr std::array<std::string_view, 51> kKeys = {
    // The driver manager's.
    "Driver", "Description", "DriverManagerEncoding",
    // HTTP and Databricks are all there is.
    "ThriftTransport", "transportMode", "SparkServerType", "EnableDirectResults",
    "EnableSQLExecHybridResults", "EnableMultipleCatalogsSupport", "enableMultipleCatalogSupport",
    "EnableOIDCDiscovery", "OAuthDiscoveryMode",
    // How those drivers describe and convert values.
    "DefaultStringColumnLength", "DecimalColumnScale", "UseUnicodeSqlCharacterTypes",
    "EnableComplexDatatypeSupport", "UseNativeQuery", "FastSQLPrepare", "EnablePKFK",
    "supportManyParameters", "MaxBatchSize", "EnableGeoSpatialSupport",
    // How they poll, fetch and reconnect.
    "asyncexecpollinterval", "EnableAsyncExec", "EnableFetchHeartbeat",
    "MaxConsecutiveResultFileDownloadRetries", "MaxBytesPerFetchRequest",
    "InvalidSessionAutoRecover", "AutoReconnect", "ThriftMaxBatchesInMemory",
    "EnableInlineStreaming", "IdleHttpConnectionExpiry", "LCaseSspKeyName", "ApplySSPWithQueries",
    "UseSystemTrustStore",
    // Files say by themselves what they are, and whether there are any.
    "TwoWaySSL", "SSLTrustStoreType", "SSLTrustStorePwd", "SSLTrustStoreProvider",
    "SSLKeyStoreType", "SSLKeyStoreProvider", "AcceptUndeterminedRevocation", "UseSystemProxy",
    // In bytes here, in megabytes there.
    "LogFileSize", "EnableRequestTracing", "UCIngestionRetriableHttpCode",
    "VolumeOperationRetryableHttpCode", "VolumeOperationRetryTimeout"};

}  // namespace

bool is_ignored_key(std::string_view key) noexcept {
  return std::any_of(kKeys.begin(), kKeys.end(),
                     [&](std::string_view each) { return base::equals_ignore_case(each, key); });
}

}  // namespace dbsql::config
