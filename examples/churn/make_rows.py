#!/usr/bin/env python3
"""make_rows.py N OUT.csv   writes N made-up customers, the same ones every time; for benchmarks and demonstrations.

Needs only Python's standard library. Past 200,000 rows the customers repeat in random order under new ids: that keeps
ten million rows at a few seconds, and 200,000 different ones are more than any cache or branch predictor remembers.
"""
import itertools, random, sys

COLUMNS = ["customer_id", "age", "income", "tenure_months", "monthly_charges", "plan", "signup_channel"]
PLANS = {"basic": 0, "standard": 1, "premium": 2}
CHANNELS = ["web", "store", "phone", '"friend, family"', '"ad ""summer"""']  # as CSV writes them
PRICE = {"basic": 32, "standard": 58, "premium": 96}
DISTINCT = 200_000


def customers(n, seed):
    """n tuples of the columns after customer_id."""
    r = random.Random(seed)
    plans, channels = list(PLANS), CHANNELS
    for _ in range(n):
        age = min(95, 18 + int(r.gammavariate(4.5, 6.5)))
        plan = r.choices(plans, (45, 35, 20))[0]
        income = round(r.lognormvariate(10.35 + min(age, 55) / 110 + PLANS[plan] / 8, 0.42), 2)
        tenure = min(180, int(r.expovariate(1 / 30)))
        charges = round(max(12.0, r.gauss(PRICE[plan], 14)), 2)
        yield age, income, tenure, charges, plan, r.choices(channels, (50, 20, 15, 10, 5))[0]


def main(n, out):
    lines = [",".join(map(str, c)) for c in customers(min(n, DISTINCT), seed=20)]
    r = random.Random(21)
    with open(out, "w", encoding="utf-8", newline="\n") as f:
        f.write(",".join(COLUMNS) + "\n")
        for start in range(0, n, 50_000):
            size = min(50_000, n - start)
            block = lines[start:start + size] if start < len(lines) else r.choices(lines, k=size)
            f.write("".join([f"C-{i},{line}\n" for i, line in zip(itertools.count(start + 1), block)]))


if __name__ == "__main__":
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        sys.exit("usage: make_rows.py N OUT.csv   (for example: make_rows.py 1000000 customers.csv)")
    main(int(sys.argv[1]), sys.argv[2])
