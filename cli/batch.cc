#include "cli/batch.h"

#include "cli/output.h"
#include "cli/report.h"
#include "cli/runner.h"
#include "cli/script_reader.h"
#include "cli/terminal.h"

#include <unistd.h>

#include <optional>

namespace dbsql::cli {
namespace {

Output open_output(const Options& options, Interrupts& interrupts) {
  if (options.output_file.empty()) {
    return Output(STDOUT_FILENO, "standard output", interrupts.wake_descriptor());
  }
  Output output = Output::to_file(options.output_file, interrupts.wake_descriptor());
  interrupts.remove_when_leaving(output.temporary_file());
  return output;
}

std::vector<SqlSource> sources_of(const Options& options) {
  if (!options.sources.empty()) return options.sources;
  return {{SqlSource::Kind::File, "-"}};
}

class Batch {
 public:
  Batch(const Connector& connector, const Options& options, Interrupts& interrupts)
      : interrupts_(interrupts),
        runner_(connector, options, interrupts),
        script_(sources_of(options), interrupts.wake_descriptor()),
        output_(open_output(options, interrupts)) {
    if (options.format == Format::Arrow && output_.is_terminal()) {
      throw UsageError("arrow output is no text: use -o FILE, or send it to another program");
    }
  }

  ExitCode run() {
    ExitCode code = ExitCode::Ok;
    while (code == ExitCode::Ok) {
      const auto statement = script_.next();
      if (interrupts_.is_interrupted()) return stopped();
      if (!statement) break;
      code = run_statement(*statement);
    }
    if (code == ExitCode::Ok) output_.commit();
    interrupts_.remove_when_leaving({});
    return code;
  }

 private:
  ExitCode run_statement(const ScriptStatement& statement) {
    if (!runner_.is_connected()) {
      try {
        runner_.connect();
      } catch (const Error& error) {
        write_text(STDERR_FILENO, describe(error, nullptr));
        return exit_code_of_connect(error);
      }
    }
    try {
      runner_.run(statement.sql.text, output_);
      return ExitCode::Ok;
    } catch (const Error& error) {
      write_text(STDERR_FILENO, describe(error, &statement));
      return exit_code_of_statement(error);
    } catch (const OutputInterrupted&) {
      return stopped();
    }
  }

  static ExitCode stopped() {
    write_text(STDERR_FILENO, describe("interrupted"));
    return ExitCode::Stopped;
  }

  Interrupts& interrupts_;
  Runner runner_;
  ScriptReader script_;
  Output output_;
};

}  // namespace

ExitCode run_batch(const Connector& connector, const Options& options, Interrupts& interrupts) {
  interrupts.leave_at_second();
  return Batch(connector, options, interrupts).run();
}

}  // namespace dbsql::cli
