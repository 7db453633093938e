// A model file, parsed: complete, slow and obvious. It predicts one row at a time and is the oracle that
// every engine is held to.
//
// Loaders (formats/) fill it, CheckModel() makes sure of it, engines (engine/) compile from it. All data is
// plain; a checked model is never changed, so any number of threads may read it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "data/signature.h"
#include "model/bayes.h"
#include "model/calibration.h"
#include "model/combination.h"
#include "model/forest.h"
#include "model/linear.h"
#include "model/mlp.h"
#include "model/neighbours.h"
#include "model/step.h"
#include "model/svm.h"

namespace turnout {

// From raw scores to probabilities or to the value.
enum class Link : uint8_t {
  kIdentity,        // regression; forests whose raw scores are probabilities already
  kExp,             // regression on a log scale
  kExpit,           // binary: p1 = 1 / (1 + exp(-link_scale raw)), computed as scipy's expit does
  kSoftmax,         // exp(link_scale raw - largest), divided by their sum; one raw score d and two classes:
                    // of (-d, d) (multinomial logistic regression of two classes)
  kSoftmaxInOrder,  // the same with the sum taken in the order of the classes: HistGradientBoosting's
                    // (differs from kSoftmax in last bits from 8 classes on)
  kLogSumExp,      // exp(raw - log(sum of exp)): softmax as scikit-learn's GradientBoosting had it before 1.4
  kOneVsRest,      // expit of each, divided by their sum; all of them 0: equal shares
  kModifiedHuber,  // (raw cut to [-1, 1] + 1) / 2, of two classes p1, else divided by their sum; all of them
                   // 0: equal shares
  kEachExpit,      // 1 / (1 + exp(-link_scale raw)) of each, as they are (LightGBM's multiclassova)
  kLog1pExp,       // log1p(exp(raw)): a regression (LightGBM's cross_entropy_lambda)
  kSignedSquare,   // raw |raw|: a regression (LightGBM's sqrt)
  kExpFloat,       // XGBoost's, all in float32: exp of each value;
  kExpitFloat,     // p1 = 1 / (exp(min(-raw, 88.7)) + 1 + 1e-16), p0 = 1 - p1, of a classification; of a
                   // regression the one value p1;
  kSoftmaxFloat,   // softmax, the largest taken off;
  kStep,           // raw > 0: 1, else 0 (binary:hinge), classification or regression;
  kExpectiles,     // v0 = raw0, vk = v(k-1) + (1e-6 + log1p(exp(rawk))) (reg:expectileerror);
  kAscending,      // the values in ascending order (reg:quantileerror since 3.4)
  // Of predictors that give probabilities behind their scores (Model::extra):
  kGiven,            // the last raw scores, one of each class;
  kGivenSecond,      // p1 = the last raw score, p0 = 1 - p1;
  kGivenNormalised,  // as kGiven, divided by their sum; all of them 0: as they are
};

// How `predict` picks the class; ties go to the first class in all of them unless said otherwise.
enum class Decision : uint8_t {
  kNone,              // regression
  kLargest,           // the largest probability
  kLargestRaw,        // the largest raw score
  kRawAboveZero,      // binary: raw > 0 is class 1
  kRawFromZero,       // binary: raw >= 0 is class 1
  kLastLargestRaw,    // the largest raw score; ties go to the last class
  kLargestRounded,    // the largest raw score after rounding to whole numbers (votes)
  kPairVotes,         // a raw score for each pair of classes i < j: above 0 is a vote for i, else for j
  kRawFromThreshold,  // binary: the class Model::positive if its score (raw, or -raw of class 0) >= threshold
  kProbabilityFrom,   // binary: the class Model::positive if its probability >= threshold
};

// "softmax", "largest": for `inspect` and messages.
std::string_view Name(Link link);
std::string_view Name(Decision decision);

// Where it came from, for `inspect` and logs.
struct Origin {
  std::string format;              // "pickle"
  std::string library;             // "scikit-learn"
  std::string version;             // "1.9.1"; empty if the file does not say
  std::string estimator;           // "sklearn.ensemble._gb.GradientBoostingClassifier"
  std::vector<std::string> steps;  // "scale: StandardScaler", ... in order, the predictor last
  std::vector<std::pair<std::string, std::string>> facts = {};  // "objective" is "binary:logistic", ...
};

// What gives the raw scores. Each has `features` and `outputs`.
using Scorer = std::variant<Forest, Linear, Combination, Calibration, Svm, Neighbours, Gaussians, Mlp>;
// "a forest", "linear".
std::string_view Name(const Scorer& predictor);
// raw[0..outputs) for the row x[0..features).
void RawScores(const Scorer& predictor, const double* x, double* raw);

struct Model {
  Origin origin;
  Signature signature;
  std::vector<Step> steps;
  Scorer predictor;
  Link link = Link::kIdentity;
  double link_scale = 1;
  Decision decision = Decision::kNone;
  // Raw scores at the end that are not of the decision function: probabilities that the predictor gives
  // itself (Link::kGiven...), an anomaly detector's score_samples.
  int32_t extra = 0;
  double threshold = 0;  // Decision::kRawFromThreshold, kProbabilityFrom
  int32_t positive = 1;  // so: a class index
};

// Everything fits together: columns through steps, features, outputs against classes and link.
Status CheckModel(const Model& model);
// The same of a model inside of others; `level` counts them (kMaxStepNesting).
Status CheckModel(const Model& model, int level);

// Raw scores per row.
std::size_t Outputs(const Model& model);
// Those of them that are the decision function: the first.
std::size_t Decisions(const Model& model);
// Probabilities per row: 0 for a regression and for a classifier without them.
std::size_t Probabilities(const Model& model);
// Values per row of a regression, one per raw score; 0 for a classification.
std::size_t Values(const Model& model);

// What one row gives. `probabilities` has one value per class; it is empty for a regression and for a
// classifier without probabilities (Signature::probabilities).
struct Prediction {
  std::vector<double> raw;
  std::vector<double> probabilities;
  std::size_t class_index = 0;  // classification
  std::vector<double> values;   // regression
};

// `row` has one value per input of the signature and satisfies it (accepts_missing, largest, closed).
Prediction Predict(const Model& model, std::span<const Value> row);

// Raw scores (`raw`, `outputs` of them) to probabilities (`out`, one per class) or, of a regression, to as
// many values: the one implementation of every link, used by the slow model and by the engines. `scale` is
// Model::link_scale.
void ApplyLink(Link link, double scale, std::span<const double> raw, std::span<double> out);

// The index of the class that `predict` answers.
std::size_t Decide(Decision decision, std::span<const double> raw, std::span<const double> probabilities);
// The same by the model's decision and all of its raw scores.
std::size_t Decide(const Model& model, std::span<const double> raw, std::span<const double> probabilities);

}  // namespace turnout
