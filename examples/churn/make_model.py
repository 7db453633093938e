"""Makes this example's model and data: .deps/py-golden-sklearn-new/bin/python examples/churn/make_model.py

models/churn-v2.1.0.pkl   100 trees fitted on 10,000 made-up customers; plan as a number, as feature code would give it
models/churn-v2.2.0.pkl   the next version, to be released: histograms instead of exact splits
customers.csv             1,000 other customers as a caller has them (plan as a word, a column that the model ignores);
                          five rows have a mistake, see BAD
rows.csv, expected.csv    ten rows of the model's own columns and scikit-learn's answers, for `turnout verify`
"""
import csv, math, pathlib, pickle, random

import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier

from make_rows import COLUMNS, PLANS, customers

HERE = pathlib.Path(__file__).parent
FEATURES = ["age", "income", "tenure_months", "monthly_charges", "plan"]
BAD = {101: ("age", "15"), 303: ("plan", "gold"), 505: ("income", "a lot"), 707: ("tenure_months", ""),
       909: ("age", "41.5")}


def table(n, seed):
    rows = pd.DataFrame(customers(n, seed), columns=COLUMNS[1:])
    return rows.assign(plan=rows.plan.map(PLANS).astype("int64"))[FEATURES]


def churned(t, seed):
    """Who leaves: new customers who pay much for their income; long ones and older ones stay."""
    r = random.Random(seed)
    z = (1.5 - 0.06 * t.tenure_months.clip(upper=70) + 0.05 * (t.monthly_charges - 55) - 1.2 * (t.plan == 2)
         - 0.035 * (t.age - 40) - 1.4 * (t.income / 45000).map(math.log) + 1.5 * (t.tenure_months % 12 == 11))
    return [int(r.random() < 1 / (1 + math.exp(-1.4 * v))) for v in z]


def write(name, header, rows):
    with open(HERE / name, "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows([header, *rows])


train = table(10_000, seed=1)
model = GradientBoostingClassifier(n_estimators=100, random_state=0).fit(train, churned(train, seed=2))
(HERE / "models").mkdir(exist_ok=True)
(HERE / "models" / "churn-v2.1.0.pkl").write_bytes(pickle.dumps(model))
following = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, random_state=0)
(HERE / "models" / "churn-v2.2.0.pkl").write_bytes(pickle.dumps(following.fit(train, churned(train, seed=2))))

rows = []
for i, customer in enumerate(customers(1_000, seed=3), start=1):
    row = dict(zip(COLUMNS, (f"C-{i:04}", *customer)))
    row["signup_channel"] = next(csv.reader([row["signup_channel"]]))[0]
    row.update([BAD[i]] if i in BAD else [])
    rows.append(row.values())
write("customers.csv", COLUMNS, rows)

few = pd.concat([pd.DataFrame([[42, 55000.5, 18, 79.5, 2]], columns=FEATURES), table(9, seed=4)])
write("rows.csv", FEATURES, few.astype(object).to_numpy().tolist())
labels = [f"proba:{c}" for c in model.classes_]
write("expected.csv", ["predict", *labels, "decision", "raw"],
      [[p, *q, d, d] for p, q, d in zip(model.predict(few).tolist(), model.predict_proba(few).tolist(),
                                        model.decision_function(few).tolist())])

p = model.predict_proba(table(1_000, seed=3))[:, 1]
print(f"1,000 customers: probability {p.min():.3f} to {p.max():.3f}, mean {p.mean():.2f}, {sum(p > .5)} would churn")
print("deciles", *(f"{q:.2f}" for q in pd.Series(p).quantile([i / 10 for i in range(1, 10)])))
