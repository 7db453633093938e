"""pandas_churn.py INPUT OUTPUT JOB_TIME   the peer of `turnout score`: the usual batch script."""
import pathlib
import pickle
import sys

import pandas as pd

MODEL = pathlib.Path(__file__).parents[2] / "examples/churn/models/churn-v2.1.0.pkl"
FEATURES = ["age", "income", "tenure_months", "monthly_charges", "plan"]
PLANS = {"basic": 0, "standard": 1, "premium": 2}

source, target, job_time = sys.argv[1:]
model = pickle.loads(MODEL.read_bytes())
customers = pd.read_csv(source)
features = customers.assign(plan=customers["plan"].map(PLANS))[FEATURES]
customers["churn_prediction"] = model.predict(features)
customers["churn_probability"] = model.predict_proba(features)[:, 1]
customers["scored_at"] = job_time
customers.to_csv(target, index=False)
