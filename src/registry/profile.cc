#include "registry/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <vector>

#include "bytes/digest.h"
#include "bytes/json_builder.h"
#include "codec/csv_header.h"
#include "codec/csv_rows.h"
#include "codec/csv_splitter.h"
#include "contract/row_reader.h"
#include "registry/distribution.h"
#include "registry/objection.h"
#include "registry/quality.h"

namespace turnout {
namespace {

// So many cells are kept for the quantiles: 800 MB.
constexpr std::size_t kMostRows = 1'000'000, kMostCells = 100'000'000;
constexpr std::size_t kWindow = 8 << 20;  // bytes of the file that are read at once
constexpr std::size_t kMostScores = 100;  // distributions of scores

// The contract without demands on what is no input of the model.
Contract ForTraining(const Contract& contract, const std::vector<int32_t>& columns) {
  Contract relaxed = contract;
  relaxed.reject_unknown = false;
  for (std::size_t i = 0; i < relaxed.fields.size(); ++i) {
    const auto column = static_cast<int32_t>(i);
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) continue;
    relaxed.fields[i].required = false;
    relaxed.fields[i].nullable = true;
  }
  return relaxed;
}

// The one column of the label, as text.
Result<Contract> ForLabel(std::string_view csv, const ProfileSource& source) {
  Contract contract;
  if (source.label.empty()) return contract;
  auto header = ReadCsvHeader(csv, true, contract);
  if (!header) return Within(source.name, std::move(header).error());
  std::string names;
  for (const CsvColumn& column : header->columns) names += (names.empty() ? "" : ", ") + column.name;
  const bool there = std::any_of(header->columns.begin(), header->columns.end(),
                                 [&](const CsvColumn& column) { return column.name == source.label; });
  if (!there) {
    return Fail(Code::kInvalidArgument, fmt::format("{}: no column '{}' for the label; it has {}",
                                                    source.name, source.label, names.substr(0, 500)));
  }
  Field field;
  field.name = source.label;
  field.nullable = true;
  contract.names.emplace(field.name, Slot{0, false});
  contract.fields.push_back(std::move(field));
  return contract;
}

class Profiler {
 public:
  Profiler(const Model& model, const Engine& engine, const Contract& contract, const ProfileSource& source)
      : model_(model), engine_(engine), contract_(contract), source_(source), quality_(model.signature) {
    for (const Input& input : model.signature.inputs) {
      closed_.emplace_back(input);
      features_.emplace_back(input.type);
    }
  }

  Result<std::string> Make();

 private:
  Status Read(const Contract& training, const CsvHeader& header, const Contract& label,
              const CsvHeader& label_header);
  void Take(const Batch& batch, const Batch& labels);
  bool Refused(const Batch& batch, std::size_t row, uint64_t number);
  void Score(std::size_t rows, const std::vector<std::string_view>& labels);
  std::string Json() const;

  const Model& model_;
  const Engine& engine_;
  const Contract& contract_;
  const ProfileSource& source_;
  std::vector<ClosedValues> closed_;
  std::vector<int32_t> columns_;  // of a batch, per input

  uint64_t total_ = 0, every_ = 1, rows_ = 0, refused_ = 0;
  std::string first_refusal_;
  std::vector<ColumnProfile> features_;
  std::vector<ColumnProfile> scores_;
  std::vector<uint64_t> predictions_;
  Quality quality_;
  Workspace workspace_;
  Scores answers_;
  std::vector<std::vector<double>> numbers_;          // per input, the rows to score
  std::vector<std::vector<std::string_view>> texts_;  // likewise
};

Result<std::string> Profiler::Make() {
  TURNOUT_ASSIGN(columns_, InputColumns(contract_, model_.signature));
  const Contract training = ForTraining(contract_, columns_);
  auto header = ReadCsvHeader(source_.csv, true, training);
  if (!header) return Within(source_.name, std::move(header).error());
  TURNOUT_ASSIGN(const Contract label, ForLabel(source_.csv, source_));
  auto label_header = ReadCsvHeader(source_.csv, true, label);
  if (!label_header) return Within(source_.name, std::move(label_header).error());
  auto whole = CsvSplitter(*header).Next(source_.csv.substr(header->bytes), true);
  if (!whole) return Within(source_.name, std::move(whole).error());
  total_ = whole->rows;
  const uint64_t most = std::min(kMostRows, kMostCells / std::max<std::size_t>(1, features_.size()));
  every_ = std::max<uint64_t>(1, (total_ + most - 1) / most);

  numbers_.resize(features_.size());
  texts_.resize(features_.size());
  TURNOUT_TRY(Read(training, *header, label, *label_header));
  if (rows_ == 0) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{}: no row that the model can score{}", source_.name,
                            refused_ == 0 ? "" : fmt::format("; {} refused, {}", refused_, first_refusal_)));
  }
  if (auto checked = quality_.Check(); !checked) return Within(source_.name, std::move(checked).error());
  return Json();
}

