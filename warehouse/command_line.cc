#include "warehouse/command_line.h"

#include "base/text.h"

#include <array>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>

namespace dbsql::warehouse {
namespace {

constexpr std::string_view kHostNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-*";

/// One option: `--name VALUE` or `--name=VALUE`; a flag has no value.
struct Option {
  std::string_view name;
  bool takes_value;
  void (*apply)(CommandLine& line, std::string_view value);
};

[[noreturn]] void refuse(std::string_view option, std::string_view value,
                         std::string_view expectation) {
  throw std::invalid_argument(base::concat(option, " ", value, ": ", expectation));
}

std::uint16_t parse_port(std::string_view value) {
  const auto port = base::parse_number<std::uint16_t>(value);
  if (!port) refuse("--port", value, "a port is a number from 0 to 65535; 0 chooses a free one");
  return *port;
}

/// `250ms`, `5s`; a bare number is seconds.
std::chrono::milliseconds parse_duration(std::string_view option, std::string_view value) {
  std::int64_t factor = 1000;
  std::string_view digits = value;
  if (digits.ends_with("ms")) {
    factor = 1;
    digits.remove_suffix(2);
  } else if (digits.ends_with('s')) {
    digits.remove_suffix(1);
  }
  const auto number = base::parse_number<std::uint32_t>(digits);
  if (!number) refuse(option, value, "a duration looks like 250ms or 5s");
  return std::chrono::milliseconds(*number * factor);
}

std::pair<std::string, std::string> parse_load(std::string_view value) {
  const std::size_t equals = value.find('=');
  if (equals == 0 || equals == std::string_view::npos || equals + 1 == value.size()) {
    refuse("--load", value, "expected NAME=FILE, for instance flights=flights.parquet");
  }
  return {std::string(value.substr(0, equals)), std::string(value.substr(equals + 1))};
}

/// What an option's value consists of, on both sides of a character.
std::pair<std::string, std::string> parse_pair(std::string_view value, char separator,
                                               std::string_view option,
                                               std::string_view expectation) {
  const std::size_t at = value.find(separator);
  if (at == 0 || at == std::string_view::npos || at + 1 == value.size())
    // Not the value: it may be a secret.
    throw std::invalid_argument(base::concat(option, ": ", expectation));
  return {std::string(value.substr(0, at)), std::string(value.substr(at + 1))};
}

std::string read_pem(std::string_view option, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string pem{std::istreambuf_iterator<char>(in), {}};
  if (!in || pem.empty()) refuse(option, file, "the file cannot be read");
  return pem;
}

void parse_auth(ServerOptions& server, std::string_view value) {
  constexpr std::string_view kPat = "pat:";
  if (value == "none") return;
  if (value == "oauth") {
    server.identity.requires_tokens = true;
  } else if (value.starts_with(kPat) && value.size() > kPat.size()) {
    server.token = value.substr(kPat.size());
  } else {
    throw std::invalid_argument("--auth: expected none, pat:TOKEN or oauth");
  }
}

/// A client without a secret is a public one: a program that people sign in to.
void add_client(IdentityOptions& identity, std::string_view value) {
  const std::size_t colon = std::min(value.find(':'), value.size());
  if (colon == 0 || colon + 1 == value.size())
    throw std::invalid_argument("--client: expected ID:SECRET, or ID for one without a secret");
  const bool has_secret = colon < value.size();
  identity.clients.push_back({.id = std::string(value.substr(0, colon)),
                              .secret = std::string(has_secret ? value.substr(colon + 1) : ""),
                              .public_key_pem = {}});
}

constexpr std::array kOptions{
    Option{"--port", true,
           [](CommandLine& line, std::string_view value) { line.server.port = parse_port(value); }},
    Option{"--host", true,
           [](CommandLine& line, std::string_view value) { line.server.host = value; }},
    Option{"--data", true,
           [](CommandLine& line, std::string_view value) { line.server.engine.directory = value; }},
    Option{"--load", true,
           [](CommandLine& line, std::string_view value) {
             line.server.tables.push_back(parse_load(value));
           }},
    Option{"--token", true,
           [](CommandLine& line, std::string_view value) { line.server.token = value; }},
    Option{"--auth", true,
           [](CommandLine& line, std::string_view value) { parse_auth(line.server, value); }},
    Option{
        "--client", true,
        [](CommandLine& line, std::string_view value) { add_client(line.server.identity, value); }},
    Option{"--client-key", true,
           [](CommandLine& line, std::string_view value) {
             auto [id, file] = parse_pair(value, '=', "--client-key", "expected ID=FILE");
             line.server.identity.clients.push_back(
                 {.id = id, .secret = {}, .public_key_pem = read_pem("--client-key", file)});
           }},
    Option{"--issuer", true,
           [](CommandLine& line, std::string_view value) {
             auto [issuer, file] = parse_pair(value, '=', "--issuer", "expected URL=FILE");
             line.server.identity.issuers.push_back({issuer, read_pem("--issuer", file)});
           }},
    Option{"--token-life", true,
           [](CommandLine& line, std::string_view value) {
             const auto life = parse_duration("--token-life", value);
             line.server.identity.token_life =
                 std::chrono::duration_cast<std::chrono::seconds>(life);
             if (life < std::chrono::seconds(1)) refuse("--token-life", value, "at least 1s");
           }},
    Option{"--rotate-refresh-tokens", false,
           [](CommandLine& line, std::string_view) {
             line.server.identity.rotates_refresh_tokens = true;
           }},
    Option{"--tls", false, [](CommandLine& line, std::string_view) { line.server.tls = true; }},
    Option{"--tls-dir", true,
           [](CommandLine& line, std::string_view value) {
             line.server.tls = true;
             line.server.tls_directory = value;
           }},
    Option{"--tls-name", true,
           [](CommandLine& line, std::string_view value) {
             const bool is_name = !value.empty() && value.find_first_not_of(kHostNameCharacters) ==
                                                        std::string_view::npos;
             if (!is_name) refuse("--tls-name", value, "expected the name of a host");
             line.server.tls = true;
             line.server.tls_names.emplace_back(value);
           }},
    Option{"--client-ca", true,
           [](CommandLine& line, std::string_view value) {
             line.server.tls = true;
             line.server.client_ca_file = value;
           }},
    Option{"--max-protocol", true,
           [](CommandLine& line, std::string_view value) {
             line.server.service.max_protocol = parse_protocol(value);
             line.names_protocol = true;
           }},
    Option{"--flavor", true,
           [](CommandLine& line, std::string_view value) {
             line.server.service.flavor = parse_flavor(value);
           }},
    Option{"--engine", true,
           [](CommandLine& line, std::string_view value) { line.server.engine.library = value; }},
    Option{"--direct-results-wait", true,
           [](CommandLine& line, std::string_view value) {
             line.server.service.direct_results_wait =
                 parse_duration("--direct-results-wait", value);
           }},
    Option{"--session-idle-timeout", true,
           [](CommandLine& line, std::string_view value) {
             line.server.service.session_idle_timeout =
                 parse_duration("--session-idle-timeout", value);
           }},
    Option{"--start-time", true,
           [](CommandLine& line, std::string_view value) {
             line.server.start_time = parse_duration("--start-time", value);
           }},
    Option{"--feature-flag", true,
           [](CommandLine& line, std::string_view value) {
             line.server.telemetry.flags.insert(
                 parse_pair(value, '=', "--feature-flag", "expected NAME=VALUE"));
           }},
    Option{"--feature-flag-life", true,
           [](CommandLine& line, std::string_view value) {
             line.server.telemetry.flag_life = std::chrono::duration_cast<std::chrono::seconds>(
                 parse_duration("--feature-flag-life", value));
           }},
    Option{"--print-telemetry", false,
           [](CommandLine& line, std::string_view) { line.print_telemetry = true; }},
    Option{"--print-dsn", false,
           [](CommandLine& line, std::string_view) { line.print_dsn = true; }},
    Option{"--quiet", false, [](CommandLine& line, std::string_view) { line.quiet = true; }},
    Option{
        "--help", false,
        [](CommandLine& line, std::string_view) { line.action = CommandLine::Action::PrintHelp; }},
    Option{"--version", false,
           [](CommandLine& line, std::string_view) {
             line.action = CommandLine::Action::PrintVersion;
           }},
};

/// The flavor decides which versions there are, whichever of the two options comes first.
void settle_protocol(CommandLine& line) {
  const FlavorTraits& traits = traits_of(line.server.service.flavor);
  std::int32_t& protocol = line.server.service.max_protocol;
  if (!line.names_protocol) {
    protocol = traits.default_protocol;
  } else if (protocol > traits.newest_protocol) {
    refuse("--max-protocol", protocol_name(protocol),
           base::concat("the flavor ", traits.name, " speaks versions up to ",
                        protocol_name(traits.newest_protocol)));
  }
}

void settle_identity(const CommandLine& line) {
  const IdentityOptions& identity = line.server.identity;
  if (identity.requires_tokens && traits_of(line.server.service.flavor).hive)
    throw std::invalid_argument("--auth oauth: the flavor spark takes users and passwords only");
  if (!identity.requires_tokens && !(identity.clients.empty() && identity.issuers.empty()))
    throw std::invalid_argument(
        "--client, --client-key and --issuer say who gets tokens; add --auth oauth, without which "
        "everybody gets them");
}

const Option& find_option(std::string_view name) {
  for (const Option& option : kOptions) {
    if (option.name == name) return option;
  }
  throw std::invalid_argument(base::concat("unknown argument ", name, "; see --help"));
}

}  // namespace

CommandLine parse_command_line(std::span<const std::string_view> arguments) {
  CommandLine line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const Option& option = find_option(argument.substr(0, equals));
    if (!option.takes_value) {
      if (equals != std::string_view::npos) refuse(option.name, "", "takes no value");
      option.apply(line, {});
    } else if (equals != std::string_view::npos) {
      option.apply(line, argument.substr(equals + 1));
    } else if (++i < arguments.size()) {
      option.apply(line, arguments[i]);
    } else {
      throw std::invalid_argument(base::concat(option.name, " needs a value; see --help"));
    }
  }
  settle_protocol(line);
  settle_identity(line);
  return line;
}

