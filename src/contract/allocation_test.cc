// Good rows allocate nothing once a thread's tokenizer, batch and reader are warm.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <new>
#include <sstream>

#include "bytes/json.h"
#include "contract/row_reader.h"

#ifndef __SANITIZE_ADDRESS__  // its own allocator finds more than this count

namespace {
std::atomic<std::size_t> allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace turnout {
namespace {

TEST(AllocationTest, GoodRowsAllocateNothing) {
  std::ifstream file("tests/contract/good/churn.yaml");
  std::ostringstream yaml;
  yaml << file.rdbuf();
  auto contract = ParseContract(yaml.str() + "derived: {years: tenure_months / 12}\n", "churn.yaml");
  ASSERT_TRUE(contract) << contract.error().message;
  Batch batch(contract->layout());
  RowReader reader(*contract, batch);
  JsonTokenizer json;
  const std::string row =
      R"({"customer_id":"a customer\n with a name of some length","age":"42","income":55000.123456789012345678,)"
      R"("tenure_months":18.0,"monthly_charges":79.5,"plan_encoded":2,"unknown":[1,{"a":2}]})";
  const auto read = [&] {
    reader.Clear();
    for (std::size_t i = 0; i < 100; ++i) {
      const auto tokens = json.Document(row);
      reader.Begin(i, row);
      for (std::size_t at = 1; at + 1 < tokens->size();) {
        const JsonToken& value = (*tokens)[at + 1];
        const bool text = value.kind == JsonToken::Kind::kString;
        const bool number = value.kind == JsonToken::Kind::kNumber;
        const Cell::Kind kind = text ? Cell::Kind::kText : number ? Cell::Kind::kNumber : Cell::Kind::kNested;
        reader.Set(contract->Find((*tokens)[at].text), (*tokens)[at].text, {kind, value.text});
        at = value.skip != 0 ? value.skip + 1 : at + 2;
      }
      reader.End();
    }
    return batch.rows();
  };
  ASSERT_EQ(read(), 100u);
  const std::size_t before = allocations;
  ASSERT_EQ(read(), 100u);
  EXPECT_EQ(allocations - before, 0u);
}

}  // namespace
}  // namespace turnout

#endif
