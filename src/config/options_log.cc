#include "config/option_rows.h"

namespace dbsql::config {
namespace {

using Config = ConnectionConfig;
using Value = OptionValue;

constexpr Option kLog[] = {
    {.key = "log.level",
     .other_names = "log_level",
     .jdbc_names = "LogLevel#off,error,error,warn,info,debug,trace",
     .odbc_names = "LogLevel#off,error,error,warn,info,debug,trace",
     .type = OptionType::Choice,
     .choices = "trace debug info warn error off",
     .help = "least important lines that are written; without it what the environment variable "
             "DATABRICKS_LOG_LEVEL says, else warn",
     .store = store<&Config::log, &LogOptions::level>,
     .text = text<&Config::log, &LogOptions::level>},
    {.key = "log.file",
     .other_names = "log_file",
     .jdbc_names = "LogPath",
     .odbc_names = "LogPath",
     .help =
         "file that lines are appended to, in place of standard error; a folder means dbsql.log "
         "in it",
     .store = store<&Config::log, &LogOptions::file>,
     .text = text<&Config::log, &LogOptions::file>},
    {.key = "log.format",
     .type = OptionType::Choice,
     .fallback = "text",
     .choices = "text json",
     .help = "lines of that file: for people, or one JSON object each",
     .store = [](Config& config, const Value& value) { config.log.json = value.text == "json"; },
     .text = [](const Config& config) { return std::string(config.log.json ? "json" : "text"); }},
    {.key = "log.file_size",
     .type = OptionType::Integer,
     .unit = "MiB",
     .fallback = "10",
     .minimum = 1,
     .maximum = 10'240,
     .help = "size from which on the file is put aside: as FILE.1, FILE.2 and so on",
     .store = store<&Config::log, &LogOptions::file_mebibytes>,
     .text = text<&Config::log, &LogOptions::file_mebibytes>},
    {.key = "log.file_count",
     .jdbc_names = "LogFileCount",
     .odbc_names = "LogFileCount",
     .type = OptionType::Integer,
     .unit = "files",
     .fallback = "10",
     .minimum = 1,
     .maximum = 1000,
     .help = "how many files there are at most, with those put aside",
     .store = store<&Config::log, &LogOptions::file_count>,
     .text = text<&Config::log, &LogOptions::file_count>},
};

}  // namespace

std::span<const Option> log_options() noexcept { return kLog; }

}  // namespace dbsql::config
