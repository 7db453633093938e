#!/usr/bin/env python3
"""The commands: help, wrong command lines, messages and exit codes."""
import json, pathlib, re, resource, shlex, shutil, struct, tempfile, time, unittest

from harness import CONFIG, CUSTOMERS, GOOD_ROW, MODEL, ROOT, SANITIZED, Case, main, turnout

COMMANDS = ("serve", "score", "stream", "inspect", "explain", "route", "registry", "check", "verify")
HOSTILE = ROOT / "tests" / "hostile" / "pickle"
ROWS, EXPECTED = "examples/churn/rows.csv", "examples/churn/expected.csv"


def commands_of(help_text):
    """The command lines below "Example(s):"."""
    lines = help_text.partition("Example")[2].replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("  turnout ")]


class Help(Case):
    def test_program(self):
        done = turnout("--help")
        self.check_run(done, 0, stderr="")
        for command in COMMANDS:
            self.assertRegex(done.stdout, rf"(?m)^  {command} +[A-Z]")
        self.assertIn("Exit codes:", done.stdout)

    def test_every_command_has_an_example(self):
        for command in COMMANDS:
            with self.subTest(command):
                done = turnout(command, "--help")
                self.check_run(done, 0, stderr="")
                examples = commands_of(done.stdout)
                self.assertTrue(examples, done.stdout)
                self.assertTrue(all(example[0] == command for example in examples), examples)

    def test_the_registry_s_verbs(self):
        """Their examples, in the order in which they are listed, on a registry of this test."""
        registry = self.folder() / "registry"
        for verb in ("push", "list", "show", "tag", "verify", "remove"):
            with self.subTest(verb):
                for example in commands_of(turnout("registry", verb, "--help").stdout):
                    self.assertEqual(example[:2], ["registry", verb])
                    force = ["--force"] if verb == "remove" else []
                    self.check_run(turnout(*example, *force, "--registry", registry), 0, stderr="")

    def test_examples_that_end_work(self):
        folder = self.folder()
        for command in ("score", "inspect", "check", "verify"):
            for example in commands_of(turnout(command, "--help").stdout):
                with self.subTest(" ".join(example)):
                    arguments = [str(folder / "predictions.csv") if word == "predictions.csv" else word
                                 for word in example]
                    self.check_run(turnout(*arguments), 0, stderr="")

    def test_version(self):
        self.check_run(turnout("--version"), 0, re.compile(r"turnout \d+\.\d+\.\d+\n"), "")


class WrongCommandLine(Case):
    def test_ends_with_2_and_says_where_help_is(self):
        for arguments in ((), ("predict",), ("serve",), ("serve", "--bogus", CONFIG), ("score", "--input", CUSTOMERS),
                          ("score", "--input", CUSTOMERS, "--output", "x.csv"),
                          ("score", "--endpoint", "churn", "--input", CUSTOMERS, "--output", "x.csv"),
                          ("score", "--model", MODEL, "--config", CONFIG, "--input", CUSTOMERS, "--output", "x.csv"),
                          ("stream",), ("registry",), ("registry", "push"), ("registry", "push", "churn:v1"), ("registry", "show"),
                          ("registry", "push", "churn:v1", MODEL, "--rows", ROWS), ("registry", "lst"),
                          ("registry", "push", "churn:v1", MODEL, "--label", "y"),
                          ("registry", "show", "churn", "--part", "all"), ("registry", "tag", "churn"), ("inspect",), ("inspect", MODEL, "more"), ("explain", MODEL), ("check",), ("verify",),
                          ("verify", MODEL, "--rows", ROWS), ("verify", "--modes", CONFIG),
                          ("verify", MODEL, "--rows", ROWS, "--expected", EXPECTED, "--modes", CONFIG),
                          ("verify", MODEL, "--rows", ROWS, "--expected", EXPECTED, "--tolerance", "-1")):
            with self.subTest(" ".join(arguments)):
                self.check_run(turnout(*arguments), 2, "", re.compile(r"(?s).+\n.*--help.*\n"))


