#!/usr/bin/env python3
"""Shadows and the prediction log of a real server: every answered row is accounted for, and compared."""
import csv, json, signal

from harness import ROOT, Case, Process, Server, main, turnout, wait_for

EXAMPLE = ROOT / "examples" / "churn"
FIELDS = ["customer_id", "age", "income", "tenure_months", "monthly_charges", "plan"]


def customers():
    """The example's rows that are good."""
    bad = {"C-0101", "C-0303", "C-0505", "C-0707", "C-0909"}
    with open(EXAMPLE / "customers.csv", newline="") as f:
        return [{name: row[name] for name in FIELDS} for row in csv.DictReader(f) if row["customer_id"] not in bad]


class Compare(Case):
    def answered(self, log):
        """Serves with two shadows, answers 995 customers in batches and some alone; the metrics, and the log's folder."""
        folder = self.folder()
        model = lambda name: {"model": str(EXAMPLE / "models" / f"churn-{name}.pkl")}
        config = {"threads": 2, "prediction_log": {"folder": "log"} | log,
                  "endpoints": {"churn": {"contract": str(EXAMPLE / "contract.yaml"), "versions": {
                      "v2.1.0": model("v2.1.0"), "again": model("v2.1.0") | {"shadow": True},
                      "v2.2.0": model("v2.2.0") | {"shadow": True}}}}}
        path = folder / "server.yaml"
        path.write_text(json.dumps(config))
        server = self.started(Server(path))
        rows = customers()
        for first in range(0, len(rows), 50):
            self.assertEqual(server.ask("POST", "/predict/batch", rows[first:first + 50]).status, 200)
            # Before the queue of 4,096 rows can be full: a shadow may be slow on a machine that has other work.
            wait_for("the shadows", lambda: not any(v for k, v in server.metrics().items() if k.startswith("shadow_queued")))
        ids = [server.ask("POST", "/predict", row).fields["x-prediction-id"] for row in rows[:20]]
        wait_for("the log", lambda: not any(v for k, v in server.metrics().items() if "_queued_rows" in k))
        metrics = server.metrics()
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        return metrics, folder / "log", ids

    def test_every_row_is_accounted_for_and_compared(self):
        metrics, log, ids = self.answered({})
        rows = len(customers()) + len(ids)
        for version in ("again", "v2.2.0"):
            of = lambda name, more="": metrics[f'shadow_{name}{{endpoint="churn",version="{version}"{more}}}']
            dropped = sum(v for k, v in metrics.items() if k.startswith("shadow_dropped_total") and f'"{version}"' in k)
            self.assertEqual(of("eligible_total"), rows)
            self.assertEqual(of("scored_total") + dropped, rows)
        self.assertEqual(metrics['prediction_log_rows_total{result="queue_full"}'], 0)
        lines = [json.loads(line) for path in log.iterdir() for line in path.read_text().splitlines()]
        given = {line["id"]: line for line in lines if line["kind"] == "prediction"}
        self.assertEqual(len(given), rows)
        self.assertEqual(metrics['prediction_log_rows_total{result="written"}'], len(lines))
        self.assertTrue(set(ids) <= set(given))
        self.assertEqual(given[ids[0]]["fields"]["customer_id"], "C-0001")
        for line in lines:  # a shadow's line has the answer that was given
            if line["kind"] == "shadow":
                self.assertEqual(line["primary"]["scores"], given[line["id"]]["scores"])

        done = turnout("compare", log, "--json", "--by", "plan", "--html", log / "page.html")
        self.check_run(done, 0)
        compared = {one["shadow"]: one for one in json.loads(done.stdout)["comparisons"]}
        again, following = compared["again"], compared["v2.2.0"]
        self.assertEqual((again["agree"], again["largest_difference"]), (again["rows"], 0))
        self.assertEqual(again["rows"], metrics['shadow_scored_total{endpoint="churn",version="again"}'])
        self.assertLess(following["agree"], following["rows"])
        self.assertEqual(following["rows"] - following["agree"], sum(flip["rows"] for flip in following["flips"]))
        self.assertEqual({part["value"] for part in following["segments"]}, {"basic", "standard", "premium"})
        self.assertIn("churn: v2.2.0 beside v2.1.0", (log / "page.html").read_text())

    def test_a_sample_without_a_field(self):
        metrics, log, _ = self.answered({"sample": "0", "redact": "customer_id, income"})
        self.assertEqual(metrics['prediction_log_rows_total{result="written"}'], 0)
        done = turnout("compare", log)
        self.check_run(done, 4, "", f"turnout: {log}: no predictions-*.jsonl in it; `prediction_log.folder` of the server's "
                                    "configuration says where they are\n")

    def test_redacted_fields(self):
        _, log, _ = self.answered({"redact": "customer_id, income"})
        line = json.loads(next(log.iterdir()).read_text().splitlines()[0])
        self.assertEqual(sorted(line["fields"]), ["age", "monthly_charges", "plan", "tenure_months"])


if __name__ == "__main__":
    main()
