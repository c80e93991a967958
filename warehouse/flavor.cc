#include "warehouse/flavor.h"

#include "base/text.h"
#include "warehouse/thrift_service.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace dbsql::warehouse {
namespace {

constexpr std::array kFlavors{
    FlavorTraits{.flavor = Flavor::Databricks,
                 .name = "databricks",
                 .newest_protocol = kSparkV9,
                 .default_protocol = kSparkV8,
                 .style = {},
                 .version = "3.1.1",  // a compatibility number that never changes
                 .transactions = true},
    FlavorTraits{.flavor = Flavor::DatabricksOld,
                 .name = "databricks-old",
                 .newest_protocol = kSparkV3,
                 .default_protocol = kSparkV3,
                 .style = {.extensions = false, .times = true, .errors = ErrorStyle::Plain},
                 .version = "3.1.1"},
    FlavorTraits{.flavor = Flavor::Spark,
                 .name = "spark",
                 .newest_protocol = kHiveV10,
                 .default_protocol = kHiveV10,
                 .style = {.extensions = false, .times = false, .errors = ErrorStyle::Stack},
                 .version = "3.5.1",
                 .hive = true},
};

}  // namespace

const FlavorTraits& traits_of(Flavor flavor) noexcept {
  return *std::find_if(kFlavors.begin(), kFlavors.end(),
                       [&](const FlavorTraits& traits) { return traits.flavor == flavor; });
}

Flavor parse_flavor(std::string_view name) {
  for (const FlavorTraits& traits : kFlavors) {
    if (base::equals_ignore_case(traits.name, name)) return traits.flavor;
  }
  throw std::invalid_argument(
      base::concat("unknown flavor \"", name, "\": use databricks, databricks-old or spark"));
}

ReplyStyle style_for(const FlavorTraits& traits, std::int32_t protocol) noexcept {
  ReplyStyle style = traits.style;
  if (protocol >= kSparkV1) return style;
  style.extensions = false;
  if (style.errors == ErrorStyle::Full) style.errors = ErrorStyle::Bare;
  return style;
}

}  // namespace dbsql::warehouse
