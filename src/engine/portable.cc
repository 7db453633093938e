#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "engine/column_program.h"
#include "engine/engines.h"
#include "engine/shallow_trees.h"
#include "engine/walk.h"

namespace turnout {
namespace {

// From this many rows on, rows go through a tree together; below it, trees walk a row together.
constexpr std::size_t kBatchFrom = 12;
constexpr std::size_t kShallowBatchFrom = 8;

// Walks at once; what is left over takes fewer. Sixteen do not fit the registers, yet beat eight by a fifth:
// the spilled addresses cost less than the waiting.
constexpr int kLanes = 16;

template <class Real>
constexpr Real kNothingBelow = -std::numeric_limits<Real>::infinity();

// Trees that walk a row together.
struct Group {
  uint32_t first;
  int32_t count;
  int32_t depth;
};

// What a leaf adds: one number to the only score, its values from its tree's score on, or the value of a
// linear function to its tree's score.
enum class Leaves { kSingle, kValues, kLinear };

// `Sum` is what the scores are added in. They lie in memory as doubles in either case: a float is one too.
template <class Node, class Sum>
class Portable final : public Engine {
  using Real = typename Node::Real;
  static constexpr bool kNarrow = std::is_same_v<Node, NarrowNode>;
  static constexpr bool kDoubleSums = std::is_same_v<Sum, double>;

 public:
  Portable(const Model& model, ForestNodes<Node> nodes)
      : model_(model),
        forest_(std::get<Forest>(model.predictor)),
        program_(model),
        nodes_(std::move(nodes)),
        columns_(nodes_.cells.size() + 1) {
    for (uint32_t t = 0; t < forest_.trees();) {
      const std::size_t left = forest_.trees() - t;
      const int32_t count = left >= kLanes ? kLanes : left >= 8 ? 8 : left >= 4 ? 4 : 1;
      const auto depth = nodes_.depth.begin() + t;
      groups_.push_back({t, count, *std::max_element(depth, depth + count)});
      t += static_cast<uint32_t>(count);
    }
    leaves_ = !nodes_.linear_leaves.empty() ? Leaves::kLinear
              : forest_.outputs == 1        ? Leaves::kSingle
                                            : Leaves::kValues;
    if constexpr (kNarrow && kDoubleSums) {
      if (forest_.leaf_width == 1) shallow_ = ShallowTrees::Make(nodes_, forest_.targets);
    }
  }
  std::string_view name() const override { return "portable"; }

  void Score(std::span<const ColumnView> inputs, std::size_t rows, Workspace& workspace,
             Scores& scores) const override {
    Prepare(model_, rows, scores);
    const bool batch = rows >= (shallow_ ? kShallowBatchFrom : kBatchFrom);
    const std::size_t stride = std::min(rows, kBlockRows);
    const std::size_t sums = batch ? kBlockRows * scores.outputs : 0;
    // One column at least: `linear` is moved along the rows whatever the leaves are.
    const std::size_t linear_size = std::max<std::size_t>(nodes_.linear_features.size(), 1) * kBlockRows;
    const std::size_t scratch_size = program_.scratch() * stride;
    const std::size_t cells_size = columns_ * (batch ? kBlockRows : 1);
    constexpr bool kDouble = std::is_same_v<Real, double>;
    double* doubles =
        Scratch(workspace.doubles, sums + linear_size + scratch_size + (kDouble ? cells_size : 0));
    double* linear = doubles + sums;
    double* scratch = linear + linear_size;
    Real* cells = nullptr;
    if constexpr (kDouble) {
      cells = scratch + scratch_size;
    } else {
      cells = Scratch(workspace.floats, cells_size);
    }
    for (std::size_t first = 0; first < rows; first += kBlockRows) {
      const std::size_t n = std::min(kBlockRows, rows - first);
      program_.Run(inputs, first, n, scratch, stride, workspace);
      FillLinear(inputs, first, n, scratch, stride, linear);
      double* raw = scores.raw.data() + first * scores.outputs;
      if (batch) {
        FillBlock(inputs, first, n, scratch, stride, cells);
        switch (leaves_) {
          case Leaves::kSingle: ScoreBlock<Leaves::kSingle>(cells, n, linear, doubles, raw); break;
          case Leaves::kValues: ScoreBlock<Leaves::kValues>(cells, n, linear, doubles, raw); break;
          case Leaves::kLinear: ScoreBlock<Leaves::kLinear>(cells, n, linear, doubles, raw); break;
        }
        continue;
      }
      for (std::size_t r = 0; r < n; ++r, raw += scores.outputs) {
        FillRow(inputs, first, r, scratch, stride, cells);
        switch (leaves_) {
          case Leaves::kSingle: ScoreRow<Leaves::kSingle>(cells, linear + r, raw); break;
          case Leaves::kValues: ScoreRow<Leaves::kValues>(cells, linear + r, raw); break;
          case Leaves::kLinear: ScoreRow<Leaves::kLinear>(cells, linear + r, raw); break;
        }
      }
    }
    Finish(model_, 0, rows, scores);
  }

