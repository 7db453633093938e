#include <algorithm>
#include <cassert>
#include <limits>

#include "engine/column_program.h"
#include "engine/engines.h"
#include "engine/walk.h"

namespace turnout {
namespace {

// From this many rows on, rows walk a tree together; below it, trees walk a row together.
constexpr std::size_t kBatchFrom = 8;
constexpr int kTreeLanes = 8;
constexpr int kRowLanes = 8;

template <class Real>
constexpr Real kNothingBelow = -std::numeric_limits<Real>::infinity();

// Trees that walk a row together.
struct Group {
  uint32_t first;
  int32_t count;
  int32_t depth;
};

template <class Node>
class Portable final : public Engine {
  using Real = typename Node::Real;

 public:
  Portable(const Model& model, ForestNodes<Node> nodes)
      : model_(model),
        forest_(std::get<Forest>(model.predictor)),
        program_(model),
        nodes_(std::move(nodes)),
        columns_(nodes_.cells.size() + 1) {
    for (uint32_t t = 0; t < forest_.trees();) {
      const std::size_t left = forest_.trees() - t;
      const int32_t count = left >= kTreeLanes ? kTreeLanes : left >= 4 ? 4 : 1;
      const auto depth = nodes_.depth.begin() + t;
      groups_.push_back({t, count, *std::max_element(depth, depth + count)});
      t += static_cast<uint32_t>(count);
    }
  }
  std::string_view name() const override { return "portable"; }

  void Score(std::span<const ColumnView> inputs, std::size_t rows, Workspace& workspace,
             Scores& scores) const override {
    Prepare(model_, rows, scores);
    const bool batch = rows >= kBatchFrom;
    const std::size_t stride = std::min(rows, kBlockRows);
    const std::size_t sums = batch ? kBlockRows * scores.outputs : 0;
    const std::size_t scratch_size = program_.scratch() * stride;
    const std::size_t cells_size = columns_ * (batch ? kBlockRows : 1);
    constexpr bool kDouble = std::is_same_v<Real, double>;
    double* doubles = Scratch(workspace.doubles, sums + scratch_size + (kDouble ? cells_size : 0));
    double* scratch = doubles + sums;
    Real* cells = nullptr;
    if constexpr (kDouble) {
      cells = scratch + scratch_size;
    } else {
      cells = Scratch(workspace.floats, cells_size);
    }
    for (std::size_t first = 0; first < rows; first += kBlockRows) {
      const std::size_t n = std::min(kBlockRows, rows - first);
      program_.Run(inputs, first, n, scratch, stride);
      if (batch) {
        FillBlock(inputs, first, n, scratch, stride, cells);
        ScoreBlock(cells, n, doubles, scores.raw.data() + first * scores.outputs);
      } else {
        for (std::size_t r = 0; r < n; ++r) {
          FillRow(inputs, first, r, scratch, stride, cells);
          ScoreRow(cells, scores.raw.data() + (first + r) * scores.outputs);
        }
      }
    }
    Finish(model_, 0, rows, scores);
  }

 private:
  static Real Convert(Cell::Kind kind, bool float32, double x) {
    if (float32) x = static_cast<double>(static_cast<float>(x));
    if (kind == Cell::kMissingLow && IsMissing(x)) return kNothingBelow<Real>;
    if constexpr (std::is_same_v<Node, CategoricalNode>) {
      if (kind == Cell::kCategoryCode) {
        return std::bit_cast<double>(x >= 0 && x < 256 ? static_cast<uint64_t>(x)
                                                       : uint64_t{CodeSet::kMissingCode});
      }
    }
    return static_cast<Real>(x);
  }

  void FillRow(std::span<const ColumnView> inputs, std::size_t first, std::size_t r, const double* scratch,
               std::size_t stride, Real* cells) const {
    cells[kLeafColumn] = kNothingBelow<Real>;
    for (std::size_t c = 0; c < nodes_.cells.size(); ++c) {
      const Cell cell = nodes_.cells[c];
      const double x =
          program_.Column(static_cast<std::size_t>(cell.feature), inputs, first, scratch, stride)[r];
      cells[c + 1] = Convert(cell.kind, forest_.float32, x);
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
      for (std::size_t r = 0; r < n; ++r) to[r] = Convert(cell.kind, forest_.float32, x[r]);
    }
  }

