"""Golden cases of scikit-learn's linear models."""
import numpy as np
from sklearn.linear_model import (ARDRegression, BayesianRidge, ElasticNet, ElasticNetCV, GammaRegressor, HuberRegressor,
                                  Lars, LarsCV, Lasso, LassoCV, LassoLars, LassoLarsCV, LassoLarsIC, LinearRegression,
                                  LogisticRegressionCV, MultiTaskElasticNet, MultiTaskLassoCV, OrthogonalMatchingPursuit,
                                  OrthogonalMatchingPursuitCV, PassiveAggressiveClassifier, PassiveAggressiveRegressor,
                                  Perceptron, PoissonRegressor, QuantileRegressor, Ridge, RidgeClassifier,
                                  RidgeClassifierCV, RidgeCV, SGDClassifier, SGDRegressor, TheilSenRegressor,
                                  TweedieRegressor)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC, LinearSVR

from cases import Case, four, lr, three, two
from tables import array, classes, counts, frame, real


def scaled(last): return make_pipeline(StandardScaler(), last)
def float32(t, seed): return array(t, seed).astype("float32")
def positive(t): return np.exp(real(t) / 200) + 0.1
def several(t): return np.column_stack([real(t), counts(t), np.abs(real(t))])
def sgd(**options): return SGDClassifier(random_state=0, **options)


BINARY = {"ridge_classifier": RidgeClassifier, "ridge_classifier_cv": RidgeClassifierCV, "perceptron": lambda: Perceptron(random_state=0),
          "passive_aggressive": lambda: PassiveAggressiveClassifier(random_state=0), "linear_svc": lambda: LinearSVC(random_state=0),
          "sgd_hinge": sgd, "sgd_squared_hinge": lambda: sgd(loss="squared_hinge"), "sgd_average": lambda: sgd(average=True),
          "sgd_log": lambda: sgd(loss="log_loss"), "sgd_huber": lambda: sgd(loss="modified_huber"),
          "lr_cv": lambda: LogisticRegressionCV(Cs=3, max_iter=3000)}
THREE = {"ridge_classifier": RidgeClassifier, "linear_svc": lambda: LinearSVC(random_state=0), "sgd_log": BINARY["sgd_log"],
         "sgd_huber": BINARY["sgd_huber"], "sgd_hinge": sgd, "passive_aggressive": BINARY["passive_aggressive"],
         "lr_cv": lambda: LogisticRegressionCV(Cs=3, max_iter=3000)}
REGRESSORS = {"ridge_cv": RidgeCV, "lasso": Lasso, "lasso_cv": LassoCV, "elastic_net": ElasticNet, "elastic_net_cv": ElasticNetCV,
              "bayesian_ridge": BayesianRidge, "ard": ARDRegression, "huber": lambda: HuberRegressor(max_iter=1000),
              "quantile": lambda: QuantileRegressor(solver="highs", alpha=0.01), "theil_sen": lambda: TheilSenRegressor(random_state=0, max_subpopulation=200),
              "lars": Lars, "lars_cv": LarsCV, "lasso_lars": lambda: LassoLars(alpha=0.1), "lasso_lars_cv": LassoLarsCV,
              "lasso_lars_ic": LassoLarsIC, "omp": OrthogonalMatchingPursuit, "omp_cv": OrthogonalMatchingPursuitCV,
              "sgd_regressor": lambda: SGDRegressor(random_state=0), "linear_svr": lambda: LinearSVR(random_state=0),
              "passive_aggressive_regressor": lambda: PassiveAggressiveRegressor(random_state=0),
              "linear_positive": lambda: LinearRegression(positive=True)}

BLAS = ["tolerance: 1e-12 (BLAS adds the products in an order of its own)"]
LINEAR = [
    *(Case(name, "two classes", frame, two, lambda make=make: scaled(make()), tolerances=BLAS)
      for name, make in BINARY.items()),
    *(Case(f"{name}_three", "three classes with string labels", array, three, lambda make=make: scaled(make()),
           tolerances=BLAS) for name, make in THREE.items()),
    *(Case(name, "regression", frame, real, lambda make=make: scaled(make()), tolerances=BLAS)
      for name, make in REGRESSORS.items()),
    Case("lr_float32", "fitted on float32", float32, two, lambda: scaled(lr())),
    Case("ridge_float32", "fitted on float32", float32, real, lambda: scaled(Ridge())),
    Case("lr_four_cholesky", "a solver that became multinomial in 1.6", array, four,
         lambda: scaled(lr(solver="newton-cholesky")), "new"),
    Case("lr_l1", "weights of zero", array, two, lambda: scaled(lr(penalty="l1", solver="liblinear"))),
    Case("poisson", "a logarithmic link", frame, counts, lambda: scaled(PoissonRegressor())),
    Case("gamma", "a logarithmic link", array, positive, lambda: scaled(GammaRegressor())),
    *(Case(f"tweedie_{name}", f"link {link}, power {power}", array, positive,
           lambda power=power, link=link: scaled(TweedieRegressor(power=power, link=link)))
      for name, power, link in [("log", 1.5, "auto"), ("identity", 0, "auto"), ("given", 0, "log")]),
    Case("linear_targets", "three targets", frame, several, LinearRegression),
    Case("ridge_targets", "three targets", array, several, lambda: scaled(Ridge())),
    Case("multi_task_lasso_cv", "three targets", array, several, lambda: scaled(MultiTaskLassoCV())),
    Case("multi_task_elastic_net", "three targets", array, several, lambda: scaled(MultiTaskElasticNet())),
]