 private:
  // A number as a split compares it.
  Real Rounded(double x) const {
    if constexpr (kNarrow) return static_cast<float>(x);
    return static_cast<Real>(forest_.float32 ? static_cast<double>(static_cast<float>(x)) : x);
  }

  Real Convert(Cell::Kind kind, double x) const {
    if constexpr (requires { Node::kCodes; }) {
      if (kind == Cell::kCategoryCode) return std::bit_cast<double>(uint64_t{Code(x)});
    }
    if (kind == Cell::kValue) return Rounded(x);
    const bool missing = IsMissing(x) || (kind >= Cell::kZeroMissing && IsZero(Rounded(x)));
    if (!missing) return Rounded(x);
    return kind == Cell::kZeroMissing ? std::numeric_limits<Real>::quiet_NaN() : kNothingBelow<Real>;
  }

  static bool IsZero(Real x) { return std::fabs(static_cast<double>(x)) <= kZeroThreshold; }

  uint32_t Code(double x) const {
    if (IsMissing(x)) return kMissingCode;
    const int32_t category = CategoryOf(forest_.category_cast, Rounded(x));
    const uint32_t code = kFirstCode + static_cast<uint32_t>(category);
    return category >= 0 && code < Node::kCodes ? code : kOtherCode;
  }

  void FillRow(std::span<const ColumnView> inputs, std::size_t first, std::size_t r, const double* scratch,
               std::size_t stride, Real* cells) const {
    cells[kLeafColumn] = kNothingBelow<Real>;
    for (std::size_t c = 0; c < nodes_.cells.size(); ++c) {
      const Cell cell = nodes_.cells[c];
      const double x =
          program_.Column(static_cast<std::size_t>(cell.feature), inputs, first, scratch, stride)[r];
      cells[c + 1] = Convert(cell.kind, x);
    }
  }

  void FillBlock(std::span<const ColumnView> inputs, std::size_t first, std::size_t n, const double* scratch,
                 std::size_t stride, Real* cells) const {
    std::fill_n(cells, kBlockRows, kNothingBelow<Real>);
    for (std::size_t c = 0; c < nodes_.cells.size(); ++c) {
      const Cell cell = nodes_.cells[c];
      const double* x =
          program_.Column(static_cast<std::size_t>(cell.feature), inputs, first, scratch, stride);
      Real* to = cells + (c + 1) * kBlockRows;
      std::size_t r = 0;
      if (kNarrow && cell.kind == Cell::kValue) {
        for (; r + 8 <= n; r += 8) {  // eight at a time: the compiler makes vectors of them
          for (std::size_t j = 0; j < 8; ++j) to[r + j] = static_cast<Real>(x[r + j]);
        }
      }
      for (; r < n; ++r) to[r] = Convert(cell.kind, x[r]);
    }
  }

  // What linear leaves read, column by column.
  void FillLinear(std::span<const ColumnView> inputs, std::size_t first, std::size_t n, const double* scratch,
                  std::size_t stride, double* linear) const {
    for (const int32_t feature : nodes_.linear_features) {
      std::copy_n(program_.Column(static_cast<std::size_t>(feature), inputs, first, scratch, stride), n,
                  linear);
      linear += kBlockRows;
    }
  }

  static std::size_t LeafIndex(const Node* at) {
    return static_cast<std::size_t>(static_cast<int64_t>(at->threshold));
  }

