#include "engine/column_program.h"

#include <algorithm>
#include <cmath>

namespace turnout {

ColumnProgram::ColumnProgram(const Model& model) {
  Places places(model.signature.inputs.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<Place>(i);
  for (const turnout::Input& input : model.signature.inputs) types_.push_back(input.type);
  columns_ = Compile(model.steps, std::move(places));
}

ColumnProgram::Place ColumnProgram::Input(Place place) const {
  const auto inputs = static_cast<Place>(types_.size());
  return place < inputs ? place : filled_[static_cast<std::size_t>(place - inputs)].input;
}

const std::vector<TextFill>& ColumnProgram::Fills(Place place) const {
  static const std::vector<TextFill> none;
  const auto inputs = static_cast<Place>(types_.size());
  return place < inputs ? none : filled_[static_cast<std::size_t>(place - inputs)].fills;
}

bool ColumnProgram::IsText(Place place) const {
  return place >= 0 && types_[static_cast<std::size_t>(Input(place))] == ColumnType::kText;
}

ColumnProgram::Places ColumnProgram::Compile(const std::vector<Step>& steps, Places places) {
  for (const Step& step : steps) {
    places = std::visit(
        [&](const auto& s) {
          if constexpr (std::is_same_v<decltype(s), const Present&>) {
            return places;
          } else if constexpr (requires { Compile(step, s, std::move(places)); }) {
            return Compile(step, s, std::move(places));
          } else if constexpr (ElementWise<std::remove_cvref_t<decltype(s)>>) {
            return CompileElementWise(step, std::move(places));
          } else {
            return CompileSlow(step, std::move(places));
          }
        },
        step);
  }
  return places;
}

ColumnProgram::Places ColumnProgram::CompileElementWise(const Step& step, Places places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    operations_.push_back(
        {.kind = Kind::kMap, .from = places[i], .to = registers_, .step = &step, .column = i});
    places[i] = ~registers_++;
  }
  return places;
}

ColumnProgram::Places ColumnProgram::CompileSlow(const Step& step, Places places) {
  // The types of the columns here are known to fit: CheckModel has seen them.
  std::vector<ColumnType> types;
  for (const Place place : places) types.push_back(IsText(place) ? ColumnType::kText : ColumnType::kNumber);
  const std::size_t columns = OutputColumns({&step, 1}, types)->size();
  operations_.push_back({.kind = Kind::kStep,
                         .from = places.empty() ? 0 : places[0],
                         .to = registers_,
                         .slow = static_cast<int32_t>(slow_steps_.size())});
  slow_steps_.push_back({&step, std::move(places)});
  Places out;
  for (std::size_t i = 0; i < columns; ++i) out.push_back(~registers_++);
  return out;
}

ColumnProgram::Places ColumnProgram::Compile(const Step&, const Scale& scale, Places places) {
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

ColumnProgram::Places ColumnProgram::Compile(const Step&, const Impute& impute, Places places) {
  Places kept;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (std::isnan(impute.statistics[i])) continue;
    operations_.push_back({.kind = std::isnan(impute.marker) ? Kind::kFill : Kind::kReplace,
                           .from = places[i],
                           .to = registers_,
                           .a = impute.statistics[i],
                           .b = impute.marker});
    kept.push_back(~registers_++);
  }
  return kept;
}

ColumnProgram::Places ColumnProgram::Compile(const Step&, const ImputeText& impute, Places places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    FilledText filled{Input(places[i]), Fills(places[i])};
    filled.fills.push_back({&impute, i});
    places[i] = static_cast<Place>(types_.size() + filled_.size());
    filled_.push_back(std::move(filled));
  }
  return places;
}

ColumnProgram::Places ColumnProgram::Compile(const Step& step, const Indicate& indicate, Places places) {
  Places out;
  for (const int32_t feature : indicate.features) {
    operations_.push_back({.kind = Kind::kIndicate,
                           .from = places[static_cast<std::size_t>(feature)],
                           .to = registers_,
                           .step = &step});
    out.push_back(~registers_++);
  }
  return out;
}