std::string_view help_text() noexcept {
  return R"(dbsql-warehouse: a SQL warehouse on this machine that speaks the protocols of Databricks SQL

usage: dbsql-warehouse [options]

Where it listens
  --port N                   TCP port; 0 chooses a free one (default 0)
  --host ADDRESS             address to listen on (default 127.0.0.1)
  --tls                      HTTPS with a certificate for localhost, 127.0.0.1 and ::1 that is made up at the start
  --tls-dir DIR              like --tls; writes the authority to trust to DIR/ca.pem (default: a temporary directory)
  --tls-name NAME            like --tls; one more host name for the certificate; may be repeated
  --client-ca FILE           like --tls, and take only clients with a certificate that an authority in this PEM file signed
  --token TOKEN              accept this access token (Spark: this password) only (default: any)
  --print-dsn                print the DSN with its secret, one line, to standard output as soon as connections are accepted

Who may come in
  --auth none                any token (default)
  --auth pat:TOKEN           the same as --token TOKEN
  --auth oauth               tokens of this warehouse's own token endpoint, below /oidc; may stand beside --auth pat:TOKEN
  --client ID:SECRET         a client that gets tokens with its secret; ID alone: people sign in to it; may be repeated
  --client-key ID=FILE       a client that gets tokens with its private key; the PEM file has the public one
  --issuer URL=FILE          exchange the tokens of this issuer; the PEM file has the public key they are signed for
  --token-life T             how long tokens live (default 3600s)
  --rotate-refresh-tokens    a refresh token is good once

What it serves
  --data DIR                 keep databases in DIR (default: in memory, gone at the end)
  --load NAME=FILE           make a Parquet, CSV or JSON file a table; may be repeated
  --engine LIBRARY           SQL engine: a library with an ADBC entry point
                             (default: $DBSQL_ENGINE_LIBRARY, else the one tools/bootstrap installed)

How it behaves
  --flavor NAME              whose server to be: databricks, databricks-old (before native types, files and parameters),
                             or spark (an open-source Spark Thrift server in HTTP mode) (default databricks)
  --max-protocol VERSION     newest protocol version to speak: V1 to V9, HIVE_V1 to HIVE_V10
                             (default V8; databricks-old V3, spark HIVE_V10)
  --direct-results-wait T    how long ExecuteStatement waits for the statement to end, for instance 250ms (default 5s)
  --session-idle-timeout T   close sessions that nobody used for so long (default: never)
  --start-time T             be stopped at first, and take so long to start when a request comes (default: up at once)

What drivers tell it about themselves
  --feature-flag NAME=VALUE  a flag that drivers are told when they ask; may be repeated
  --feature-flag-life T      how long they may rely on it (default 900s)
  --print-telemetry          print every telemetry record it takes, one line each, to standard output

  --quiet                    no messages on standard error
  --help, --version

Faults, the request journal, telemetry and the power switch are at /_local/faults, /_local/journal, /_local/telemetry
and /_local/power: see docs/warehouse.md.
Ctrl-C stops it. Exit codes: 0 stopped, 1 cannot start, 2 wrong arguments.
)";
}

}  // namespace dbsql::warehouse