  const double* Leaf(const Node* at) const {
    return nodes_.leaves.data() + LeafIndex(at) * static_cast<std::size_t>(forest_.leaf_width);
  }

  // As LeafValue in model/forest.h. `x` is the row's place in what FillLinear fills.
  double LinearValue(const Node* at, const double* x) const {
    const std::size_t leaf = LeafIndex(at);
    const LinearLeaf& linear = nodes_.linear_leaves[leaf];
    double sum = linear.constant;
    for (uint32_t t = linear.first; t < linear.first + linear.terms; ++t) {
      const LeafTerm& term = nodes_.leaf_terms[t];
      const double value = x[static_cast<std::size_t>(term.feature) * kBlockRows];
      if (IsMissing(value)) return nodes_.leaves[leaf];
      if (std::fabs(value) > kZeroThreshold) sum += term.weight * value;
    }
    return sum;
  }

  // Trees [tree, tree + N) walk one row; their leaves are added in tree order.
  template <int N, Leaves kLeaves>
  void AddTrees(std::size_t tree, int32_t depth, const Real* cells, const double* linear, double* raw) const {
    const Node* at[N];
#pragma GCC unroll 16
    for (int j = 0; j < N; ++j)
      at[j] = nodes_.nodes.data() + nodes_.roots[tree + static_cast<std::size_t>(j)];
    Walk<N>(at, depth, RowCells<Real>{cells}, nodes_.set_words.data());
    if constexpr (kLeaves == Leaves::kSingle) {
      auto sum = static_cast<Sum>(*raw);
#pragma GCC unroll 16
      for (int j = 0; j < N; ++j) sum += static_cast<Sum>(*Leaf(at[j]));
      *raw = sum;
    } else if constexpr (kLeaves == Leaves::kLinear) {
      for (int j = 0; j < N; ++j)
        AddTo(raw[forest_.targets[tree + static_cast<std::size_t>(j)]], LinearValue(at[j], linear));
    } else {
      for (int j = 0; j < N; ++j) Add(Leaf(at[j]), raw + forest_.targets[tree + static_cast<std::size_t>(j)]);
    }
  }

  static void AddTo(double& sum, double value) { sum = static_cast<Sum>(sum) + static_cast<Sum>(value); }

  void Add(const double* leaf, double* to) const {
    for (std::size_t k = 0; k < static_cast<std::size_t>(forest_.leaf_width); ++k) AddTo(to[k], leaf[k]);
  }

  template <Leaves kLeaves>
  void ScoreRow(const Real* cells, const double* linear, double* raw) const {
    for (std::size_t k = 0; k < forest_.base.size(); ++k) raw[k] = forest_.base[k];
    for (const Group& group : groups_) {
      switch (group.count) {
        case kLanes: AddTrees<kLanes, kLeaves>(group.first, group.depth, cells, linear, raw); break;
        case 8: AddTrees<8, kLeaves>(group.first, group.depth, cells, linear, raw); break;
        case 4: AddTrees<4, kLeaves>(group.first, group.depth, cells, linear, raw); break;
        default: AddTrees<1, kLeaves>(group.first, group.depth, cells, linear, raw); break;
      }
    }
    Divide(raw);
  }

  // N rows walk one tree. `cells` and `sums` are those of the first.
  template <int N, Leaves kLeaves>
  void AddRows(std::size_t tree, const Real* cells, const double* linear, double* sums) const {
    const Node* at[N];
#pragma GCC unroll 16
    for (int j = 0; j < N; ++j) at[j] = nodes_.nodes.data() + nodes_.roots[tree];
    Walk<N>(at, nodes_.depth[tree], BlockCells<Real>{cells}, nodes_.set_words.data());
    if constexpr (kLeaves == Leaves::kSingle) {
#pragma GCC unroll 16
      for (int j = 0; j < N; ++j) AddTo(sums[j], *Leaf(at[j]));
    } else if constexpr (kLeaves == Leaves::kLinear) {
      double* to = sums + forest_.targets[tree];
      for (int j = 0; j < N; ++j, to += forest_.outputs) AddTo(*to, LinearValue(at[j], linear + j));
    } else {
      double* to = sums + forest_.targets[tree];
      for (int j = 0; j < N; ++j, to += forest_.outputs) Add(Leaf(at[j]), to);
    }
  }