Status Profiler::Read(const Contract& training, const CsvHeader& header, const Contract& label,
                      const CsvHeader& label_header) {
  Batch batch(training.layout()), labels(label.layout());
  RowReader reader(training, batch), label_reader(label, labels);
  CsvRows rows(header, training), label_rows(label_header, label);
  CsvSplitter splitter(header);
  std::string_view left = source_.csv.substr(header.bytes);
  for (std::size_t window = kWindow; !left.empty();) {
    const bool last = window >= left.size();
    auto chunk = splitter.Next(left.substr(0, window), last);
    if (!chunk) return Within(source_.name, std::move(chunk).error());
    if (chunk->text.empty()) {  // a record longer than the window
      window *= 2;
      continue;
    }
    window = kWindow;
    left.remove_prefix(chunk->text.size());
    reader.Clear();
    label_reader.Clear();
    rows.Read(*chunk, reader);
    label_rows.Read(*chunk, label_reader);
    for (const Refusal& refusal : reader.refusals()) {
      const uint64_t number = refusal.position + 1;
      if ((number - 1) % every_ != 0) continue;
      if (refused_++ > 0) continue;
      first_refusal_ = fmt::format("row {} (line {})", number, rows.LineOf(refusal.position));
      for (const FieldError& error : refusal.errors) {
        first_refusal_ += fmt::format("{} {}: {}", &error == refusal.errors.data() ? ":" : ";",
                                      error.field.empty() ? error.type : error.field, error.message);
      }
    }
    Take(batch, labels);
  }
  return {};
}

// Whether the model refuses the row; what the contract lets through only the model can tell.
bool Profiler::Refused(const Batch& batch, std::size_t row, uint64_t number) {
  const auto& inputs = model_.signature.inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Column& column = batch.column(static_cast<std::size_t>(columns_[i]));
    const std::string_view objection = column.type == ColumnType::kNumber
                                           ? Objection(inputs[i], closed_[i], column.numbers[row])
                                           : Objection(inputs[i], closed_[i], column.texts[row]);
    if (objection.empty()) continue;
    if (refused_++ == 0) {
      first_refusal_ = fmt::format("row {}: {}: a value that the model does not take ({})", number,
                                   inputs[i].name, objection);
    }
    return true;
  }
  return false;
}

void Profiler::Take(const Batch& batch, const Batch& labels) {
  const auto& inputs = model_.signature.inputs;
  for (auto& column : numbers_) column.clear();
  for (auto& column : texts_) column.clear();
  std::vector<std::string_view> truths;
  std::size_t taken = 0, label_row = 0;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const std::size_t position = batch.positions()[row];
    if (position % every_ != 0 || Refused(batch, row, position + 1)) continue;
    ++taken;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Column& column = batch.column(static_cast<std::size_t>(columns_[i]));
      if (column.type == ColumnType::kNumber) {
        numbers_[i].push_back(column.numbers[row]);
        features_[i].Add(column.numbers[row]);
      } else {
        texts_[i].push_back(column.texts[row]);
        features_[i].Add(column.texts[row]);
      }
    }
    std::string_view truth = kMissingText;
    if (labels.columns() > 0) {
      // Every row that the contract reads has its label's cell, so this ends.
      while (label_row < labels.rows() && labels.positions()[label_row] < position) ++label_row;
      const bool there = label_row < labels.rows() && labels.positions()[label_row] == position;
      if (there) truth = labels.column(0).texts[label_row];
    }
    truths.push_back(truth);
  }
  if (taken > 0) Score(taken, truths);
}

