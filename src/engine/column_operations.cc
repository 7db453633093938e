// What a ColumnProgram does with a block of rows.
#include <algorithm>
#include <cassert>

#include "engine/column_program.h"

namespace turnout {

// Encoders read texts from inputs only: no step writes texts.
void ColumnProgram::Run(std::span<const ColumnView> inputs, std::size_t first, std::size_t rows,
                        double* scratch, std::size_t stride, Workspace& workspace) const {
  for (const Operation& operation : operations_) {
    double* to = scratch + static_cast<std::size_t>(operation.to) * stride;
    if (operation.kind == Kind::kStep) {
      RunSlow(slow_steps_[static_cast<std::size_t>(operation.slow)], inputs, first, rows, scratch, to,
              stride);
      continue;
    }
    if (operation.kind == Kind::kMember) {
      RunMember(members_[static_cast<std::size_t>(operation.slow)], inputs, first, rows, scratch, to, stride,
                workspace);
      continue;
    }
    if (operation.kind == Kind::kIndicate) {
      RunIndicate(operation, inputs, first, rows, scratch, to, stride);
      continue;
    }
    const bool is_text = IsText(operation.from);
    const std::string_view* texts =
        is_text ? inputs[static_cast<std::size_t>(Input(operation.from))].texts + first : nullptr;
    const double* from = is_text ? nullptr : Numbers(operation.from, inputs, first, scratch, stride);
    assert(from != nullptr || operation.kind == Kind::kOneHot || operation.kind == Kind::kLookUp);
    const double a = operation.a, b = operation.b;
    // Where the category's entry is in a table that begins with the entry of unknown ones.
    auto entry = [&](std::size_t r) {
      const CategoryIndex& index = indexes_[static_cast<std::size_t>(operation.index)];
      return static_cast<std::size_t>(is_text ? index.Find(texts[r]) : index.Find(from[r])) + 1;
    };
    switch (operation.kind) {
      case Kind::kSubtract:
        for (std::size_t r = 0; r < rows; ++r) to[r] = from[r] - a;
        break;
      case Kind::kDivide:
        for (std::size_t r = 0; r < rows; ++r) to[r] = from[r] / b;
        break;
      case Kind::kSubtractDivide:
        for (std::size_t r = 0; r < rows; ++r) to[r] = (from[r] - a) / b;
        break;
      case Kind::kFill:
        for (std::size_t r = 0; r < rows; ++r) to[r] = IsMissing(from[r]) ? a : from[r];
        break;
      case Kind::kReplace:
        for (std::size_t r = 0; r < rows; ++r) to[r] = from[r] == b ? a : from[r];
        break;
      case Kind::kMap:
        std::visit(
            [&](const auto& step) {
              if constexpr (ElementWise<std::remove_cvref_t<decltype(step)>>) {
                for (std::size_t r = 0; r < rows; ++r) to[r] = Map(step, operation.column, from[r]);
              }
            },
            *operation.step);
        break;
      case Kind::kOneHot:
        for (int32_t c = 0; c < operation.count; ++c) {
          std::fill_n(to + static_cast<std::size_t>(c) * stride, rows, 0.0);
        }
        for (std::size_t r = 0; r < rows; ++r) {
          const int32_t slot = slots_[operation.table + entry(r)];
          if (slot >= 0) to[static_cast<std::size_t>(slot) * stride + r] = 1;
        }
        break;
      case Kind::kLookUp:
        for (std::size_t r = 0; r < rows; ++r) to[r] = values_[operation.table + entry(r)];
        break;
      case Kind::kIndicate:
      case Kind::kMember:
      case Kind::kStep: break;  // above
    }
  }
}

void ColumnProgram::RunIndicate(const Operation& operation, std::span<const ColumnView> inputs,
                                std::size_t first, std::size_t rows, const double* scratch, double* to,
                                std::size_t stride) const {
  const auto& indicate = std::get<Indicate>(*operation.step);
  if (IsText(operation.from)) {
    const std::string_view* texts = inputs[static_cast<std::size_t>(Input(operation.from))].texts + first;
    const std::vector<TextFill>& fills = Fills(operation.from);
    for (std::size_t r = 0; r < rows; ++r) {
      to[r] = IsMarked(Filled(fills, texts[r]), indicate.text_marker) ? 1 : 0;
    }
    return;
  }
  const double* from = Numbers(operation.from, inputs, first, scratch, stride);
  for (std::size_t r = 0; r < rows; ++r) to[r] = IsMarked(from[r], indicate.marker) ? 1 : 0;
}

void ColumnProgram::RunMember(const CompiledMember& member, std::span<const ColumnView> inputs,
                              std::size_t first, std::size_t rows, const double* scratch, double* to,
                              std::size_t stride, Workspace& workspace) const {
  workspace.member_inputs.clear();
  for (const Place place : member.from) {
    if (IsText(place)) {
      workspace.member_inputs.push_back({nullptr, inputs[static_cast<std::size_t>(place)].texts + first});
    } else {
      workspace.member_inputs.push_back({Numbers(place, inputs, first, scratch, stride), nullptr});
    }
  }
  if (workspace.inner == nullptr) workspace.inner = std::make_unique<Workspace>();
  Scores& scores = workspace.member_scores;
  member.engine->Score(workspace.member_inputs, rows, *workspace.inner, scores);
  const std::size_t values = scores.values.size() / rows;
  for (std::size_t r = 0; r < rows; ++r) {
    turnout::Place(*member.member,
                   {.raw = {scores.raw.data() + r * scores.outputs, scores.outputs},
                    .probabilities = {scores.probabilities.data() + r * scores.classes, scores.classes},
                    .class_index = scores.class_index.empty() ? 0 : scores.class_index[r],
                    .values = {scores.values.data() + r * values, values}},
                   to + r, stride);
  }
}

void ColumnProgram::RunSlow(const SlowStep& slow, std::span<const ColumnView> inputs, std::size_t first,
                            std::size_t rows, const double* scratch, double* to, std::size_t stride) const {
  Row row;
  for (std::size_t r = 0; r < rows; ++r) {
    row.clear();
    for (const Place place : slow.from) {
      if (IsText(place)) {
        const std::string_view text = inputs[static_cast<std::size_t>(Input(place))].texts[first + r];
        row.push_back({.text = Filled(Fills(place), text), .is_text = true});
      } else {
        row.push_back({.number = Numbers(place, inputs, first, scratch, stride)[r]});
      }
    }
    row = Transform({slow.step, 1}, std::move(row));
    for (std::size_t i = 0; i < row.size(); ++i) to[i * stride + r] = row[i].number;
  }
}

}  // namespace turnout
