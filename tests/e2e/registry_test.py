#!/usr/bin/env python3
"""The registry: pushes that are killed, two at once, versions that are served."""
import json, os, random, signal, subprocess

from harness import GOOD_ROW, MODEL, PROGRAM, ROOT, Case, Client, Process, Server, main, turnout

CHURN = ROOT / "examples" / "churn"
SMALL = ROOT / "tests" / "golden" / "sklearn" / "lr_binary-new"


def seen(folder):
    """What a push changes, as it can be seen from outside: names and sizes of files."""
    state = []
    for path in (folder, folder / "files"):
        try:
            state += [(entry.name, entry.stat().st_size) for entry in os.scandir(path)]
        except FileNotFoundError:
            pass
    return sorted(state)


class Registry(Case):
    def setUp(self):
        self.registry = self.folder() / "registry"

    def run_registry(self, *arguments, status=0):
        done = turnout("registry", *arguments, "--registry", self.registry)
        self.check_run(done, status)
        return done

    def listed(self):
        return [version["reference"] for version in json.loads(self.run_registry("list", "--json").stdout)]

    def push_of(self, number):
        """The arguments of a push whose rows no other push has."""
        folder = self.folder()
        for name in ("rows.csv", "expected.csv"):
            lines = (SMALL / name).read_text().splitlines(keepends=True)
            (folder / name).write_text("".join(lines[:10 + number]))
        return ["registry", "push", f"linear:v{number}", SMALL / "model.pkl", "--registry", self.registry,
                "--rows", folder / "rows.csv", "--expected", folder / "expected.csv", "--tolerance", "1e-12"]

    def started_push(self, number):
        child = subprocess.Popen([PROGRAM, *map(str, self.push_of(number))], cwd=ROOT, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(child.stderr.close)
        return child

    def kill_after(self, child, changes):
        """Kills it once the folder has changed so often; whether it was still running."""
        before = seen(self.registry)
        while changes > 0 and child.poll() is None:
            now = seen(self.registry)
            changes -= now != before
            before = now
        child.kill()
        return child.wait() == -signal.SIGKILL

    def check_whole(self, finished):
        """Every version that is listed is whole, and none that was acknowledged is missing."""
        listed = self.listed()
        self.assertLessEqual(set(finished), set(listed))
        verified = json.loads(self.run_registry("verify", "--json").stdout)
        self.assertEqual((verified["ok"], verified["versions"], verified["good"], verified["problems"]),
                         (True, len(listed), len(listed), []))
        # Nothing is left but what the versions have.
        parts = {part["sha256"] for version in json.loads(self.run_registry("list", "--json").stdout)
                 for part in version["parts"].values()}
        self.assertEqual({path.name for path in (self.registry / "files").iterdir()}, parts)
        return verified["removed"]

    def test_killed_pushes(self):
        self.check_run(turnout(*self.push_of(0)), 0)
        finished, killed, removed, number = ["linear:v0"], 0, 0, 0
        draw = random.Random(20261122)
        while killed < 20:
            number += 1
            self.assertLess(number, 300, f"only {killed} pushes could be killed")
            if self.kill_after(self.started_push(number), draw.randrange(10)):
                killed += 1
                removed += len(self.check_whole(finished))
            else:
                finished.append(f"linear:v{number}")
        print(f"20 of {number} pushes killed; {removed} files of theirs removed")

    def test_killed_while_the_registry_is_made(self):
        killed, tries = 0, 0
        draw = random.Random(7)
        while killed < 20:
            tries += 1
            self.assertLess(tries, 300, f"only {killed} pushes could be killed")
            self.registry = self.folder() / "new" / "registry"
            if self.kill_after(self.started_push(1), draw.randrange(8)):
                killed += 1
                self.check_run(turnout(*self.push_of(2)), 0)
                self.check_whole(["linear:v2"])

    def test_two_pushers_at_once(self):
        numbers = range(1, 13)
        children = [self.started_push(number) for number in numbers]
        for child in children:
            self.assertEqual(child.wait(60), 0, child.stderr.read().decode())
        self.assertEqual(sorted(self.listed()), sorted(f"linear:v{number}" for number in numbers))
        self.assertEqual(self.check_whole([]), [])

    def test_what_is_pushed_is_served(self):
        """By alias, with the contract that it brought; a restart follows the alias."""
        for version in ("v1", "v2"):
            self.run_registry("push", f"churn:{version}", ROOT / MODEL, "--contract", CHURN / "contract.yaml",
                              "--rows", CHURN / "rows.csv", "--expected", CHURN / "expected.csv")
        self.run_registry("tag", "churn:v1", "stable")
        config = self.registry.parent / "server.yaml"
        config.write_text(json.dumps({"endpoints": {"churn": {"versions": {"live": {"model": "registry:churn@stable"}}}}}))
        for version in ("v1", "v2"):
            self.run_registry("tag", f"churn:{version}", "stable")
            with Server(config) as server:
                self.assertRegex(server.text(), rf" loaded .*model=registry:churn:{version} sha256=8c9230c8ff75 ")
                answer = server.ask("POST", "/predict", GOOD_ROW).json()
                self.assertEqual((answer["customer_id"], answer["prediction"], answer["confidence"]),
                                 ("C-1042", 1, 0.5262933940868065))
        # Once loaded, it does not need the registry.
        with Server(config) as server:
            self.run_registry("remove", "churn:v2", "--force")
            self.assertEqual(server.ask("POST", "/predict", GOOD_ROW).status, 200)
        self.check_run(turnout("check", config), 1, f"{config}: 1 problem\n",
                       f"{self.registry}: churn has no alias @stable (nor another); `turnout registry tag churn:v1 "
                       "stable` makes it\n")

    def test_a_rollout_to_a_version_of_the_registry(self):
        """By alias; the journal keeps the version that it stood for, also when the alias is gone."""
        for version in ("v1", "v2"):
            self.run_registry("push", f"churn:{version}", ROOT / MODEL, "--contract", CHURN / "contract.yaml")
        self.run_registry("tag", "churn:v1", "stable")
        self.run_registry("tag", "churn:v2", "candidate")
        config = self.registry.parent / "server.yaml"
        config.write_text(json.dumps({"listen": {"admin": "127.0.0.1:0"}, "state": "state", "endpoints": {"churn": {
            "strategy": {"post_promote_watch": "0s"}, "versions": {"v1": {"model": "registry:churn"}}}}}))

        def serve():
            server = self.started(Process("serve", config, "--listen", "127.0.0.1:0"))
            admin = server.wait_for_line(r" admin address=(\S+)")[1]
            server.port = int(server.wait_for_line(r" serving .*docs=http://127\.0\.0\.1:(\d+)/docs")[1])
            return server, admin

        def ask(server):
            with Client(server.port) as client:
                return client.ask("POST", "/predict", GOOD_ROW).json()["model_version"]

        server, admin = serve()
        self.check_run(turnout("rollout", "apply", "churn", "v2", "--model", "registry:churn@candidate", "--admin", admin), 0)
        self.check_run(turnout("rollout", "wait", "churn", "--timeout", "20", "--admin", admin), 0)
        self.assertEqual(ask(server), "v2")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        self.run_registry("tag", "churn:v2", "candidate", "--delete")
        server, admin = serve()
        self.assertEqual(ask(server), "v2")
        done = turnout("rollout", "apply", "churn", "v3", "--model", "registry:churn:v9", "--admin", admin)
        self.check_run(done, 0)
        self.check_run(turnout("rollout", "wait", "churn", "--timeout", "20", "--admin", admin), 11)
        self.assertEqual(ask(server), "v2")

    def test_a_damaged_version_is_not_served(self):
        self.run_registry("push", "churn:v1", ROOT / MODEL, "--tag", "stable")
        model = next(path for path in (self.registry / "files").iterdir() if path.name.startswith("8c9230c8ff75"))
        data = bytearray(model.read_bytes())
        data[70000] ^= 1
        model.write_bytes(data)
        done = turnout("serve", "registry:churn", "--registry", self.registry, "--listen", "127.0.0.1:0")
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"registry:churn:v1: {model}: damaged: its SHA-256 is ", done.stderr)
        self.run_registry("verify", status=1)


if __name__ == "__main__":
    main()
