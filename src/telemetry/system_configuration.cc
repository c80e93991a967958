#include "telemetry/system_configuration.h"

#include <dbsql/version.h>

#include "base/text.h"
#include "telemetry/redaction.h"

#include <sys/utsname.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace dbsql::telemetry {
namespace {

constexpr std::size_t kLongestVersion = 128;
constexpr const char* kDriverName = "databricks-sql-cpp";
constexpr std::size_t kLongestFile = 64 << 10;

/// What a look-up gives, or nothing when it fails.
template <class LookUp>
std::string guarded(LookUp&& look_up) {
  try {
    return std::forward<LookUp>(look_up)();
  } catch (...) {
    return {};
  }
}

std::string compiler() {
#if defined(__clang__)
  return base::concat("clang ", __clang_major__, ".", __clang_minor__);
#elif defined(__GNUC__)
  return base::concat("gcc ", __GNUC__, ".", __GNUC_MINOR__);
#else
  return {};
#endif
}

std::string standard_library() {
#if defined(_LIBCPP_VERSION)
  return "libc++";
#elif defined(__GLIBCXX__)
  return "libstdc++";
#else
  return {};
#endif
}

std::string os_name() {
#if defined(__APPLE__)
  return "macOS";
#elif defined(_WIN32)
  return "Windows";
#else
  return "Linux";
#endif
}

std::string_view unquoted(std::string_view text) {
  text = base::trim(text);
  const bool is_quoted = text.size() >= 2 && text.front() == text.back() &&
                         (text.front() == '"' || text.front() == '\'');
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

/// The distribution's name for itself, or the kernel's release.
std::string os_version(const SystemSource& source) {
  constexpr std::string_view kKey = "PRETTY_NAME=";
  const std::string file = guarded([&] { return source.read_file("/etc/os-release"); });
  for (const std::string_view line : base::split(file, '\n')) {
    if (line.starts_with(kKey) && !unquoted(line.substr(kKey.size())).empty())
      return redacted(unquoted(line.substr(kKey.size())), kLongestVersion);
  }
  return redacted(guarded(source.kernel_release), kLongestVersion);
}

bool is_locale(std::string_view text) {
  const auto is_letter = [](char c, char from, char to) { return c >= from && c <= to; };
  return text.size() == 5 && is_letter(text[0], 'a', 'z') && is_letter(text[1], 'a', 'z') &&
         text[2] == '_' && is_letter(text[3], 'A', 'Z') && is_letter(text[4], 'A', 'Z');
}

std::string locale_name(const SystemSource& source) {
  for (const char* variable : {"LANG", "LC_ALL", "LC_MESSAGES"}) {
    const std::string value = source.environment(variable).value_or("");
    const std::string_view name = std::string_view(value).substr(0, value.find('.'));
    if (is_locale(name)) return std::string(name);
  }
  return "en_US";
}

std::string read_beginning(std::string_view path) {
  std::ifstream file{std::filesystem::path(path), std::ios::binary};
  std::string text(kLongestFile, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

utsname system_names() {
  utsname names{};
  uname(&names);
  return names;
}

}  // namespace

SystemSource SystemSource::of_this_machine() {
  SystemSource source;
  source.environment = base::process_environment();
  source.read_file = read_beginning;
  source.program = [] { return std::filesystem::read_symlink("/proc/self/exe").string(); };
  source.kernel_release = [] { return std::string(system_names().release); };
  source.architecture = [] { return std::string(system_names().machine); };
  return source;
}

SystemConfiguration read_system_configuration(const SystemSource& source) {
  SystemConfiguration system;
  system.driver_version = guarded([] { return std::string(version()); });
  system.runtime_name = "C++20";
  system.runtime_version = guarded(compiler);
  system.runtime_vendor = guarded(standard_library);
  system.os_name = guarded(os_name);
  system.os_version = guarded([&] { return os_version(source); });
  system.os_arch = guarded([&] { return redacted(source.architecture(), kLongestVersion); });
  system.driver_name = kDriverName;
  system.locale_name = guarded([&] { return locale_name(source); });
  system.char_set_encoding = "UTF-8";
  system.process_name = guarded([&] { return program_name(source.program()); });
  return system;
}

const SystemConfiguration& system_configuration() {
  static const auto* const system =  // never destroyed: the telemetry thread may still read it
      new SystemConfiguration(read_system_configuration(SystemSource::of_this_machine()));
  return *system;
}

}  // namespace dbsql::telemetry
