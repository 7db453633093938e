// The commands: what each takes, and what it does with it. main.cc turns arguments into these.
//
// Every command returns its exit code:
//   0  done; the answer is yes
//   1  done; the answer is no (verify: an answer differs; check: a problem was found)
//   2  the command line is wrong
//   3  an input is wrong: a config, a contract, a model file, a table
//   4  something that is needed is not there: a file, an address, a broker, disk space
//   5  the time given was over
//   70 a bug
//   128 + n  ended by signal n before it was done (130: Ctrl-C); what runs until it is told to end gives 0
// Data goes to standard output, everything else to standard error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace turnout {

inline constexpr char kRegistryFolder[] = "registry";  // where --registry does not say

struct ServeArguments {
  std::string target;  // CONFIG.yaml or a model file
  std::string listen;
  std::string registry = kRegistryFolder;  // for a model that is a reference
};
int RunServe(const ServeArguments& arguments);

struct ScoreArguments {
  std::string endpoint, config;  // or
  std::string model;
  std::string input, output, rejects;
  std::string registry = kRegistryFolder;  // for a model that is a reference
  std::string job_time;
  std::size_t threads = 0;
  std::optional<uint64_t> max_rejects;
  bool quiet = false;
};
int RunScore(const ScoreArguments& arguments);

struct StreamArguments {
  std::string config;
  std::string name;  // of the stream; empty: the only one
  bool until_end = false;
  uint64_t limit = 0;  // messages; 0: none
};
int RunStream(const StreamArguments& arguments);

struct InspectArguments {
  std::string model;
  bool json = false;
  bool support = false;                    // what is read, instead of a model
  std::string registry = kRegistryFolder;  // for a model that is a reference
};
int RunInspect(const InspectArguments& arguments);

struct ExplainArguments {
  std::string target;                      // a model file or CONFIG.yaml
  std::string endpoint;                    // of the configuration; empty: the only one
  std::string row;                         // a JSON object, the name of a file with one, or -
  std::string registry = kRegistryFolder;  // for a model that is a reference
  bool json = false;
};
int RunExplain(const ExplainArguments& arguments);

struct RouteArguments {
  std::string admin = "127.0.0.1:8090";  // the server's admin listener
  std::string endpoint;
  std::vector<std::string> shares;        // to set, "v1=80"; empty: show the route
  std::optional<uint64_t> if_generation;  // set only if the route is at this one
  std::string key;                        // show where this routing key goes
  bool json = false;
};
int RunRoute(const RouteArguments& arguments);

// Each verb takes what it needs of these.
struct RegistryArguments {
  std::string registry = kRegistryFolder;
  std::string reference;  // push: NAME:VERSION; list, verify: a model's name or nothing
  std::string model, contract, rows, expected, train, label;  // push: paths, and a column
  double tolerance = 0;
  std::vector<std::string> metadata;  // "team=risk"
  std::vector<std::string> tags;      // aliases that it gets
  std::string alias;                  // tag
  std::string part;                   // show: print this part's bytes
  bool remove = false;                // tag: the alias goes
  bool force = false;                 // remove: even if aliases name it
  bool json = false;
};
int RunRegistryPush(const RegistryArguments& arguments);
int RunRegistryList(const RegistryArguments& arguments);
int RunRegistryShow(const RegistryArguments& arguments);
int RunRegistryTag(const RegistryArguments& arguments);
int RunRegistryRemove(const RegistryArguments& arguments);
int RunRegistryVerify(const RegistryArguments& arguments);

// Its exit codes beside the usual ones, of what the rollout came to (wait, watch):
//   10 rolled back, 11 failed, 12 paused, 13 superseded, 124 not within the timeout
struct RolloutArguments {
  std::string verb;  // plan apply status watch explain pause resume promote abort rollback retry freeze
                     // unfreeze history wait
  std::string admin = "127.0.0.1:8090";
  std::string endpoint;
  std::string version, model;         // plan, apply
  std::string strategy, steps, bake;  // plan, apply; empty: the configuration's
  std::string watch;                  // post_promote_watch
  std::string auto_promote;           // "true", "false"
  bool full = false;                  // promote
  std::string reason;
  std::string key;  // of idempotency
  std::optional<uint64_t> if_revision;
  double timeout = 0;  // wait, watch: seconds; 0: none
  bool json = false;
};
int RunRollout(const RolloutArguments& arguments);

struct AuditArguments {
  std::string path;  // of audit.jsonl, or the folder that has it
  bool json = false;
};
int RunAuditVerify(const AuditArguments& arguments);

struct CompareArguments {
  std::string log;               // the prediction log's folder, or a file of it
  std::string endpoint, shadow;  // empty: every one
  std::string by;                // field of the segments
  std::string html;              // page to write; empty: none
  bool json = false;
};
int RunCompare(const CompareArguments& arguments);

struct CheckArguments {
  std::string config;
  bool json = false;
  bool settings = false;  // print the table of settings instead
};
int RunCheck(const CheckArguments& arguments);

struct VerifyArguments {
  std::string model, rows, expected;
  double tolerance = 0;
  std::string engine;
  std::string modes;                       // CONFIG.yaml or a model file: compare the modes instead
  std::string brokers;                     // with `modes`: a Kafka to send through
  std::string registry = kRegistryFolder;  // for a model that is a reference
  bool json = false;
};
int RunVerify(const VerifyArguments& arguments);

inline constexpr int kBugExit = 70;

// Prints "turnout: <message>" and gives the exit code of its code.
int Report(const Error& error);

}  // namespace turnout
