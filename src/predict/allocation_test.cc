// Good rows are predicted without an allocation once a thread's memory has grown to their number.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "predict/test_snapshot.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they bring allocators of their own

namespace {
std::atomic<std::size_t> allocations = 0;
}

// Not inlined: g++ 12 would take malloc and delete for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace turnout {
namespace {

void ExpectNoAllocation(std::string_view yaml, Model model, std::string_view engine) {
  Metrics metrics;
  const auto snapshot = testing::MakeTestSnapshot(metrics, yaml, std::move(model), engine);
  ASSERT_NE(snapshot, nullptr);
  Predictor predictor(metrics.NewShard());
  Batch batch(snapshot->contract->layout());
  Answers answers;
  const auto predict = [&](std::size_t rows) {
    batch.Clear();
    for (std::size_t i = 0; i < rows; ++i) {
      batch.AppendRow(i, {});
      for (std::size_t c = 0; c < batch.columns(); ++c) {
        if (batch.column(c).type == ColumnType::kNumber) {
          batch.column(c).numbers.back() = 5;
        } else {
          batch.column(c).texts.back() = "basic";
        }
      }
    }
    predictor.Predict(*snapshot, batch, std::chrono::steady_clock::now(), answers);
    EXPECT_TRUE(answers.refusals.empty());
  };
  predict(1000);
  const std::size_t before = allocations;
  for (const std::size_t rows : {1000, 1, 999, 64, 0, 12}) predict(rows);
  EXPECT_EQ(allocations - before, 0u) << engine;
}

TEST(AllocationTest, GoodRowsAllocateNothing) {
  ExpectNoAllocation("name: t\nfields:\n  - {name: x, type: float}\n", testing::TreeModel(), "portable");
  ExpectNoAllocation("name: t\nfields:\n  - {name: x, type: float}\n  - {name: y, type: float}\n",
                     testing::LineModel(), "linear");
  ExpectNoAllocation(
      "name: t\nfields:\n  - {name: size, type: float}\n  - {name: plan, type: text}\nfeatures: [size, "
      "plan]\n",
      testing::ClosedModel(), "linear");
}

}  // namespace
}  // namespace turnout

#endif
