#include "engine/column_program.h"

#include <algorithm>
#include <cmath>

namespace turnout {

CategoryIndex::CategoryIndex(const Categories& categories) : missing_(categories.missing) {
  for (int32_t i = 0; i < static_cast<int32_t>(categories.size()); ++i) {
    if (i == categories.missing) continue;
    const auto at = static_cast<std::size_t>(i);
    if (categories.is_text) {
      texts_.emplace(categories.texts[at], i);
    } else {
      numbers_.emplace_back(categories.numbers[at], i);
    }
  }
  std::sort(numbers_.begin(), numbers_.end());
}

int32_t CategoryIndex::Find(std::string_view text) const {
  if (IsMissing(text)) return missing_;
  const auto found = texts_.find(text);
  return found == texts_.end() ? -1 : found->second;
}

int32_t CategoryIndex::Find(double number) const {
  if (IsMissing(number)) return missing_;
  const auto found = std::lower_bound(numbers_.begin(), numbers_.end(), number,
                                      [](const auto& entry, double value) { return entry.first < value; });
  return found == numbers_.end() || found->first != number ? -1 : found->second;
}

ColumnProgram::ColumnProgram(const Model& model) {
  std::vector<Place> places(model.signature.inputs.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<Place>(i);
  for (const Input& input : model.signature.inputs) types_.push_back(input.type);
  columns_ = Compile(model.steps, std::move(places));
}

std::vector<ColumnProgram::Place> ColumnProgram::Compile(const std::vector<Step>& steps,
                                                         std::vector<Place> places) {
  for (const Step& step : steps) {
    places = std::visit(
        [&](const auto& s) {
          if constexpr (requires { Compile(s, std::move(places)); }) {
            return Compile(s, std::move(places));
          } else {
            return CompileSlow(step, std::move(places));
          }
        },
        step);
  }
  return places;
}

std::vector<ColumnProgram::Place> ColumnProgram::CompileSlow(const Step& step, std::vector<Place> places) {
  // The types of the columns here are known to fit: CheckModel has seen them.
  std::vector<ColumnType> types;
  for (const Place place : places)
    types.push_back(place >= 0 ? types_[static_cast<std::size_t>(place)] : ColumnType::kNumber);
  const std::size_t columns = OutputColumns({&step, 1}, std::move(types))->size();
  operations_.push_back({.kind = Kind::kStep,
                         .from = places.empty() ? 0 : places[0],
                         .to = registers_,
                         .step = static_cast<int32_t>(slow_steps_.size())});
  slow_steps_.push_back({&step, std::move(places)});
  std::vector<Place> out;
  for (std::size_t i = 0; i < columns; ++i) out.push_back(~registers_++);
  return out;
}

std::vector<ColumnProgram::Place> ColumnProgram::Compile(const Scale& scale, std::vector<Place> places) {
  if (scale.mean.empty() && scale.scale.empty()) return places;
  const Kind kind = scale.mean.empty()    ? Kind::kDivide
                    : scale.scale.empty() ? Kind::kSubtract
                                          : Kind::kSubtractDivide;
  for (std::size_t i = 0; i < places.size(); ++i) {
    operations_.push_back({.kind = kind,
                           .from = places[i],
                           .to = registers_,
                           .a = scale.mean.empty() ? 0 : scale.mean[i],
                           .b = scale.scale.empty() ? 1 : scale.scale[i]});
    places[i] = ~registers_++;
  }
  return places;
}

std::vector<ColumnProgram::Place> ColumnProgram::Compile(const Impute& impute, std::vector<Place> places) {
  std::vector<Place> kept;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (std::isnan(impute.statistics[i])) continue;
    operations_.push_back(
        {.kind = Kind::kFill, .from = places[i], .to = registers_, .a = impute.statistics[i]});
    kept.push_back(~registers_++);
  }
  return kept;
}

std::vector<ColumnProgram::Place> ColumnProgram::Compile(const OneHot& encoder, std::vector<Place> places) {
  std::vector<Place> out;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto count = static_cast<int32_t>(encoder.columns[i].size()) - (encoder.dropped[i] >= 0 ? 1 : 0);
    operations_.push_back({.kind = Kind::kOneHot,
                           .from = places[i],
                           .to = registers_,
                           .index = AddIndex(encoder.columns[i]),
                           .count = count,
                           .dropped = encoder.dropped[i]});
    for (int32_t c = 0; c < count; ++c) out.push_back(~registers_++);
  }
  return out;
}