class Inspect(Case):
    def test_people(self):
        done = turnout("inspect", MODEL)
        self.check_run(done, 0, stderr="")
        for line in (r"library +scikit-learn 1\.9\.1", r"estimator +sklearn\.ensemble\._gb\.GradientBoostingClassifier",
                     r"forest +100 trees, 1492 nodes, 796 leaves, depth 3, 1 raw score", r"classes +0, 1",
                     r"inputs +5", r"  monthly_charges +number", r"  portable +fits",
                     r"  linear +no: the predictor is a forest"):
            self.assertRegex(done.stdout, rf"(?m)^{line}$")

    def test_json(self):
        done = turnout("inspect", "--json", MODEL)
        self.check_run(done, 0, stderr="")
        self.assertEqual(done.stdout.count("\n"), 1)
        model = json.loads(done.stdout)
        self.assertEqual((model["library"], model["version"], model["task"]), ("scikit-learn", "1.9.1", "classification"))
        self.assertEqual(model["bytes"], (ROOT / MODEL).stat().st_size)
        self.assertEqual(model["forest"], model["forest"] | {"trees": 100, "nodes": 1492, "leaves": 796, "depth": 3})
        self.assertEqual(model["classes"], ["0", "1"])
        self.assertEqual([i["name"] for i in model["inputs"]],
                         ["age", "income", "tenure_months", "monthly_charges", "plan"])
        self.assertEqual({e["name"]: e["fits"] for e in model["engines"]},
                         {"portable": True, "sparse": False, "linear": False, "rows": True, "reference": True})

    def test_support(self):
        done = turnout("inspect", "--support")
        self.check_run(done, 0, stderr="")
        for line in (r"scikit-learn +1\.1 to 1\.9 +predictor +ensemble\.GradientBoostingClassifier",
                     r"scikit-learn +1\.1 to 1\.9 +transformer +preprocessing\.OneHotEncoder",
                     r"LightGBM +3\.3 to 4\.7 +file +model\.txt"):
            self.assertRegex(done.stdout, rf"(?m)^{line}$")
        listed = json.loads(turnout("inspect", "--support", "--json").stdout)
        self.assertEqual(len(listed), done.stdout.count("\n") - 1)
        names = [(row["library"], row["role"], row["name"]) for row in listed]
        self.assertEqual(names, sorted(set(names)))

    def test_no_such_file(self):
        self.check_run(turnout("inspect", "no/such.pkl"), 4, "",
                       "turnout: no/such.pkl: cannot open: No such file or directory\n")

    def test_other_files(self):
        self.check_run(turnout("inspect", "examples"), 3, "", "turnout: examples: cannot read: Is a directory\n")
        self.check_run(turnout("inspect", "tools/README.md"), 3, "",
                       re.compile(r"turnout: tools/README\.md: .*of no known model format.*\n"))
        self.check_run(turnout("inspect", CUSTOMERS), 3, "", re.compile(rf"turnout: {CUSTOMERS}: .*not a pickle.*\n"))

    def test_estimator_that_is_not_supported(self):
        """A pickle of protocol 2 whose one object is of a class that scikit-learn has and we have not."""
        path = self.folder() / "process.pkl"
        path.write_bytes(b"\x80\x02csklearn.gaussian_process._gpc\nGaussianProcessClassifier\n)\x81}X\x10\x00\x00\x00_sklearn_versionX\x05\x00\x00\x00"
                         b"1.5.2sb.")
        done = turnout("inspect", path)
        self.check_run(done, 3, "", re.compile(r"turnout: .*process\.pkl: .*GaussianProcessClassifier.*--support.*\n"))


class Explain(Case):
    def test_people(self):
        done = turnout("explain", CONFIG, json.dumps(GOOD_ROW))
        self.check_run(done, 0, stderr="")
        for line in (r"  plan +2", r"  income +55000\.5", r"  0 +node 7 +0\.10218968880505817", r"raw +0\.1052\d+",
                     r"probability  0: 0\.4737\d+", r"             1: 0\.5262933940868065", r"predicts +1"):
            self.assertRegex(done.stdout, rf"(?m)^{line}$")
        self.assertEqual(len(re.findall(r"(?m)^  \d+ +node", done.stdout)), 100)

    def test_programs(self):
        """A bare model, asked by a file; and standard input."""
        row = {"age": 42, "income": 55000.5, "tenure_months": 18, "monthly_charges": 79.5, "plan": 2}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(json.dumps(row))
            file.flush()
            done = turnout("explain", MODEL, file.name, "--json")
            self.check_run(done, 0, stderr="")
        explained = json.loads(done.stdout)
        self.assertEqual(explained["inputs"], row)
        self.assertEqual([f["name"] for f in explained["features"]], list(row))
        self.assertEqual(len(explained["trees"]), 100)
        self.assertEqual(explained["prediction"], "1")
        self.assertEqual(explained["probabilities"]["1"], 0.5262933940868065)
        self.assertEqual(turnout("explain", MODEL, "-", "--json", stdin=json.dumps(row).encode()).stdout, done.stdout)

    def test_bad_rows(self):
        self.check_run(turnout("explain", CONFIG, json.dumps(GOOD_ROW | {"age": 15, "plan": "gold"})), 3, "",
                       "turnout: the row is refused\n  age: Age must be between 18 and 120\n"
                       "  plan: Unknown plan: gold\n")
        self.check_run(turnout("explain", CONFIG, "{"), 3, "", re.compile(r"turnout: the row: byte 1: .*\n"))
        self.check_run(turnout("explain", CONFIG, "no/such.json"), 4, "",
                       "turnout: no/such.json: cannot open: No such file or directory\n")
        self.check_run(turnout("explain", CONFIG, "{}", "--endpoint", "risk"), 3, "",
                       "turnout: examples/churn/server.yaml: there is no endpoint 'risk'; there are: churn\n")


