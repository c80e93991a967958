#pragma once

#include "config/connection_config.h"

namespace dbsql::config {

/// What `metadata.metric_views` sets for the session.
inline constexpr auto kMetricViewsConf = "spark.sql.thriftserver.metadata.metricview.enabled";

inline bool has_metric_views(const ConnectionConfig& config) {
  const auto found = config.session_confs.find(kMetricViewsConf);
  return found != config.session_confs.end() && found->second == "true";
}

}  // namespace dbsql::config