  // `sums` is kBlockRows x outputs. Rows beyond n, up to the next full set of lanes, hold cells of an earlier
  // block: their walks stay inside the trees and nobody reads their sums.
  template <Leaves kLeaves>
  void ScoreBlock(const Real* cells, std::size_t n, const double* linear, double* sums, double* raw) const {
    const std::size_t outputs = forest_.base.size();
    if constexpr (kNarrow && kDoubleSums) {
      if (shallow_) return ScoreShallow(cells, n, sums, raw);
    }
    for (std::size_t r = 0; r < kBlockRows; ++r) {
      for (std::size_t k = 0; k < outputs; ++k) sums[r * outputs + k] = forest_.base[k];
    }
    for (std::size_t tree = 0; tree < forest_.trees(); ++tree) {
      std::size_t r = 0;
      const auto add = [&]<int N>(std::integral_constant<int, N>) {
        AddRows<N, kLeaves>(tree, cells + r, linear + r, sums + r * outputs);
      };
      for (; r + 8 < n; r += kLanes) add(std::integral_constant<int, kLanes>());
      if (r + 4 < n) {
        add(std::integral_constant<int, 8>());
      } else if (r < n) {
        add(std::integral_constant<int, 4>());
      }
    }
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t k = 0; k < outputs; ++k) raw[r * outputs + k] = sums[r * outputs + k];
      Divide(raw + r * outputs);
    }
  }

  // The same without walks; `sums` is outputs x kBlockRows.
  void ScoreShallow(const float* cells, std::size_t n, double* sums, double* raw) const {
    const std::size_t outputs = forest_.base.size();
    for (std::size_t k = 0; k < outputs; ++k) {
      std::fill_n(sums + k * kBlockRows, kBlockRows, forest_.base[k]);
    }
    shallow_->Add(cells, n, sums);
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t k = 0; k < outputs; ++k) raw[r * outputs + k] = sums[k * kBlockRows + r];
      Divide(raw + r * outputs);
    }
  }

  void Divide(double* raw) const {
    if (forest_.divisor == 1) return;
    for (std::size_t k = 0; k < forest_.base.size(); ++k) {
      raw[k] = static_cast<Sum>(raw[k]) / static_cast<Sum>(forest_.divisor);
    }
  }

  const Model& model_;
  const Forest& forest_;
  ColumnProgram program_;
  ForestNodes<Node> nodes_;
  std::size_t columns_;  // cells per row, kLeafColumn among them
  std::vector<Group> groups_;
  Leaves leaves_ = Leaves::kSingle;
  std::optional<ShallowTrees> shallow_;  // in batches, instead of walks
};

template <class Node, class Sum>
std::unique_ptr<const Engine> Try(const Model& model) {
  // Steps can make NaN of numbers (0 / 0, an encoder's NaN), so only a bare forest is known to see none.
  bool missing = !model.steps.empty();
  for (const Input& input : model.signature.inputs) missing = missing || input.accepts_missing;
  ForestNodes<Node> nodes;
  if (!Arrange(std::get<Forest>(model.predictor), missing, nodes)) return nullptr;
  return std::make_unique<Portable<Node, Sum>>(model, std::move(nodes));
}

}  // namespace

std::unique_ptr<const Engine> CompilePortable(const Model& model) {
  if (std::get<Forest>(model.predictor).float32_sums) {
    if (auto engine = Try<NarrowNode, float>(model)) return engine;
    if (auto engine = Try<CategoricalNode, float>(model)) return engine;
    return Try<LargeSetNode, float>(model);
  }
  if (auto engine = Try<NarrowNode, double>(model)) return engine;
  if (auto engine = Try<WideNode, double>(model)) return engine;
  if (auto engine = Try<CategoricalNode, double>(model)) return engine;
  return Try<LargeSetNode, double>(model);
}

std::string PortableMisfit(const Model& model) {
  const auto* forest = std::get_if<Forest>(&model.predictor);
  if (forest == nullptr) return "the predictor is " + std::string(Name(model.predictor));
  for (const CategorySet& set : forest->sets) {
    if (set.words > kMostSetWords) {
      return "a split has categories beyond " + std::to_string(32 * kMostSetWords - 1);
    }
  }
  return {};
}

}  // namespace turnout