ColumnProgram::Places ColumnProgram::Compile(const Step&, const OneHot& encoder, Places places) {
  Places out;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Categories& categories = encoder.columns[i];
    const int32_t dropped = encoder.dropped[i];
    const int32_t count = static_cast<int32_t>(CountCodes(categories)) - (dropped >= 0 ? 1 : 0);
    operations_.push_back({.kind = Kind::kOneHot,
                           .from = places[i],
                           .to = registers_,
                           .index = AddIndex(categories, places[i]),
                           .table = slots_.size(),
                           .count = count});
    for (int32_t c = -1; c < static_cast<int32_t>(categories.size()); ++c) {
      const int32_t code = CodeOf(categories, c);
      slots_.push_back(code == dropped ? -1 : dropped >= 0 && code > dropped ? code - 1 : code);
    }
    for (int32_t c = 0; c < count; ++c) out.push_back(~registers_++);
  }
  return out;
}

ColumnProgram::Places ColumnProgram::Compile(const Step&, const Ordinal& encoder, Places places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    operations_.push_back({.kind = Kind::kLookUp,
                           .from = places[i],
                           .to = registers_,
                           .index = AddIndex(encoder.columns[i], places[i]),
                           .table = values_.size()});
    for (int32_t c = -1; c < static_cast<int32_t>(encoder.columns[i].size()); ++c) {
      values_.push_back(OrdinalCode(encoder, i, c));
    }
    places[i] = ~registers_++;
  }
  return places;
}

ColumnProgram::Places ColumnProgram::Compile(const Step&, const TargetEncode& encoder, Places places) {
  Places out;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const int32_t index = AddIndex(encoder.columns[i], places[i]);
    for (int32_t k = 0; k < encoder.outputs; ++k) {
      operations_.push_back({.kind = Kind::kLookUp,
                             .from = places[i],
                             .to = registers_,
                             .index = index,
                             .table = values_.size()});
      for (int32_t c = -1; c < static_cast<int32_t>(encoder.columns[i].size()); ++c) {
        values_.push_back(TargetValue(encoder, i, c, k));
      }
      out.push_back(~registers_++);
    }
  }
  return out;
}

ColumnProgram::Places ColumnProgram::Compile(const Step&, const Columns& columns, Places places) {
  Places out;
  for (const Columns::Part& part : columns.parts) {
    Places taken;
    for (int32_t input : part.inputs) taken.push_back(places[static_cast<std::size_t>(input)]);
    for (Place place : Compile(part.steps, std::move(taken))) out.push_back(place);
  }
  return out;
}

ColumnProgram::Places ColumnProgram::Compile(const Step& step, const Members& members, Places places) {
  const auto inputs = static_cast<Place>(types_.size());
  if (std::any_of(places.begin(), places.end(), [inputs](Place place) { return place >= inputs; })) {
    return CompileSlow(step, std::move(places));  // a text behind an imputer stands in no column
  }
  Places out;
  for (const Member& member : members.members) {
    operations_.push_back(
        {.kind = Kind::kMember, .from = 0, .to = registers_, .slow = static_cast<int32_t>(members_.size())});
    CompiledMember& compiled = members_.emplace_back();
    compiled.member = &member;
    compiled.engine = *CompileEngine(*member.model);
    for (const int32_t input : member.inputs) {
      compiled.from.push_back(places[static_cast<std::size_t>(input)]);
    }
    for (std::size_t i = 0; i < GivenColumns(member); ++i) out.push_back(~registers_++);
  }
  if (members.passthrough) out.insert(out.end(), places.begin(), places.end());
  return out;
}

int32_t ColumnProgram::AddIndex(const Categories& categories, Place place) {
  indexes_.emplace_back(categories, Fills(place));
  return static_cast<int32_t>(indexes_.size() - 1);
}

}  // namespace turnout
