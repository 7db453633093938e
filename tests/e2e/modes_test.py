#!/usr/bin/env python3
"""One contract, every mode: REST, batches of REST, files and Kafka agree to the bit."""
import csv, json, random, unittest

from harness import CONFIG, CUSTOMERS, ROOT, Case, main, turnout
from kafka import Kafka


class Modes(Case):
    @classmethod
    def setUpClass(cls):
        cls.kafka = Kafka()
        cls.addClassCleanup(cls.kafka.stop)

    def check_agree(self, done, rows, refused):
        self.assertEqual(done.returncode, 0, f"{done.stdout}{done.stderr}")
        result = json.loads(done.stdout)
        self.assertTrue(result["ok"])
        return {mode["mode"]: (mode["rows"], mode["refused"], mode["different"]) for mode in result["modes"]}

    def test_customers_without_a_broker(self):
        done = turnout("verify", "--modes", CONFIG, "--rows", CUSTOMERS, "--json")
        self.assertEqual(self.check_agree(done, 1000, 5),
                         {mode: (1000, 5, 0) for mode in ("rest", "rest batch", "file")})

    def test_ten_thousand_rows_with_a_broker(self):
        """Rows as clients write them: numbers in every spelling, wrong ones, missing ones, texts with everything."""
        pick = random.Random(1)
        numbers = ["1", "0", "-0", "+3", "1e3", "1E-3", "0.1", ".5", "5.", "1e308", "1e309", "1e-400", "-1e-5", " 7 ", "nan",
                   "inf", "", " ", "0x10", "1,5", "41.0", "41.5", "9007199254740993", "1_000", "true", "null", "\u0664\u0661"]
        with (ROOT / CUSTOMERS).open() as file:
            customers = list(csv.DictReader(file))
        path = self.folder() / "rows.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(customers[0]))
            writer.writeheader()
            for index in range(10_000):
                row = dict(customers[index % len(customers)])
                for field in ("age", "income", "tenure_months", "monthly_charges"):
                    if pick.random() < 0.05:
                        row[field] = pick.choice(numbers)
                if pick.random() < 0.05:
                    row["plan"] = pick.choice(["gold", "", "Basic", " basic", "2", "\U0001f600", 'a "quoted"', "premium\n"])
                row["customer_id"] = pick.choice([row["customer_id"], f"C-{index}", "ä,ö", 'say "hi"', "two\nlines", "007"])
                writer.writerow(row)
        done = turnout("verify", "--modes", CONFIG, "--rows", path, "--brokers", self.kafka.address, "--json", timeout=240)
        modes = self.check_agree(done, 10_000, None)
        self.assertEqual(list(modes), ["rest", "rest batch", "file", "kafka"])
        refused = {refused for _, refused, _ in modes.values()}
        self.assertEqual(len(refused), 1)
        self.assertTrue(500 < refused.pop() < 5000)
        self.assertEqual({(rows, different) for rows, _, different in modes.values()}, {(10_000, 0)})

    def test_broker_that_is_not_there(self):
        done = turnout("verify", "--modes", CONFIG, "--rows", CUSTOMERS, "--brokers", "127.0.0.1:1", timeout=120)
        self.assertEqual(done.returncode, 4, f"{done.stdout}{done.stderr}")
        self.assertRegex(done.stderr, r"^turnout: .*127\.0\.0\.1:1\b.*\n$")


if __name__ == "__main__":
    main()
