// Following the columns of a table through the steps, each with what has become of its input, of a missing
// value and of an unknown category on the way. Internal to formats/sklearn.
//
// scikit-learn finds out row by row what it can't take, and raises; here it is known when the file is read.
#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "formats/sklearn/domain.h"
#include "formats/sklearn/parts.h"

namespace turnout::sklearn {

// What the steps ask of one input.
struct Demand {
  bool number = false;                         // arithmetic, or the predictor itself
  bool text = false;                           // an imputer of texts
  const Categories* categories = nullptr;      // of the first encoder
  std::vector<const Categories*> closed = {};  // of encoders that refuse others
  std::vector<Value> stand_ins = {};           // for a missing value, which these encoders take as well
  bool refuses_missing = false;
  double largest = std::numeric_limits<double>::max();
  Domain domain;
};

// One column between the steps.
struct TracedColumn {
  static constexpr std::size_t kSeveral = ~std::size_t{0};

  std::size_t input = 0;       // kSeveral: made of several inputs
  std::vector<Hop> hops = {};  // from the input's value, when it is not encoded
  std::vector<const ImputeText*> fills = {};
  std::vector<std::size_t> fill_columns = {};
  const Categories* encoded_by = nullptr;  // the value is a code: always within every limit
  bool direct = true;                      // what was encoded is the input's value
  bool given = false;                      // it is always there, whatever the input is (an indicator)
  Value missing = {.number = std::numeric_limits<double>::quiet_NaN()};  // what a missing value is here;
                                                                         // missing itself: still so
  double unknown = 0;    // what an unknown category is here; NaN: missing
  double magnitude = 0;  // kSeveral: |x| is not larger
};

class Trace {
 public:
  // Values are not let into steps that mix columns if they are larger than `mixed`.
  Trace(const Signature& signature, double mixed)
      : signature_(signature), mixed_(mixed), demands_(signature.inputs.size()) {}

  Result<std::vector<TracedColumn>> Follow(const std::vector<Step>& steps, std::vector<TracedColumn> columns);
  // The columns have arrived at what `goal` says.
  Status Arrive(const std::vector<TracedColumn>& columns, const Goal& goal);

  const std::vector<Demand>& demands() const { return demands_; }
  bool mixes() const { return mixes_; }

 private:
  using Traced = std::vector<TracedColumn>;
  Status Through(const Step& step, const Impute& impute, Traced& columns);
  Status Through(const Step& step, const ImputeText& impute, Traced& columns);
  Status Through(const Step& step, const Indicate& indicate, Traced& columns);
  Status Through(const Step& step, const OneHot& encoder, Traced& columns);
  Status Through(const Step& step, const Ordinal& encoder, Traced& columns);
  Status Through(const Step& step, const TargetEncode& encoder, Traced& columns);
  Status Through(const Step& step, const Columns& parallel, Traced& columns);
  Status Through(const Step& step, const Normalize& normalize, Traced& columns);
  Status Through(const Step& step, const Products& products, Traced& columns);
  Status Through(const Step& step, const Project& project, Traced& columns);
  Status Through(const Step& step, const Vectorize& vectorize, Traced& columns);
  Status Through(const Step& step, const Members& members, Traced& columns);  // trace_members.cc
  Status AskFor(const Input& asked, const TracedColumn& column);
  template <ElementWise T>
  Status Through(const Step& step, const T& one, Traced& columns);

  Status ArriveOne(const TracedColumn& column, const Goal& goal);
  // The largest |x| of columns that a step mixes.
  Result<double> Mix(const Traced& columns);
  // A number of a column made of several inputs, behind an element-wise step.
  Status Grow(const Step& step, std::size_t at, TracedColumn& column);
  // The column as an encoder gives it; `code` maps FindCategory's answer to a number.
  template <class Code>
  Result<TracedColumn> Encoded(const TracedColumn& column, const Categories& categories, bool refuses_unknown,
                               Code code);
  std::unexpected<Error> Fails(std::size_t input, std::string_view what) const;

  const Signature& signature_;
  double mixed_;
  bool mixes_ = false;
  std::vector<Demand> demands_;
  std::deque<Categories> categories_;  // what members ask for
};

}  // namespace turnout::sklearn
