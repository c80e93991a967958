#include <dbsql/diagnosis.h>
#include <dbsql/version.h>

#include "arrow/versions.h"
#include "base/text.h"
#include "http/versions.h"

#include <sys/utsname.h>

#include <iterator>
#include <string_view>
#include <utility>

namespace dbsql {

std::vector<std::pair<std::string, std::string>> component_versions() {
  std::vector<std::pair<std::string, std::string>> versions{{"dbsql", std::string(version())}};
  const auto add = [&versions](std::vector<std::pair<std::string, std::string>> more) {
    versions.insert(versions.end(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
  };
  add(http::library_versions());
  add(arrow::library_versions());
#ifdef __VERSION__
  add({{"compiler", __VERSION__}});
#endif
  utsname machine{};
  if (::uname(&machine) == 0)
    add({{"system",
          base::concat(std::string_view(machine.sysname), ' ', std::string_view(machine.release),
                       ' ', std::string_view(machine.machine))}});
  return versions;
}

}  // namespace dbsql
