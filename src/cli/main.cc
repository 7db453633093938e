// The program: arguments to commands. CLI11 stays in this file.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/number.h"
#include "bytes/yaml.h"
#include "cli/commands.h"
#include "server/version.h"

namespace turnout {
namespace {

std::string DidYouMean(std::string_view given, const std::vector<std::string_view>& known) {
  const std::string_view nearest = Nearest(given, known);
  return nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?";
}

// What is wrong with a command line, and where to look.
std::string Misuse(const CLI::App* app, const CLI::Error& error) {
  std::string text = std::string("turnout: ") + error.what();
  std::string command = "turnout";
  for (const CLI::App* used : app->get_subcommands()) {
    command += " " + used->get_name();
    std::vector<std::string> names;
    for (const CLI::Option* option : used->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    for (const std::string& extra : used->remaining()) {
      if (extra.starts_with("--")) text += DidYouMean(extra, {names.begin(), names.end()});
    }
  }
  return text + "\nRun `" + command + " --help` for what there is.\n";
}

// CLI11 reads -1 as the largest number there is.
const CLI::Validator kCount(
    [](std::string& text) -> std::string {
      const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
      return digits ? "" : "'" + text + "' is not a whole number from 0";
    },
    "N");
const CLI::Validator kTolerance(
    [](std::string& text) -> std::string {
      const ParsedNumber number = ParseNumber(text);
      const bool good = number.error == NumberError::kNone && number.value >= 0;
      return good ? "" : "'" + text + "' is not a number from 0";
    },
    "X");

void AddRegistry(CLI::App& app, RegistryArguments& registry, int& code) {
  CLI::App* command =
      app.add_subcommand("registry", "Keep versions of models: files, digests, proofs, aliases");
  command->require_subcommand(1);
  command->footer(
      "A version is named churn:v2.1.0, churn@candidate by an alias, churn (which is churn@stable), or by "
      "12\n"
      "digits or more of its model file's digest: sha256:9f86d081884c. A configuration says\n"
      "`model: registry:churn@stable`.\n\n"
      "Examples:\n  turnout registry push churn:v2.1.0 examples/churn/models/churn-v2.1.0.pkl --tag stable\n"
      "  turnout registry list\n  turnout registry verify");
  const auto verb = [&](const char* name, const char* help, int (*run)(const RegistryArguments&)) {
    CLI::App* made = command->add_subcommand(name, help);
    made->add_option("--registry", registry.registry, "The registry's folder (default: registry)");
    made->add_flag("--json", registry.json, "As JSON");
    made->callback([&registry, &code, run] { code = run(registry); });
    return made;
  };

  CLI::App* push = verb("push", "Add a version: checked, and then it never changes", RunRegistryPush);
  push->add_option("version", registry.reference, "NAME:VERSION")->required();
  push->add_option("model", registry.model, "Model file")->required();
  push->add_option("--contract", registry.contract,
                   "Contract, which must fit the model (default: that of NAME@stable, if there is one)");
  auto* rows = push->add_option("--rows", registry.rows, "Golden rows: CSV with the model's input columns");
  auto* expected = push->add_option("--expected", registry.expected,
                                    "Their recorded answers, as `turnout verify` takes them");
  rows->needs(expected);
  expected->needs(rows);
  push->add_option("--tolerance", registry.tolerance,
                   "Of the answers: largest |got - expected| / max(1, |expected|) (default: 0, equal bits)")
      ->check(kTolerance);
  auto* train = push->add_option("--train", registry.train,
                                 "CSV of training or validation rows, by the contract, to profile");
  push->add_option("--label", registry.label, "Its column with the truth, to measure quality")->needs(train);
  push->add_option("--set", registry.metadata, "KEY=VALUE to keep with it; may be repeated")
      ->allow_extra_args(false);
  push->add_option("--tag", registry.tags, "Alias that it gets; may be repeated")->allow_extra_args(false);
  push->footer(
      "The same again does nothing and ends well; other bytes under an existing version are refused.\n\n"
      "Example:\n  turnout registry push churn:v2.1.0 examples/churn/models/churn-v2.1.0.pkl \\\n"
      "    --contract examples/churn/contract.yaml --rows examples/churn/rows.csv \\\n"
      "    --expected examples/churn/expected.csv --train examples/churn/customers.csv \\\n"
      "    --set team=retention --tag stable");

  CLI::App* list = verb("list", "Every version, by name and age", RunRegistryList);
  list->add_option("name", registry.reference, "Only of this model");
  list->footer("Example:\n  turnout registry list churn");

  CLI::App* show = verb("show", "All that is known of a version", RunRegistryShow);
  show->add_option("version", registry.reference, "Reference of the version")->required();
  show->add_option("--part", registry.part, "Print this part instead, byte for byte")
      ->check(CLI::IsMember({"model", "contract", "rows", "expected", "profile"}));
  show->footer(
      "Examples:\n  turnout registry show churn\n  turnout registry show churn:v2.1.0 --part profile");

  CLI::App* tag = verb("tag", "Give a version an alias, which moves it", RunRegistryTag);
  tag->add_option("version", registry.reference, "Reference of the version")->required();
  tag->add_option("alias", registry.alias, "Alias, such as stable or candidate")->required();
  tag->add_flag("--delete", registry.remove, "Take the alias away instead");
  tag->footer("Example:\n  turnout registry tag churn:v2.1.0 stable");

  CLI::App* remove = verb("remove", "Remove a version and the files that only it has", RunRegistryRemove);
  remove->add_option("version", registry.reference, "Reference of the version")->required();
  remove->add_flag("--force", registry.force, "Even if an alias names it");
  remove->footer("Example:\n  turnout registry remove churn:v2.1.0");

  CLI::App* verify =
      verb("verify", "Read everything again: digests, models, contracts, golden rows", RunRegistryVerify);
  verify->add_option("name", registry.reference, "Only of this model");
  verify->footer(
      "Ends with 0 only if all is good; removes what interrupted pushes left.\n\n"
      "Example:\n  turnout registry verify");
}

int Main(int argc, char** argv) {
  CLI::App app("Serves the model file you already have: online, in batch and on streams.", "turnout");
  app.set_version_flag("--version", std::string("turnout ") + kProgramVersion);
  app.require_subcommand(1);
  app.footer(
      "Example:\n  turnout serve examples/churn/server.yaml\n\n"
      "Exit codes: 0 done, 1 the answer is no, 2 wrong command line, 3 wrong input, 4 something is not\n"
      "there, 5 out of time, 70 a bug, 128 + n stopped by signal n.");
  int code = 0;

  CLI::App* command = nullptr;
  const auto add_registry = [&](std::string& registry) {
    command->add_option("--registry", registry,
                        "Folder of the registry, for a model like registry:churn@stable (default: registry)");
  };

  ServeArguments serve;
  command = app.add_subcommand("serve", "Serve a configuration, or a model file alone");
  command->add_option("target", serve.target, "CONFIG.yaml, a model file, or registry:churn@stable")
      ->required();
  command->add_option("--listen", serve.listen, "address:port, instead of the configuration's");
  add_registry(serve.registry);
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
  command->add_option("--threads", score.threads, "Threads (default: one per core)")->check(kCount);
  command->add_option("--max-rejects", score.max_rejects, "Fail, and write nothing, above this many bad rows")
      ->check(kCount);
  add_registry(score.registry);
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
  command->add_option("--limit", stream.limit, "End after this many messages")->check(kCount);
  command->footer(
      "Prints one line of JSON when it ends.\n\nExample:\n  turnout stream server.yaml --name churn");
  command->callback([&] { code = RunStream(stream); });

  InspectArguments inspect;
  command = app.add_subcommand("inspect", "Show what a model file holds and which engines fit");
  auto* inspected = command->add_option("model", inspect.model, "Model file");
  add_registry(inspect.registry);
  command->add_flag("--json", inspect.json, "As JSON");
  auto* support =
      command->add_flag("--support", inspect.support, "Print what is read, by library and version");
  inspected->excludes(support);
  command->footer(
      "Examples:\n  turnout inspect examples/churn/models/churn-v2.1.0.pkl\n  turnout inspect --support");
  command->callback([&, inspected, support] {
    if (inspected->empty() && support->empty()) throw CLI::RequiredError("model");
    code = RunInspect(inspect);
  });

  ExplainArguments explain;
  command = app.add_subcommand("explain", "Show how one row comes to its answer");
  command->add_option("target", explain.target, "Model file, or CONFIG.yaml for its contract")->required();
  command->add_option("row", explain.row, "The row: a JSON object, a file with one, or - for standard input")
      ->required();
  command->add_option("--endpoint", explain.endpoint,
                      "Which endpoint of CONFIG.yaml (default: the only one)");
  add_registry(explain.registry);
  command->add_flag("--json", explain.json, "As JSON");
  command->footer(
      "Shows what the model is given, what its steps make of it, the leaf of every tree or what every "
      "feature\n"
      "adds, and the answer.\n\nExample:\n"
      "  turnout explain examples/churn/server.yaml '{\"customer_id\":\"C-1042\",\"age\":42,"
      "\"income\":55000.5,\"tenure_months\":18,\"monthly_charges\":79.5,\"plan\":\"premium\"}'");
  command->callback([&] { code = RunExplain(explain); });

  RouteArguments route;
  command = app.add_subcommand("route", "Show or set which version of an endpoint takes which share");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n  turnout route show churn\n  turnout route set churn v1=80 v2=20\n"
      "  turnout route explain churn C-1042");
  const auto route_verb = [&](const char* name, const char* help) {
    CLI::App* verb = command->add_subcommand(name, help);
    verb->add_option("endpoint", route.endpoint, "Endpoint")->required();
    verb->add_option("--admin", route.admin, "The server's admin listener (default: 127.0.0.1:8090)");
    verb->add_flag("--json", route.json, "As JSON");
    verb->callback([&] { code = RunRoute(route); });
    return verb;
  };
  route_verb("show", "Show the shares")
      ->footer("Example:\n  turnout route show churn --admin 127.0.0.1:8090");
  CLI::App* set = route_verb("set", "Set the shares: percent that sum to 100; versions not named get none");
  set->add_option("shares", route.shares, "VERSION=SHARE ...")->required();
  set->add_option("--if-generation", route.if_generation, "Only if the route is still at this generation")
      ->check(kCount);
  set->footer("Example:\n  turnout route set churn v1=80 v2=20");
  CLI::App* where = route_verb("explain", "Show which version a routing key goes to");
  where->add_option("key", route.key, "Routing key")->required();
  where->footer("Example:\n  turnout route explain churn C-1042");

  RegistryArguments registry;
  AddRegistry(app, registry, code);

  RolloutArguments rollout;
  command = app.add_subcommand("rollout", "Release a version: apply, watch, promote, go back");
  command->require_subcommand(1);
  command->footer(
      "The server needs `state` and `listen.admin`. Exit codes of wait and watch: 0 succeeded, 10 rolled "
      "back,\n"
      "11 failed, 12 paused, 13 superseded, 124 not within the timeout.\n\nExamples:\n"
      "  turnout rollout apply churn v2 --model models/v2.pkl --steps '10% for 24h then 100%'\n"
      "  turnout rollout watch churn\n  turnout rollout rollback churn --reason 'complaints'");
  const auto rollout_verb = [&](const char* name, const char* help, const char* example) {
    CLI::App* verb = command->add_subcommand(name, help);
    verb->add_option("endpoint", rollout.endpoint, "Endpoint")->required();
    verb->add_option("--admin", rollout.admin, "The server's admin listener (default: 127.0.0.1:8090)");
    verb->add_flag("--json", rollout.json, "As JSON");
    verb->footer(std::string("Example:\n  turnout rollout ") + example);
    verb->callback([&, text = std::string(name)] {
      rollout.verb = text;
      code = RunRollout(rollout);
    });
    return verb;
  };
  const auto rollout_change = [&](const char* name, const char* help, const char* example) {
    CLI::App* verb = rollout_verb(name, help, example);
    verb->add_option("--reason", rollout.reason, "Why; stands in the audit log");
    verb->add_option("--if-revision", rollout.if_revision, "Only if the endpoint is still at this revision")
        ->check(kCount);
    verb->add_option("--key", rollout.key, "Idempotency key: the same verb under it is done once");
    return verb;
  };
  const auto rollout_new = [&](CLI::App* verb) {
    verb->add_option("version", rollout.version, "Version to release")->required();
    verb->add_option("--model", rollout.model,
                     "Its model file, or registry:NAME@ALIAS, if the endpoint does not know it");
    verb->add_option("--strategy", rollout.strategy,
                     "recreate, rolling, bluegreen, canary or shadow (default: the configuration's)");
    verb->add_option("--steps", rollout.steps, "A canary's steps: '10% for 24h then 100%', 'fast'");
    verb->add_option(
        "--bake", rollout.bake,
        "A rolling change: how long each loop bakes; a shadow: how long it scores copies; such as 30s");
    verb->add_option("--watch-for", rollout.watch,
                     "How long harm still rolls back after the promotion, such as 1h");
    verb->add_option("--auto-promote", rollout.auto_promote,
                     "true or false: whether the promotion waits for the verb")
        ->check(CLI::IsMember({"true", "false"}));
  };
  rollout_new(rollout_verb("plan", "Show what apply would do", "plan churn v2 --steps fast"));
  rollout_new(rollout_change("apply", "Begin the rollout of a version",
                             "apply churn v2 --model models/v2.pkl --steps fast"));
  rollout_verb("status", "Show the endpoint and its rollout", "status churn");
  rollout_verb("explain", "Show the evidence, gate by gate, and what is missing", "explain churn");
  rollout_verb("history", "Show the rollouts that ended", "history churn");
  rollout_verb("watch", "Show the rollout until it ends", "watch churn")
      ->add_option("--timeout", rollout.timeout, "Seconds at most (default: no limit)");
  rollout_verb("wait", "Wait until the rollout ends or pauses", "wait churn --timeout 3600")
      ->add_option("--timeout", rollout.timeout, "Seconds at most (default: no limit)");
  rollout_change("pause", "Stay at the present share", "pause churn --reason lunch");
  rollout_change("resume", "Go on", "resume churn");
  rollout_change("promote", "On to the next step, or to the promotion if none is left", "promote churn")
      ->add_flag("--full", rollout.full, "To the promotion at once");
  rollout_change("abort", "Back to the stable version at once", "abort churn --reason 'wrong model'");
  rollout_change("rollback", "Back to the version before, which is still loaded",
                 "rollback churn --reason complaints");
  rollout_change("retry", "The last rollout once more, with fresh evidence", "retry churn");
  rollout_change("freeze", "Nothing changes any more but an abort", "freeze churn --reason holidays");
  rollout_change("unfreeze", "The end of a freeze", "unfreeze churn");

  AuditArguments audit;
  command = app.add_subcommand("audit", "Check the audit log");
  command->require_subcommand(1);
  CLI::App* verify_audit =
      command->add_subcommand("verify", "Check the chain of hashes, and every verdict again");
  verify_audit->add_option("path", audit.path, "audit.jsonl, or the state folder that has it")->required();
  verify_audit->add_flag("--json", audit.json, "As JSON");
  verify_audit->footer("Ends with 1 if the log was changed.\n\nExample:\n  turnout audit verify ./state");
  verify_audit->callback([&] { code = RunAuditVerify(audit); });

  CompareArguments compare;
  command = app.add_subcommand("compare", "Compare shadows with what was answered, from the prediction log");
  command->add_option("log", compare.log, "Folder of the prediction log, or one of its files")->required();
  command->add_option("--endpoint", compare.endpoint, "Of this endpoint alone");
  command->add_option("--shadow", compare.shadow, "Of this version alone");
  command->add_option("--by", compare.by, "Also for each value of this field");
  command->add_option("--html", compare.html, "Write a page with plots, too");
  command->add_flag("--json", compare.json, "As JSON");
  command->footer(
      "Rows, agreement, flips, shift of the score and latency of each shadow beside each version that "
      "answered.\n\nExample:\n  turnout compare ./predictions --by plan --html compare.html");
  command->callback([&] { code = RunCompare(compare); });

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
      ->check(kTolerance);
  command->add_option("--engine", verify.engine, "Pins an engine (default: the best that fits)");
  auto* modes = command->add_option("--modes", verify.modes,
                                    "CONFIG.yaml or a model file: send the rows through every mode instead");
  command->add_option("--brokers", verify.brokers, "With --modes: through Kafka, too; host:port,...")
      ->needs(modes);
  add_registry(verify.registry);
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

  app.failure_message(Misuse);
  std::vector<std::string> commands;
  for (const CLI::App* known : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(known->get_name());
  }
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return 2;
  }
  const std::string_view first = argv[1];
  if (!first.starts_with('-') && std::find(commands.begin(), commands.end(), first) == commands.end()) {
    std::fprintf(stderr, "turnout: there is no command '%s'%s\nRun `turnout --help` for what there is.\n",
                 argv[1], DidYouMean(first, {commands.begin(), commands.end()}).c_str());
    return 2;
  }
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
