#!/usr/bin/env python3
"""Several versions behind one endpoint: shares by key, the same in every mode, changed while requests are answered."""
import csv, json, re, threading, unittest

from harness import CUSTOMERS, GOOD_ROW, MODEL, ROOT, Case, Process, Server, main, turnout

CONTRACT = ROOT / "examples" / "churn" / "contract.yaml"


class Route(Case):
    def config(self, versions, **routing):
        """A configuration with an admin listener on any free port."""
        path = self.folder() / "server.yaml"
        path.write_text(json.dumps({
            "listen": {"admin": "127.0.0.1:0"},
            "endpoints": {"churn": {"contract": str(CONTRACT), "routing": routing, "versions": {
                name: {"model": str(ROOT / MODEL), "share": share} for name, share in versions.items()}}}}))
        return path

    def serve(self, path):
        server = Process("serve", path, "--listen", "127.0.0.1:0")
        self.started(server)
        server.admin = server.wait_for_line(r" admin address=(\S+)")[1]
        server.port = int(server.wait_for_line(r" serving .*docs=http://127\.0\.0\.1:(\d+)/docs")[1])
        server.client = lambda: Server.client(server)
        server.ask = lambda *arguments, **fields: Server.ask(server, *arguments, **fields)
        return server

    def versions_of(self, server, keys):
        """{key: version}, one request a key."""
        found = {}
        with server.client() as client:
            for key in keys:
                reply = client.ask("POST", "/predict", GOOD_ROW | {"customer_id": key})
                self.assertEqual(reply.status, 200, reply.body)
                found[key] = reply.json()["model_version"]
                self.assertEqual(reply.fields["x-turnout-version"], found[key])
        return found

    def test_a_key_goes_to_the_same_version_in_every_mode(self):
        path = self.config({"v1": 70, "v2": "29.9999", "v3": "1ppm"})
        server = self.serve(path)
        with open(ROOT / CUSTOMERS, newline="") as file:
            rows = list(csv.DictReader(file))
        one_by_one = self.versions_of(server, [row["customer_id"] for row in rows])
        self.assertGreater(len(set(one_by_one.values())), 1)

        batch = server.ask("POST", "/predict/batch", [GOOD_ROW | {"customer_id": key} for key in one_by_one])
        self.assertEqual({answer["customer_id"]: answer["model_version"] for answer in batch.json()}, one_by_one)
        self.assertEqual(batch.fields["x-turnout-version"], "v1, v2")
        self.assertEqual(batch.fields["x-turnout-generation"], "1")

        # The file: the contract's columns and the version.
        contract = self.folder() / "contract.yaml"
        contract.write_text(re.sub(r"(?m)^columns:.*\n", "columns:\n  by: version\n", CONTRACT.read_text()))
        path.write_text(path.read_text().replace(str(CONTRACT), str(contract)))
        scored = self.folder() / "scored.csv"
        self.check_run(turnout("score", "--endpoint", "churn", "--config", path, "--input", CUSTOMERS, "--output", scored), 0)
        with open(scored, newline="") as file:
            by_file = {row["customer_id"]: row["by"] for row in csv.DictReader(file)}
        self.assertGreater(len(by_file), 2)
        self.assertEqual(by_file, {key: one_by_one[key] for key in by_file})
        for key in list(one_by_one)[:5]:
            shown = turnout("route", "explain", "churn", key, "--admin", server.admin)
            self.check_run(shown, 0, re.compile(rf"key {key} is in bucket \d+ of 1000000: version {one_by_one[key]} "
                                                r"\(generation 1\)\n"), "")

    def test_shares_grow_without_moving_back(self):
        server = self.serve(self.config({"v1": 100, "v2": 0}))
        keys = [f"C-{i}" for i in range(600)]
        before = self.versions_of(server, keys)
        self.assertEqual(set(before.values()), {"v1"})
        for generation, share in enumerate((1, 20, 60, 100), start=2):
            done = turnout("route", "set", "churn", f"v1={100 - share}", f"v2={share}", "--admin", server.admin)
            self.check_run(done, 0, re.compile(rf"endpoint churn, generation {generation}\n  v1 +{100 - share} %\n  v2 +{share} %\n"), "")
            # Each loop takes the table when its queue gets to it; a reply says by which it was routed.
            with server.client() as client:
                while client.ask("POST", "/predict", GOOD_ROW).fields["x-turnout-generation"] != str(generation):
                    pass
                now = {key: client.ask("POST", "/predict", GOOD_ROW | {"customer_id": key}).json()["model_version"]
                       for key in keys}
            self.assertFalse([key for key in keys if before[key] == "v2" and now[key] == "v1"])
            got = sum(version == "v2" for version in now.values())
            self.assertAlmostEqual(got, 6 * share, delta=4 * (600 * share / 100 * (1 - share / 100)) ** 0.5)
            before = now
        # v1 is still loaded: back in one step.
        done = turnout("route", "set", "churn", "v1=100", "--admin", server.admin, "--json")
        self.check_run(done, 0, '{"endpoint":"churn","generation":6,"shares":{"v1":100,"v2":0}}\n', "")

    def test_no_request_fails_while_the_route_changes(self):
        server = self.serve(self.config({"v1": 50, "v2": 50}))
        stop, answered, failed = threading.Event(), [], []

        def load():
            with server.client() as client:
                while not stop.is_set():
                    reply = client.ask("POST", "/predict/batch", [GOOD_ROW | {"customer_id": f"K-{i}"} for i in range(20)])
                    answered.append(reply.status)
                    if reply.status != 200 or any("error" in answer for answer in reply.json()):
                        failed.append(reply.body)

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        host, port = server.admin.split(":")
        for flip in range(300):
            share = flip % 101
            reply = Server.ask(type("Admin", (), {"client": lambda _: Server.client(type("At", (), {"port": int(port)})())})(),
                               "PUT", "/endpoints/churn/traffic_split", {"v1": 100 - share, "v2": share})
            self.assertEqual(reply.status, 200, reply.body)
            self.assertEqual(reply.fields["etag"], f'"{flip + 2}"')
        stop.set()
        for thread in threads:
            thread.join()
        self.assertGreater(len(answered), 20)
        self.assertEqual(failed, [])

    def test_testers_name_their_version(self):
        server = self.serve(self.config({"v1": 100, "v2": 0}, override_header="X-Version"))
        self.assertEqual(server.ask("POST", "/predict", GOOD_ROW, X_Version="v2").json()["model_version"], "v2")
        self.assertEqual(server.ask("POST", "/predict", GOOD_ROW).json()["model_version"], "v1")
        refused = server.ask("POST", "/predict", GOOD_ROW, X_Version="v9")
        self.assertEqual(refused.status, 422)
        self.assertEqual(refused.json(), {"detail": [{"loc": ["header", "X-Version"], "type": "enum",
                                                      "msg": "There is no such version; there are: v1, v2"}]})
        # Where the configuration names no header, none is looked at.
        plain = self.serve(self.config({"v1": 100, "v2": 0}))
        self.assertEqual(plain.ask("POST", "/predict", GOOD_ROW, X_Version="v2").json()["model_version"], "v1")

    def test_refusals(self):
        server = self.serve(self.config({"v1": 100, "v2": 0}))
        for arguments, status, message in (
                (("set", "churn", "v1=80", "v2=10"), 3, "the shares (v1 80, v2 10) sum to 90, not 100"),
                (("set", "churn", "v3=100"), 3, "endpoint churn has no version 'v3'; it has v1=100 v2=0"),
                (("set", "churn", "v1"), 3, "'v1' is not VERSION=SHARE, such as v2=12.5"),
                (("set", "churn", "v1=99.99999"), 3, "'99.99999' is not a share: at most four decimals, parts per million"),
                (("set", "risk", "v1=100"), 4, "there is no endpoint 'risk'"),
                (("show", "risk"), 4, "there is no endpoint 'risk'"),
                (("set", "churn", "v1=50", "v2=50", "--if-generation", "7"), 4,
                 "the route is at generation 1, not 7: look at it again")):
            with self.subTest(" ".join(arguments)):
                self.check_run(turnout("route", *arguments, "--admin", server.admin), status, "", f"turnout: {message}\n")
        self.check_run(turnout("route", "show", "churn", "--admin", server.admin), 0,
                       re.compile(r"endpoint churn, generation 1\n  v1 +100 %\n  v2 +0 %\n"), "")


if __name__ == "__main__":
    main()
