"""Random LightGBM models for the sweep."""
import lightgbm as lgb

from random_tables import Drawn, numbers, target, with_holes


def pick(r, *choices): return choices[r.randint(len(choices))]


def draw(r):
    classes = pick(r, 0, 2, 2, 3, 5)
    n = r.randint(60, 400)
    table = numbers(r, n, r.randint(1, 9))
    y = target(r, table, classes)
    holes = float(pick(r, 0, 0.05, 0.3))
    if holes: table = with_holes(table, r, holes, list(table))
    options = dict(n_estimators=r.randint(1, 60), num_leaves=r.randint(2, 40), min_child_samples=pick(r, 1, 5, 20),
                   learning_rate=r.uniform(0.02, 0.5), reg_lambda=pick(r, 0.0, 2.0), subsample=pick(r, 1.0, 0.7), subsample_freq=1,
                   zero_as_missing=bool(r.randint(4) == 0), use_missing=bool(r.randint(5)), n_jobs=1, verbose=-1,
                   deterministic=True, random_state=r.randint(1000))
    few = [c for c in table if table[c].dropna().nunique() < 12 and (table[c].dropna() >= 0).all() and (table[c].dropna() % 1 == 0).all()]
    if few and r.randint(2): options["categorical_feature"] = [list(table).index(c) for c in few]
    elif r.randint(5) == 0: options.update(linear_tree=True, zero_as_missing=False)
    if r.randint(6) == 0: options.update(boosting_type="rf", subsample=0.7)
    if classes == 0: options["objective"] = pick(r, "regression", "regression_l1", "huber", "quantile", "mape", "fair")
    elif classes > 2: options["objective"] = pick(r, "multiclass", "multiclassova")
    model = (lgb.LGBMClassifier if classes else lgb.LGBMRegressor)(**options)
    kind = options.get("boosting_type", "gbdt") + (" linear" if "linear_tree" in options else "") + (
        " categorical" if "categorical_feature" in options else "")
    return Drawn(f"{options.get('objective', 'binary')} {kind} <- {options}", model,
                 table.set_axis([f"x{i}" for i in range(table.shape[1])], axis=1), y, unnamed=True, holes=holes)
