// The program: arguments to commands. CLI11 stays in this file.
#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include "cli/commands.h"
#include "server/version.h"

namespace turnout {
namespace {

int Main(int argc, char** argv) {
  CLI::App app("Serves the model file you already have: online, in batch and on streams.", "turnout");
  app.set_version_flag("--version", std::string("turnout ") + kProgramVersion);
  app.require_subcommand(1);
  app.footer(
      "Example:\n  turnout serve examples/churn/server.yaml\n\n"
      "Exit codes: 0 done, 1 the answer is no, 2 wrong command line, 3 wrong input, 4 something is not\n"
      "there, 5 out of time, 70 a bug, 128 + n stopped by signal n.");
  int code = 0;

  ServeArguments serve;
  CLI::App* command = app.add_subcommand("serve", "Serve a configuration, or a model file alone");
  command->add_option("target", serve.target, "CONFIG.yaml or a model file")->required();
  command->add_option("--listen", serve.listen, "address:port, instead of the configuration's");
  command->footer(
      "Examples:\n  turnout serve examples/churn/server.yaml\n"
      "  turnout serve model.pkl --listen 0.0.0.0:8080");
  command->callback([&] { code = RunServe(serve); });

  ScoreArguments score;
  command = app.add_subcommand("score", "Score a CSV file");
  auto* endpoint = command->add_option("--endpoint", score.endpoint, "Endpoint of the configuration");
  auto* config = command->add_option("--config", score.config, "CONFIG.yaml with the endpoint");
  auto* model = command->add_option("--model", score.model, "A model file alone, instead of an endpoint");
  endpoint->needs(config);
  model->excludes(endpoint)->excludes(config);
  command->add_option("--input", score.input, "CSV file; - for standard input")->required();
  command->add_option("--output", score.output, "CSV file that appears when the job is done")->required();
  command->add_option("--rejects", score.rejects, "File for the bad rows (default: OUTPUT.rejects.jsonl)");
  command->add_option("--job-time", score.job_time,
                      "Start of the job as the file shall say, RFC 3339 (default: now)");
  command->add_option("--threads", score.threads, "Threads (default: one per core)");
  command->add_option("--max-rejects", score.max_rejects,
                      "Fail, and write nothing, above this many bad rows");
  command->add_flag("--quiet,-q", score.quiet, "No progress bar");
  command->footer(
      "Prints one line of JSON when done.\n\nExample:\n"
      "  turnout score --endpoint churn --config examples/churn/server.yaml \\\n"
      "    --input examples/churn/customers.csv --output predictions.csv");
  command->callback([&] {
    if (score.model.empty() && score.config.empty()) {
      throw CLI::ValidationError("score", "--config (with --endpoint) or --model is required");
    }
    code = RunScore(score);
  });

  StreamArguments stream;
  command = app.add_subcommand("stream", "Score the messages of a Kafka topic");
  command->add_option("config", stream.config, "CONFIG.yaml with `streams:`")->required();
  command->add_option("--name", stream.name, "Which of its streams (default: the only one)");
  command->add_flag("--until-end", stream.until_end, "End when every message that is there is answered");
  command->add_option("--limit", stream.limit, "End after this many messages");
  command->footer(
      "Prints one line of JSON when it ends.\n\nExample:\n  turnout stream server.yaml --name churn");
  command->callback([&] { code = RunStream(stream); });

  InspectArguments inspect;
  command = app.add_subcommand("inspect", "Show what a model file holds and which engines fit");
  command->add_option("model", inspect.model, "Model file")->required();
  command->add_flag("--json", inspect.json, "As JSON");
  command->footer("Example:\n  turnout inspect examples/churn/models/churn-v2.1.0.pkl");
  command->callback([&] { code = RunInspect(inspect); });

  CheckArguments check;
  command = app.add_subcommand("check", "Check a configuration, its contracts and its models");
  auto* target = command->add_option("config", check.config, "CONFIG.yaml");
  command->add_flag("--json", check.json, "As JSON");
  auto* settings =
      command->add_flag("--settings", check.settings, "Print every setting there is, as Markdown");
  command->footer("Example:\n  turnout check examples/churn/server.yaml");
  command->callback([&, target, settings] {
    if (target->empty() && settings->empty()) throw CLI::RequiredError("config");
    code = RunCheck(check);
  });

  VerifyArguments verify;
  command = app.add_subcommand("verify", "Compare answers with recorded ones, or the modes with each other");
  auto* file = command->add_option("model", verify.model, "Model file");
  command
      ->add_option("--rows", verify.rows,
                   "CSV with the model's input columns (with --modes: the contract's fields)")
      ->required();
  auto* expected =
      command->add_option("--expected", verify.expected,
                          "CSV with predict, proba:<label>, decision, decision:<label>, raw or raw:<k>");
  command
      ->add_option("--tolerance", verify.tolerance,
                   "Largest |got - expected| / max(1, |expected|) (default: 0, equal bits)")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--engine", verify.engine, "Pins an engine (default: the best that fits)");
  auto* modes = command->add_option("--modes", verify.modes,
                                    "CONFIG.yaml or a model file: send the rows through every mode instead");
  command->add_option("--brokers", verify.brokers, "With --modes: through Kafka, too; host:port,...")
      ->needs(modes);
  command->add_flag("--json", verify.json, "As JSON");
  modes->excludes(file)->excludes(expected);
  command->footer(
      "Ends with 0 only if everything holds.\n\nExamples:\n"
      "  turnout verify examples/churn/models/churn-v2.1.0.pkl \\\n"
      "    --rows examples/churn/rows.csv --expected examples/churn/expected.csv\n"
      "  turnout verify --modes examples/churn/server.yaml --rows examples/churn/customers.csv");
  command->callback([&, file, expected, modes] {
    if (modes->empty() && (file->empty() || expected->empty())) {
      throw CLI::ValidationError("verify", "MODEL and --expected, or --modes, are required");
    }
    code = RunVerify(verify);
  });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version end well; everything else is a wrong command line.
    return app.exit(error) == 0 ? 0 : 2;
  }
  return code;
}

}  // namespace
}  // namespace turnout

int main(int argc, char** argv) {
  int code = turnout::kBugExit;
  try {
    code = turnout::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "turnout: %s; this is a bug, or the machine is out of memory\n", error.what());
  }
  // What was not written was not answered: a full disk, a closed pipe.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return turnout::Report(
        {turnout::Code::kUnavailable, std::string("standard output: ") + std::strerror(errno)});
  }
  return code;
}