void Profiler::Score(std::size_t rows, const std::vector<std::string_view>& labels) {
  std::vector<ColumnView> views;
  for (std::size_t i = 0; i < features_.size(); ++i) {
    const bool number = model_.signature.inputs[i].type == ColumnType::kNumber;
    views.push_back(number ? ColumnView{numbers_[i].data(), nullptr} : ColumnView{nullptr, texts_[i].data()});
  }
  engine_.Score(views, rows, workspace_, answers_);
  rows_ += rows;

  const Signature& signature = model_.signature;
  const bool classes = signature.task == Task::kClassification;
  const bool two = answers_.classes == 2;
  const std::vector<double>& from = !classes                  ? answers_.values
                                    : signature.probabilities ? answers_.probabilities
                                                              : answers_.raw;
  const std::size_t width = classes && signature.probabilities ? answers_.classes : answers_.outputs;
  const std::size_t first = classes && signature.probabilities && two ? 1 : 0;
  const std::size_t shown = std::min(width - first, kMostScores);
  if (scores_.empty()) scores_.assign(shown, ColumnProfile(ColumnType::kNumber));
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < shown; ++k) scores_[k].Add(from[row * width + first + k]);
  }
  if (classes) {
    predictions_.resize(signature.classes.size());
    for (std::size_t row = 0; row < rows; ++row) ++predictions_[answers_.class_index[row]];
  }
  if (!source_.label.empty()) quality_.Add(answers_, labels);
}

std::string Profiler::Json() const {
  const Signature& signature = model_.signature;
  const auto count = [](uint64_t n) { return static_cast<double>(n); };
  const std::string_view bytes = source_.csv;
  JsonBuilder json;
  json.Object().Key("profile").Number(1);
  json.Key("source").Object();
  json.Key("file").Text(std::filesystem::path(source_.name).filename().string());
  json.Key("sha256").Text(Sha256({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
  json.Key("rows").Number(count(total_)).Key("every").Number(count(every_)).End();
  json.Key("rows").Number(count(rows_));
  json.Key("refused").Object().Key("rows").Number(count(refused_)).Key("first");
  refused_ == 0 ? json.Raw("null") : json.Text(first_refusal_);
  json.End().Key("features").Array();
  for (std::size_t i = 0; i < features_.size(); ++i) {
    json.Object().Key("name").Text(signature.inputs[i].name);
    json.Key("type").Text(signature.inputs[i].type == ColumnType::kNumber ? "number" : "text");
    features_[i].Write(json);
    json.End();
  }
  json.End().Key("scores").Array();
  const bool classes = signature.task == Task::kClassification;
  for (std::size_t k = 0; k < scores_.size(); ++k) {
    const std::size_t label = signature.classes.size() == 2 ? 1 : k;
    json.Object().Key("name").Text(!classes ? fmt::format("value:{}", k)
                                   : signature.probabilities
                                       ? "probability:" + LabelText(signature.classes[label])
                                       : fmt::format("raw:{}", k));
    scores_[k].Write(json);
    json.End();
  }
  json.End();
  if (classes) {
    json.Key("predictions").Array();
    for (std::size_t k = 0; k < predictions_.size(); ++k) {
      json.Object()
          .Key("label")
          .Text(LabelText(signature.classes[k]))
          .Key("count")
          .Number(count(predictions_[k]));
      json.End();
    }
    json.End();
  }
  json.Key("quality");
  source_.label.empty() ? static_cast<void>(json.Raw("null")) : quality_.Write(json);
  return json.End().Take() + "\n";
}

}  // namespace

Result<std::string> MakeProfile(const Model& model, const Engine& engine, const Contract& contract,
                                const ProfileSource& source) {
  return Profiler(model, engine, contract, source).Make();
}

}  // namespace turnout
