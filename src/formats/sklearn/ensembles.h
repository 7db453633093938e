// The loaders of estimators that are made of others, for load.cc's table. Internal to formats/sklearn.
//
// The others become members (model/members.h), a step of the model; what combines them becomes its predictor.
#pragma once

#include <string_view>
#include <vector>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {

// ---- members.cc
// The estimators of a list, each over all columns that reach `out`; at least one. The message names `list`.
Result<std::vector<Nested>> LoadNestedList(const Part& list, const Context& context, const Loaded& out);
// Appends the step; out.inputs is then the number of columns that come out of it.
void AddMembers(Members members, Loaded& out);
// What stands for the estimator where scikit-learn asks for its decision function or, without one, its
// probabilities; of two classes the second's.
Result<Give> ScoreOf(const Part& estimator, const Nested& nested);
// The index of each of the member's classes among `classes`.
Result<std::vector<int32_t>> PlacesOf(const Part& estimator, const Model& member,
                                      const std::vector<Label>& classes);
// An array attribute of one number per member; none if it is absent or None.
Result<std::vector<double>> MemberNumbers(const Part& estimator, std::string_view name,
                                          const Context& context, std::size_t members);

using LoadPredictor = Status(const Part& estimator, const Context& context, Loaded& out);
// ---- calibration.cc
LoadPredictor LoadCalibratedClassifier, LoadThresholdClassifier;
// ---- anomaly.cc
LoadPredictor LoadIsolationForest;
// ---- dummy.cc
LoadPredictor LoadDummy;
// ---- ensembles.cc
LoadPredictor LoadVoting, LoadStacking, LoadBagging, LoadAdaBoost;
// ---- multiple.cc
LoadPredictor LoadTransformedTarget, LoadMultiOutput, LoadOneVsRest;
// ---- svm.cc
LoadPredictor LoadSvc, LoadSvr, LoadOneClassSvm;
// ---- neighbours.cc
LoadPredictor LoadNeighbours, LoadKMeans;
// ---- bayes.cc
LoadPredictor LoadGaussianNb, LoadDiscreteNb, LoadCategoricalNb, LoadLinearDiscriminant,
    LoadQuadraticDiscriminant;
// ---- mlp.cc
LoadPredictor LoadMlp;

}  // namespace turnout::sklearn