class HostileFiles(Case):
    def test_attack_is_refused_and_named(self):
        for name, what in (("system_p0", r"(posix|os)\.system"), ("builtin_eval", r"builtins\.eval"),
                           ("call_subprocess_Popen", r"subprocess\.Popen"), ("exec_p4", r"builtins\.exec")):
            for command in (("inspect", HOSTILE / f"{name}.pkl"),
                            ("serve", HOSTILE / f"{name}.pkl", "--listen", "127.0.0.1:0"),
                            ("verify", HOSTILE / f"{name}.pkl", "--rows", ROWS, "--expected", EXPECTED)):
                with self.subTest(name, command=command[0]):
                    self.check_run(turnout(*command), 3, "", re.compile(
                        rf"turnout: .*{name}\.pkl: byte \d+: .*{what}.*nothing was run\)\n"))

    def test_every_hostile_file_has_its_message(self):
        def limit():  # bounded memory, whatever a file says
            if not SANITIZED:
                resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
        cases = sorted(HOSTILE.glob("*.txt"))
        self.assertGreater(len(cases), 100)
        for case in cases:
            path = case.with_suffix(".pkl")
            start = time.monotonic()
            done = turnout("inspect", path, preexec_fn=limit)
            with self.subTest(path.name):
                message = case.read_text().strip()
                # What the first bytes tell is told before the pickle reader is asked.
                exact = ".+" if message.startswith("byte 0:") else re.escape(message)
                self.check_run(done, 3, "", re.compile(rf"turnout: {re.escape(str(path))}: {exact}\n"))
                if not SANITIZED:
                    self.assertLess(time.monotonic() - start, 2)

    def test_model_cut_short_anywhere(self):
        whole = (ROOT / MODEL).read_bytes()
        folder = self.folder()
        path = folder / "cut.pkl"
        steps = list(range(0, 600, 7)) + list(range(600, len(whole), len(whole) // 60)) + [len(whole) - 1]
        for size in steps:
            path.write_bytes(whole[:size])
            done = turnout("inspect", path)
            with self.subTest(size=size):
                self.check_run(done, 3, "", re.compile(r"turnout: .*cut\.pkl: .+\n"))


class Check(Case):
    BAD = """\
listen: {http: 127.0.0.1}
thread: 2
endpoints:
  churn:
    contract: contract.yaml
    objective: {p99: fast}
"""

    def problems(self, path):
        return [f"{path}:1: listen.http: '127.0.0.1' is not address:port, such as 0.0.0.0:8080",
                f"{path}:2: thread: no such setting; did you mean 'threads'?",
                f"{path}:5: endpoints.churn.versions: a version is needed, such as {{v1: {{model: model.pkl}}}}",
                f"{path}:6: endpoints.churn.objective.p99: 'fast' is not a duration; write 500ms, 2s or 1m30s"]

    def bad(self):
        path = self.folder() / "bad.yaml"
        path.write_text(self.BAD)
        return path

    def test_good(self):
        self.check_run(turnout("check", CONFIG), 0,
                       "endpoint churn: 6 fields, version v2.1.0 (sklearn.ensemble._gb.GradientBoostingClassifier), "
                       f"engine portable\n{CONFIG}: good\n", "")

    def test_every_problem_with_file_and_line(self):
        path = self.bad()
        self.check_run(turnout("check", path), 1, f"{path}: 4 problems\n", "\n".join(self.problems(path)) + "\n")

    def test_json(self):
        done = turnout("check", "--json", CONFIG)
        self.check_run(done, 0, stderr="")
        self.assertEqual(json.loads(done.stdout), {"ok": True, "problems": []})
        path = self.bad()
        done = turnout("check", "--json", path)
        self.check_run(done, 1, stderr="")
        self.assertEqual(json.loads(done.stdout), {"ok": False, "problems": self.problems(path)})

    def test_problems_of_contracts_and_models(self):
        folder = self.folder()
        (folder / "contract.yaml").write_text("name: churn\nfields:\n  - {name: age, type: integer}\n")
        (folder / "server.yaml").write_text(
            f"endpoints:\n  a: {{contract: contract.yaml, versions: {{v1: {{model: {ROOT / MODEL}}}}}}}\n"
            "  b: {versions: {v1: {model: none.pkl}}}\n")
        done = turnout("check", folder / "server.yaml")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rf"(?m)^{folder}/contract\.yaml:3: .*integer")
        self.assertRegex(done.stderr, rf"(?m)^{folder}/none\.pkl: cannot open: No such file or directory$")

    def test_settings(self):
        done = turnout("check", "--settings")
        self.check_run(done, 0, stderr="")
        self.assertIn("| `endpoints.<name>.objective.p99` |", done.stdout)

    def test_serve_says_the_same(self):
        path = self.bad()
        self.check_run(turnout("serve", path), 3, "", "turnout: " + "\n".join(self.problems(path)) + "\n")

    def test_no_such_file(self):
        for command in (("check", "none.yaml"), ("serve", "none.yaml"), ("stream", "none.yaml"),
                        ("score", "--config", "none.yaml", "--endpoint", "a", "--input", CUSTOMERS, "--output", "x"),
                        ("verify", "--modes", "none.yaml", "--rows", CUSTOMERS)):
            with self.subTest(command[0]):
                self.check_run(turnout(*command), 4, "", "turnout: none.yaml: cannot open: No such file or directory\n")

    def test_address_that_is_none(self):
        self.check_run(turnout("serve", CONFIG, "--listen", "1.2.3"), 3, "",
                       "turnout: '1.2.3' is not address:port, such as 0.0.0.0:8080\n")

    def test_stream_without_streams(self):
        self.check_run(turnout("stream", CONFIG), 3, "", f"turnout: {CONFIG}: no `streams:` in it; `turnout check "
                                                         "--settings` lists what a stream needs\n")


class Verify(Case):
    def changed(self):
        path = self.folder() / "expected.csv"
        text = (ROOT / EXPECTED).read_text()
        self.assertIn("0.5262933940868065", text)
        path.write_text(text.replace("0.5262933940868065", "0.5262933940868064"))
        return path

    def test_holds(self):
        done = turnout("verify", MODEL, "--rows", ROWS, "--expected", EXPECTED)
        self.check_run(done, 0, re.compile(r"10 rows, 5 columns\n(  \S+ +largest difference 0 +good\n){5}all hold\n"), "")

    def test_one_bit_is_a_difference(self):
        done = turnout("verify", MODEL, "--rows", ROWS, "--expected", self.changed())
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^  proba:1 +largest difference 1\.1\d*e-16 +1 rows differ; row 1: "
                                      r"got 0\.5262933940868065, expected 0\.5262933940868064$")
        self.assertTrue(done.stdout.endswith("\nanswers differ (tolerance 0)\n"), done.stdout)

    def test_tolerance(self):
        done = turnout("verify", MODEL, "--rows", ROWS, "--expected", self.changed(), "--tolerance", "1e-12")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_json(self):
        for path, ok in ((EXPECTED, True), (self.changed(), False)):
            done = turnout("verify", "--json", MODEL, "--rows", ROWS, "--expected", path)
            self.assertEqual(done.returncode, 0 if ok else 1)
            result = json.loads(done.stdout)
            self.assertEqual((result["ok"], result["rows"], len(result["columns"])), (ok, 10, 5))

    def test_every_engine(self):
        for engine in ("portable", "reference"):
            done = turnout("verify", MODEL, "--rows", ROWS, "--expected", EXPECTED, "--engine", engine)
            self.assertEqual(done.returncode, 0, done.stdout)
        done = turnout("verify", MODEL, "--rows", ROWS, "--expected", EXPECTED, "--engine", "linear")
        self.check_run(done, 3, "", re.compile(r"turnout: .*linear.*the predictor is a forest.*\n"))

    def test_rows_without_a_column(self):
        path = self.folder() / "rows.csv"
        path.write_text((ROOT / ROWS).read_text().replace("income", "incomes", 1))
        done = turnout("verify", MODEL, "--rows", path, "--expected", EXPECTED)
        self.check_run(done, 3, "", re.compile(rf"turnout: {path}: .*income.*\n"))

    def test_fewer_answers_than_rows(self):
        path = self.folder() / "expected.csv"
        path.write_text("".join((ROOT / EXPECTED).read_text().splitlines(keepends=True)[:-1]))
        done = turnout("verify", MODEL, "--rows", ROWS, "--expected", path)
        self.check_run(done, 3, "", re.compile(r"turnout: .*\b9\b.*\n|turnout: .*\b10\b.*\n"))


if __name__ == "__main__":
    main()