  const double* Leaf(const Node* at, std::size_t tree) const {
    const auto leaf = static_cast<std::size_t>(static_cast<int64_t>(at->threshold));
    return nodes_.leaves.data() +
           (nodes_.first_leaf[tree] + leaf) * static_cast<std::size_t>(forest_.leaf_width);
  }

  template <int N>
  void WalkGroup(const Group& group, const Real* cells, const Node** at) const {
    for (int j = 0; j < N; ++j)
      at[j] = nodes_.nodes.data() + nodes_.roots[group.first + static_cast<uint32_t>(j)];
    Walk<N>(at, group.depth, RowCells<Real>{cells}, nodes_.sets.data());
  }

  void ScoreRow(const Real* cells, double* raw) const {
    const auto width = static_cast<std::size_t>(forest_.leaf_width);
    for (std::size_t k = 0; k < forest_.base.size(); ++k) raw[k] = forest_.base[k];
    for (const Group& group : groups_) {
      const Node* at[kTreeLanes];
      switch (group.count) {
        case kTreeLanes: WalkGroup<kTreeLanes>(group, cells, at); break;
        case 4: WalkGroup<4>(group, cells, at); break;
        default: WalkGroup<1>(group, cells, at); break;
      }
      for (int32_t j = 0; j < group.count; ++j) {
        const std::size_t tree = group.first + static_cast<std::size_t>(j);
        const double* leaf = Leaf(at[j], tree);
        double* to = raw + forest_.targets[tree];
        for (std::size_t k = 0; k < width; ++k) to[k] += leaf[k];
      }
    }
    Average(raw);
  }

  // `sums` is kBlockRows x outputs. Rows beyond n, up to the next multiple of kRowLanes, hold cells of an
  // earlier block: their walks stay inside the trees and nobody reads their sums.
  void ScoreBlock(const Real* cells, std::size_t n, double* sums, double* raw) const {
    const auto width = static_cast<std::size_t>(forest_.leaf_width);
    const std::size_t outputs = forest_.base.size();
    for (std::size_t r = 0; r < kBlockRows; ++r) {
      for (std::size_t k = 0; k < outputs; ++k) sums[r * outputs + k] = forest_.base[k];
    }
    for (std::size_t tree = 0; tree < forest_.trees(); ++tree) {
      const Node* root = nodes_.nodes.data() + nodes_.roots[tree];
      double* to = sums + forest_.targets[tree];
      for (std::size_t r = 0; r < n; r += kRowLanes) {
        const Node* at[kRowLanes];
        for (const Node*& p : at) p = root;
        Walk<kRowLanes>(at, nodes_.depth[tree], BlockCells<Real>{cells + r}, nodes_.sets.data());
        for (std::size_t j = 0; j < kRowLanes; ++j) {
          const double* leaf = Leaf(at[j], tree);
          for (std::size_t k = 0; k < width; ++k) to[(r + j) * outputs + k] += leaf[k];
        }
      }
    }
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t k = 0; k < outputs; ++k) raw[r * outputs + k] = sums[r * outputs + k];
      Average(raw + r * outputs);
    }
  }

  void Average(double* raw) const {
    if (!forest_.average) return;
    for (std::size_t k = 0; k < forest_.base.size(); ++k) raw[k] /= static_cast<double>(forest_.trees());
  }

  const Model& model_;
  const Forest& forest_;
  ColumnProgram program_;
  ForestNodes<Node> nodes_;
  std::size_t columns_;  // cells per row, kLeafColumn among them
  std::vector<Group> groups_;
};

template <class Node>
std::unique_ptr<const Engine> Try(const Model& model) {
  // Steps can make NaN of numbers (0 / 0, an encoder's NaN), so only a bare forest is known to see none.
  bool missing = !model.steps.empty();
  for (const Input& input : model.signature.inputs) missing = missing || input.accepts_missing;
  ForestNodes<Node> nodes;
  if (!Arrange(std::get<Forest>(model.predictor), missing, nodes)) return nullptr;
  return std::make_unique<Portable<Node>>(model, std::move(nodes));
}

}  // namespace

std::unique_ptr<const Engine> CompilePortable(const Model& model) {
  if (auto engine = Try<NarrowNode>(model)) return engine;
  if (auto engine = Try<WideNode>(model)) return engine;
  return Try<CategoricalNode>(model);
}

}  // namespace turnout
