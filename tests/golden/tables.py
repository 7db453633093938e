"""The tables that models are fitted on and asked with, shared by the makers of golden cases."""
import numpy as np, pandas as pd

NUMBERS = ["age", "income", "tenure_months", "monthly_charges", "balance", "ratio"]
REGIONS = ["north", "south", "São Paulo", "Łódź", 'the "far", east']


# ---- tables ----------------------------------------------------------------------------------------------------------

def people(seed, n=500):
    r = np.random.RandomState(seed)
    return pd.DataFrame({
        "age": r.randint(18, 91, n), "income": np.exp(r.normal(10.4, 0.6, n)).round(2),
        "tenure_months": r.randint(0, 121, n), "monthly_charges": r.uniform(15, 140, n).round(2),
        "balance": r.normal(0, 900, n), "ratio": r.beta(2, 5, n) * 1e-3,
        "plan": r.choice(["basic", "standard", "premium"], n), "region": r.choice(REGIONS, n),
        "campaign": r.choice(["spring", "autumn"], n), "noise": r.normal(0, 0.4, n)})


def score(t):
    return (np.tanh((t.age - 50) / 15) - (np.log(t.income) - 10.4) * 0.7 + np.cos(t.tenure_months / 20)
            + t.monthly_charges / 70 * (t.plan == "premium") + np.sign(t.balance) * 0.5 + t.ratio * 900
            + 0.6 * t.region.map(REGIONS.index) % 1.1 + t.noise).to_numpy()


def classes(*labels):
    cuts = np.linspace(0, 1, len(labels) + 1)[1:-1]
    return lambda t: np.array(labels)[np.digitize(score(t), np.quantile(score(t), cuts))]


def real(t): return score(t) * 100
def counts(t): return np.random.RandomState(5).poisson(np.exp(score(t) / 2)).astype(float)


def holes(frame, seed, columns, share=0.12):
    frame = frame.copy()
    for i, c in enumerate(columns):
        frame[c] = frame[c].astype(object if c in ("plan", "region") else float)
        frame.loc[np.random.RandomState(seed + i).rand(len(frame)) < share, c] = np.nan
    return frame


def unnamed(frame): return frame.set_axis([f"x{i}" for i in range(frame.shape[1])], axis=1)


# Each kind of input: a function from people to the columns that the model is given. Unnamed ones are given as arrays.
def array(t, seed): return unnamed(t[NUMBERS])
def array_holes(t, seed): return unnamed(holes(t[NUMBERS], seed, NUMBERS))
def frame(t, seed): return t[NUMBERS]
def mixed(t, seed): return t[NUMBERS + ["plan", "region", "campaign"]]
def mixed_holes(t, seed): return holes(mixed(t, seed), seed, ["income", "balance", "plan", "region"])


def codes(t, seed):  # two columns of category numbers, neither of them first, among the numeric ones
    return unnamed(holes(pd.DataFrame({"a": t.income, "b": t.region.map(REGIONS.index) * 3 + (t.age % 3),
                                       "c": t.balance, "d": t.tenure_months // 12 % 6, "e": t.ratio}), seed, "bd"))