std::vector<ColumnProgram::Place> ColumnProgram::Compile(const Ordinal& encoder, std::vector<Place> places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    operations_.push_back({.kind = Kind::kOrdinal,
                           .from = places[i],
                           .to = registers_,
                           .index = AddIndex(encoder.columns[i]),
                           .ordinal = &encoder,
                           .ordinal_column = i});
    places[i] = ~registers_++;
  }
  return places;
}

std::vector<ColumnProgram::Place> ColumnProgram::Compile(const Columns& columns, std::vector<Place> places) {
  std::vector<Place> out;
  for (const Columns::Part& part : columns.parts) {
    std::vector<Place> taken;
    for (int32_t input : part.inputs) taken.push_back(places[static_cast<std::size_t>(input)]);
    for (Place place : Compile(part.steps, std::move(taken))) out.push_back(place);
  }
  return out;
}

int32_t ColumnProgram::AddIndex(const Categories& categories) {
  indexes_.emplace_back(categories);
  return static_cast<int32_t>(indexes_.size() - 1);
}

// Encoders read texts from inputs only: no step writes texts.
void ColumnProgram::Run(std::span<const ColumnView> inputs, std::size_t first, std::size_t rows,
                        double* scratch, std::size_t stride) const {
  for (const Operation& operation : operations_) {
    double* to = scratch + static_cast<std::size_t>(operation.to) * stride;
    if (operation.kind == Kind::kStep) {
      RunSlow(slow_steps_[static_cast<std::size_t>(operation.step)], inputs, first, rows, scratch, to,
              stride);
      continue;
    }
    const bool is_text =
        operation.from >= 0 && inputs[static_cast<std::size_t>(operation.from)].texts != nullptr;
    const std::string_view* texts =
        is_text ? inputs[static_cast<std::size_t>(operation.from)].texts + first : nullptr;
    const double* from = is_text ? nullptr : Numbers(operation.from, inputs, first, scratch, stride);
    const double a = operation.a, b = operation.b;
    auto category = [&](std::size_t r) {
      const CategoryIndex& index = indexes_[static_cast<std::size_t>(operation.index)];
      return is_text ? index.Find(texts[r]) : index.Find(from[r]);
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
      case Kind::kOneHot:
        for (int32_t c = 0; c < operation.count; ++c) {
          std::fill_n(to + static_cast<std::size_t>(c) * stride, rows, 0.0);
        }
        for (std::size_t r = 0; r < rows; ++r) {
          int32_t found = category(r);
          if (found < 0 || found == operation.dropped) continue;
          if (operation.dropped >= 0 && found > operation.dropped) --found;
          to[static_cast<std::size_t>(found) * stride + r] = 1;
        }
        break;
      case Kind::kOrdinal:
        for (std::size_t r = 0; r < rows; ++r) {
          to[r] = OrdinalCode(*operation.ordinal, operation.ordinal_column, category(r));
        }
        break;
      case Kind::kStep: break;  // above
    }
  }
}

void ColumnProgram::RunSlow(const SlowStep& slow, std::span<const ColumnView> inputs, std::size_t first,
                            std::size_t rows, double* scratch, double* to, std::size_t stride) const {
  std::vector<Value> row;
  for (std::size_t r = 0; r < rows; ++r) {
    row.clear();
    for (const Place place : slow.from) {
      if (place >= 0 && types_[static_cast<std::size_t>(place)] == ColumnType::kText) {
        row.push_back({.text = inputs[static_cast<std::size_t>(place)].texts[first + r], .is_text = true});
      } else {
        row.push_back({.number = Numbers(place, inputs, first, scratch, stride)[r]});
      }
    }
    row = Transform({slow.step, 1}, std::move(row));
    for (std::size_t i = 0; i < row.size(); ++i) to[i * stride + r] = row[i].number;
  }
}

}  // namespace turnout
