#include "record/sample.h"

#include "bytes/number.h"

namespace turnout {

std::string Sample::RowId(std::size_t row) const {
  std::string text = id;
  if (!many || text.empty()) return text;
  text += '-';
  AppendInteger(text, static_cast<int64_t>(batch.positions()[row]));
  return text;
}

std::unique_ptr<Sample> CopySample(std::shared_ptr<const Contract> contract, const Batch& batch,
                                   const Answers& answers) {
  std::size_t text_bytes = 0, numbers = 0;
  for (std::size_t c = 0; c < batch.columns(); ++c) {
    const Column& column = batch.column(c);
    numbers += column.numbers.size();
    for (const std::string_view text : column.texts) text_bytes += text.size();
  }
  std::vector<ColumnType> layout;
  for (std::size_t c = 0; c < batch.columns(); ++c) layout.push_back(batch.column(c).type);
  auto sample = std::make_unique<Sample>(
      Sample{.contract = std::move(contract), .batch = Batch(layout), .answers = answers});
  sample->texts.reserve(text_bytes);  // never moved: the batch points into it
  for (const std::size_t position : batch.positions()) sample->batch.AppendRow(position, {});
  for (std::size_t c = 0; c < batch.columns(); ++c) {
    Column& column = sample->batch.column(c);
    column.numbers = batch.column(c).numbers;
    for (std::size_t r = 0; r < column.texts.size(); ++r) {
      const std::string_view text = batch.column(c).texts[r];
      if (IsMissing(text)) continue;
      const std::size_t at = sample->texts.size();
      sample->texts += text;
      column.texts[r] = {sample->texts.data() + at, text.size()};
    }
  }
  constexpr std::size_t kItself = 1024;  // the object, its vectors, their headers
  sample->bytes = kItself + text_bytes + 8 * numbers + batch.rows() * (sizeof(Answer) + 2 * sizeof(void*)) +
                  8 * (answers.probabilities.size() + answers.values.size());
  return sample;
}

std::string_view KeyText(const Contract& contract, const Batch& batch, std::size_t row,
                         std::string& scratch) {
  if (contract.key < 0) return {};
  const Column& key = batch.column(static_cast<std::size_t>(contract.key));
  if (key.type == ColumnType::kText) return key.texts[row];
  if (IsMissing(key.numbers[row])) return {};
  scratch.clear();
  AppendNumber(scratch, key.numbers[row]);
  return scratch;
}

}  // namespace turnout
