#!/usr/bin/env python3
"""Releases: every strategy under open-loop load, kill -9 at random instants, flips back and forth.

FAULTS=N   so many deaths, and five times as many flips (`make faults`: 200 and 1,000; `make test`: some)
SEED=N     the instants and verbs of an earlier run
"""
import json, os, random, re, shutil, statistics, time

from harness import DEADLINE, MODEL, ROOT, SANITIZED, Case, Process, Server, main, turnout, wait_for
from load import Load

CONTRACT = ROOT / "examples" / "churn" / "contract.yaml"
DEATHS = int(os.environ.get("FAULTS") or 10)
FLIPS = 5 * int(os.environ.get("FAULTS") or 8)
RATE = 200 if SANITIZED else 2000
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))


class Rollout(Case):
    def config(self, strategy=None, versions=("v1", "v2"), **more):
        """A configuration with an admin listener, a state folder and a strategy; the first version has all."""
        folder = self.folder()
        endpoint = {"contract": str(CONTRACT), "routing": {"override_header": "X-Version"},
                    "strategy": {"post_promote_watch": "0s"} | (strategy or {}),
                    "versions": {name: {"model": str(ROOT / MODEL), "share": 100 if name == versions[0] else 0}
                                 for name in versions}}
        path = folder / "server.yaml"
        path.write_text(json.dumps({"listen": {"admin": "127.0.0.1:0"}, "state": "state", "threads": 2,
                                    "endpoints": {"churn": endpoint | more}}))
        return path

    def serve(self, path):
        server = self.started(Process("serve", path, "--listen", "127.0.0.1:0"))
        server.admin = server.wait_for_line(r" admin address=(\S+)")[1]
        server.port = int(server.wait_for_line(r" serving .*docs=http://127\.0\.0\.1:(\d+)/docs")[1])
        server.state = path.parent / "state"
        server.client = lambda: Server.client(server)
        server.ask = lambda *arguments, **fields: Server.ask(server, *arguments, **fields)
        return server

    def rollout(self, server, *arguments, status=0):
        done = turnout("rollout", *arguments, "--admin", server.admin)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def status(self, server):
        return json.loads(self.rollout(server, "status", "churn", "--json").stdout)

    def audit(self, server):
        """The lines of the audit log, which must verify."""
        self.check_run(turnout("audit", "verify", server.state), 0)
        return [json.loads(line) for line in (server.state / "audit.jsonl").read_text().splitlines()]

    def check_answers(self, server, load):
        """No request failed, and every answer's version had a share in the generation that it names."""
        self.assertEqual(load.failed()[:5], [])
        self.assertEqual(len(load.answers), load.sent)
        shares = {}
        for line in self.audit(server):
            if "shares_after" in line:
                shares[line["generation"]] = line["shares_after"]
        for _, _, version, generation in load.answers:
            self.assertGreater(shares[generation][version], 0, f"{version} answered by generation {generation}")

    def test_canary(self):
        server = self.serve(self.config({"steps": "10% for 1s after 100 then 50% for 1s then 100%"}))
        self.check_run(turnout("rollout", "plan", "churn", "v2", "--admin", server.admin), 0,
                       "endpoint churn: v1 to v2, canary 10% for 1s after 100 then 50% for 1s then 100%\n"
                       "  step 1      10 % of the rows, for 1s at least, after 100 requests\n"
                       "  step 2      50 % of the rows, for 1s at least\n"
                       "  promotion   by itself\n  watch       0ms\n  gate        invalid_outputs\n"
                       "  takes       2s at least until the promotion\n")
        with Load(server.port, RATE) as load:
            self.rollout(server, "apply", "churn", "v2", "--reason", "better data")
            done = self.rollout(server, "wait", "churn", "--timeout", DEADLINE)
            self.assertRegex(done.stdout, r"^churn-1 Succeeded, step 2 of 2: watched for 0ms without harm\n$")
            wait_for("an answer of v2", lambda: load.answers[-1][2] == "v2")
        self.check_answers(server, load)
        self.assertEqual({version for _, _, version, _ in load.answers}, {"v1", "v2"})
        lines = self.audit(server)
        self.assertEqual([line.get("to") for line in lines if line["verb"] in ("apply", "load", "decide")],
                         ["Pending", "Ready", "Shifting", "Baking", "Shifting", "Baking", "Promoting", "Watching", "Succeeded"])
        self.assertEqual(next(line["reason"] for line in lines if line["verb"] == "apply"), "better data")
        # The configuration still says v1; the journal says what was promoted.
        server.signal(15)
        self.assertEqual(server.wait(), 0)
        again = self.serve(server.state.parent / "server.yaml")
        self.assertEqual(again.ask("GET", "/health").json()["model_version"], "v2")
        self.check_run(turnout("rollout", "history", "churn", "--admin", again.admin), 0,
                       re.compile(r"churn-1 +Succeeded +v1 to v2, canary .*: watched for 0ms without harm\n"), "")

    def test_bluegreen_from_a_file_previewed_and_back(self):
        model = self.folder() / "green.pkl"
        shutil.copy(ROOT / MODEL, model)
        server = self.serve(self.config({"auto_promote": "false"}, versions=("v1",)))
        with Load(server.port, RATE) as load:
            self.rollout(server, "apply", "churn", "green", "--model", model, "--strategy", "bluegreen")
            self.rollout(server, "wait", "churn", "--timeout", DEADLINE, status=12)  # it waits to be promoted
            row = {"customer_id": "C-1", "age": 42, "income": 1, "tenure_months": 1, "monthly_charges": 1, "plan": "basic"}
            self.assertEqual(server.ask("POST", "/predict", row, X_Version="green").json()["model_version"], "green")
            self.assertEqual(load.count(lambda answer: answer[2] == "green"), 0)
            model.unlink()  # what comes next reads no file
            self.rollout(server, "promote", "churn")
            wait_for("an answer of green", lambda: load.answers[-1][2] == "green")
            self.rollout(server, "wait", "churn", "--timeout", DEADLINE)
            self.rollout(server, "rollback", "churn", "--reason", "complaints")
            wait_for("an answer of v1", lambda: load.answers[-1][2] == "v1")
            self.rollout(server, "wait", "churn", "--timeout", DEADLINE)
        self.check_answers(server, load)

    def test_rolling(self):
        server = self.serve(self.config({"kind": "rolling", "bake": "500ms"}))
        with Load(server.port, RATE, connections=12) as load:
            self.rollout(server, "apply", "churn", "v2")
            self.rollout(server, "wait", "churn", "--timeout", DEADLINE)
            wait_for("an answer of v2", lambda: load.answers[-1][2] == "v2")
        self.check_answers(server, load)

    def test_recreate_refuses_for_a_metered_moment(self):
        server = self.serve(self.config({"kind": "recreate"}))
        with Load(server.port, RATE) as load:
            self.rollout(server, "apply", "churn", "v2")
            self.rollout(server, "wait", "churn", "--timeout", DEADLINE)
            wait_for("an answer of v2", lambda: load.answers[-1][2] == "v2")
        self.assertEqual(len(load.answers), load.sent)
        self.assertEqual({answer[1] for answer in load.answers} - {200, 503}, set())
        refused = load.count(lambda answer: answer[1] == 503)
        self.assertEqual(Server.metrics(server).get(
            'http_requests_total{endpoint="churn",route="predict",status="503"}', 0), refused)
        # The two never answer at the same time: nothing answers in the generations between them.
        generations = {version: {answer[3] for answer in load.answers if answer[2] == version} for version in ("v1", "v2")}
        self.assertLess(max(generations["v1"]), min(generations["v2"]))
        self.assertLess(self.status(server)["rollout"]["down_seconds"], 2)

    def shadow_counts(self, server, version):
        """(eligible, scored + dropped + queued) of a shadow."""
        metrics = Server.metrics(server)
        def value(name):
            of = f'shadow_{name}{{endpoint="churn",version="{version}"'
            return sum(value for series, value in metrics.items() if series.startswith(of))
        return value("eligible_total"), value("scored_total") + value("dropped_total") + value("queued_rows")

    def test_shadow(self):
        path = self.config({"kind": "shadow", "bake": "1s"})
        config = json.loads(path.read_text())
        config["endpoints"]["churn"]["versions"]["v3"] = {"model": str(ROOT / MODEL), "shadow": True}
        path.write_text(json.dumps(config))
        server = self.serve(path)
        with Load(server.port, RATE) as load:
            self.rollout(server, "apply", "churn", "v2")
            done = self.rollout(server, "wait", "churn", "--timeout", DEADLINE, status=12)
            self.assertIn("the shadow passed its gates, the last; it may be promoted", done.stdout)
        self.check_answers(server, load)
        self.assertEqual({answer[2] for answer in load.answers}, {"v1"})
        # Nothing of what was answered is unaccounted for: of v3, which was there all the time, it is every row.
        for version in ("v2", "v3"):
            eligible, found = self.shadow_counts(server, version)
            self.assertEqual(eligible, found)
            self.assertGreater(eligible, 100)
        self.assertEqual(self.shadow_counts(server, "v3")[0], len(load.answers))
        self.rollout(server, "promote", "churn", "--full")
        self.rollout(server, "wait", "churn", "--timeout", DEADLINE)
        self.assertEqual(server.ask("GET", "/health").json()["model_version"], "v2")

    def test_a_bad_file_never_takes_a_request(self):
        bad = self.folder() / "bad.pkl"
        bad.write_bytes((ROOT / MODEL).read_bytes()[:2000])
        server = self.serve(self.config(versions=("v1",)))
        with Load(server.port, RATE) as load:
            self.rollout(server, "apply", "churn", "v9", "--model", bad)
            done = self.rollout(server, "wait", "churn", "--timeout", DEADLINE, status=11)
            self.assertIn("bad.pkl", done.stdout)
        self.check_answers(server, load)
        # Another file under the name of one that failed is another version; under its own it may be repaired.
        shutil.copy(ROOT / MODEL, bad)
        self.rollout(server, "retry", "churn")
        self.rollout(server, "wait", "churn", "--timeout", DEADLINE)

    def test_a_candidate_without_traffic_is_not_promoted(self):
        server = self.serve(self.config({"steps": "10% for 100ms then 100%", "on_inconclusive": "abort"}))
        self.rollout(server, "apply", "churn", "v2")
        self.rollout(server, "wait", "churn", "--timeout", "1", status=124)
        shown = self.rollout(server, "explain", "churn").stdout
        self.assertIn("gate        step requests INCONCLUSIVE: 0 requests in this step, 1 needed\n", shown)
        self.rollout(server, "abort", "churn")
        self.rollout(server, "wait", "churn", "--timeout", DEADLINE, status=10)

    def test_a_route_that_was_set_outlives_a_death(self):
        path = self.config()
        server = self.serve(path)
        self.check_run(turnout("route", "set", "churn", "v1=70", "v2=30", "--admin", server.admin), 0)
        def versions():
            return [turnout("route", "explain", "churn", f"C-{i}", "--json", "--admin", server.admin).stdout for i in range(9)]
        before = versions()
        server.signal(9)
        server.wait()
        server = self.serve(path)
        self.assertEqual(self.status(server)["shares"], {"v1": 70, "v2": 30})
        self.assertEqual(versions(), before)
        done = turnout("rollout", "apply", "churn", "v2", "--admin", server.admin)
        self.check_run(done, 4, "", "turnout: the route is split (v1=70 v2=30): `turnout route set churn v1=100` first\n")

    def test_watch_tells_each_change(self):
        server = self.serve(self.config({"kind": "bluegreen"}))
        self.rollout(server, "apply", "churn", "v2")
        done = self.rollout(server, "watch", "churn", "--timeout", DEADLINE)
        self.assertRegex(done.stdout, r"(?m)^churn-1 Succeeded: watched for 0ms without harm$")

    def test_refusals(self):
        plain = self.folder() / "server.yaml"
        plain.write_text(json.dumps({"listen": {"admin": "127.0.0.1:0"}, "endpoints": {"churn": {
            "contract": str(CONTRACT), "versions": {"v1": {"model": str(ROOT / MODEL)}}}}}))
        server = self.serve(plain)
        done = turnout("rollout", "apply", "churn", "v2", "--admin", server.admin)
        self.check_run(done, 3, "", "turnout: rollouts need `state` in the configuration: a folder for their journal\n")
        server = self.serve(self.config())
        for arguments, status, message in (
                (("pause", "churn"), 4, "endpoint churn has no rollout in work; `apply` starts one"),
                (("apply", "churn", "v7"), 3, "endpoint churn has no version 'v7'; it has v1=100 v2=0; `--model` names the file of a new one"),
                (("apply", "churn", "v2", "--steps", "soon"), 3, "'soon' is not a share: percent such as 80 or 12.5 expected, or parts per million such as 125000ppm"),
                (("apply", "churn", "v2", "--strategy", "purple"), 3, "'purple' is not a strategy; there are recreate, rolling, bluegreen, canary, shadow"),
                (("status", "risk"), 4, "there is no endpoint 'risk'"),
                (("freeze", "churn", "--if-revision", "99"), 4, "endpoint churn is at revision 1, not 99: look at it again")):
            with self.subTest(" ".join(arguments)):
                self.check_run(turnout("rollout", *arguments, "--admin", server.admin), status, "", f"turnout: {message}\n")
        # Two servers do not share a folder.
        second = self.started(Process("serve", server.state.parent / "server.yaml", "--listen", "127.0.0.1:0"))
        self.assertEqual(second.wait(), 4)
        self.assertIn("another server works in this folder", second.text())

    def test_a_changed_audit_log_is_noticed(self):
        server = self.serve(self.config())
        self.rollout(server, "freeze", "churn", "--reason", "holidays")
        path = server.state / "audit.jsonl"
        path.write_text(path.read_text().replace("holidays", "Holidays"))
        self.check_run(turnout("audit", "verify", path), 1, f"{path}: line 2: its hash is not that of its text\n", "")

    def test_killed_at_random_instants(self):
        """After each death: an allowed state, served as the journal has it; journal and audit log in order."""
        chance = random.Random(SEED)
        path = self.config({"steps": "20% for 300ms after 1 then 60% for 300ms then 100%", "max_bake_factor": "100"},
                           versions=("v1", "v2", "v3"))
        phases, deaths = {}, 0
        while deaths < DEATHS:
            server = self.serve(path)
            with Load(server.port, 300, tolerate_restart=True) as load:
                status = self.status(server)
                self.check_allowed(server, status, load)
                if not status.get("rollout") or status["rollout"]["ended"]:
                    other = chance.choice([name for name in ("v1", "v2", "v3") if name != status["stable"]])
                    verb = chance.choice(["apply", "apply", "rollback" if status.get("previous") else "apply"])
                    arguments = ["apply", "churn", other] if verb == "apply" else ["rollback", "churn"]
                    if verb == "apply" and chance.random() < 0.4:
                        arguments += ["--strategy", chance.choice(["bluegreen", "rolling", "recreate"])]
                    turnout("rollout", *arguments, "--admin", server.admin)
                instant = time.monotonic() + chance.random() * 1.2
                while time.monotonic() < instant:
                    if chance.random() < 0.05:
                        turnout("rollout", chance.choice(["pause", "resume", "promote", "abort"]), "churn", "--admin", server.admin)
                    time.sleep(0.005)  # the instant is the test's chance, not a state that is waited for
                server.signal(9)
                server.wait()
                load.stop()
            deaths += 1
            self.check_run(turnout("audit", "verify", server.state), 0)
            phase = status.get("rollout", {}).get("phase", "none")
            phases[phase] = phases.get(phase, 0) + 1
            # The crash-loop rule is for candidates that kill the process; here it is the test.
            (server.state / "running.json").unlink()
        server = self.serve(path)
        self.check_allowed(server, self.status(server), None)
        # Every record begins where the one before it ended, over all deaths: nothing was lost, nothing came from nowhere.
        lines = [line for line in self.audit(server) if "shares_after" in line]
        for before, after in zip(lines, lines[1:]):
            self.assertEqual(after["shares_before"], before["shares_after"], after)
            self.assertGreaterEqual(after["generation"], before["generation"], after)
            self.assertEqual(after["revision"], before["revision"] + 1, after)
        print(f"  {deaths} deaths (SEED={SEED}); found after a restart: {phases}", flush=True)

    def check_allowed(self, server, status, load):
        self.assertEqual(sum(status["shares"].values()), 100, status)
        self.assertNotIn("refusal", status)
        rollout = status.get("rollout")
        wanted = {name for name, share in status["shares"].items() if share > 0}
        if rollout and not rollout["ended"]:
            self.assertLessEqual(wanted, {rollout["from"], rollout["to"]}, status)
        else:
            self.assertEqual(wanted, {status["stable"]}, status)
        if load is not None:
            wait_for("answers", lambda: len(load.answers) > 20)
            for _, code, version, generation in load.answers[:20]:
                self.assertIn(code, (200, 503))
                self.assertTrue(code == 503 or version in ("v1", "v2", "v3"))

    def test_a_candidate_that_kills_the_process_is_not_started_a_fourth_time(self):
        path = self.config({"steps": "10% for 10m then 100%"})
        server = self.serve(path)
        self.rollout(server, "apply", "churn", "v2")
        for death in range(3):
            wait_for("the candidate to bake", lambda: self.status(server)["rollout"]["phase"] == "Baking")
            server.signal(9)
            server.wait()
            server = self.serve(path)
        status = self.status(server)
        self.assertEqual(status["rollout"]["phase"], "RolledBack")
        self.assertEqual(status["rollout"]["why"],
                         "aborted: crash_loop: the process died 3 times within 10 minutes with it")
        self.assertEqual(status["shares"], {"v1": 100, "v2": 0})

    def test_flips(self):
        """Blue and green, back and forth under load: no failure, and the time from the verb to the first answer."""
        server = self.serve(self.config())
        self.rollout(server, "apply", "churn", "v2")
        self.rollout(server, "wait", "churn", "--timeout", DEADLINE)
        host, port = server.admin.split(":")
        admin = Server.client(type("At", (), {"port": int(port)})())
        times, stable = [], "v2"
        with Load(server.port, RATE) as load, admin:
            for _ in range(FLIPS):
                other = "v1" if stable == "v2" else "v2"
                def ended():
                    return admin.ask("GET", "/endpoints/churn/rollout").json()["rollout"]["ended"]
                wait_for("the rollout's end", ended)
                seen, start = len(load.answers), time.monotonic()
                reply = admin.ask("POST", "/endpoints/churn/rollout/rollback", {"reason": "flip"})
                self.assertEqual(reply.status, 200, reply.body)
                def first():
                    return next((answer for answer in load.answers[seen:] if answer[2] == other), None)
                times.append(wait_for(f"an answer of {other}", first)[0] - start)
                stable = other
        self.check_answers(server, load)
        times.sort()
        print(f"  {FLIPS} flips, {len(load.answers)} requests: verb to first answer median {1e3 * statistics.median(times):.1f} ms, "
              f"p99 {1e3 * times[int(0.99 * (len(times) - 1))]:.1f} ms, longest {1e3 * times[-1]:.1f} ms", flush=True)
        if not SANITIZED:
            self.assertLess(statistics.median(times), 0.1)


if __name__ == "__main__":
    main()
