// A request allocates nothing once its loop has served a few: counted on the loop's own thread.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "protocol/rest/test_server.h"

namespace {
thread_local std::uint64_t allocations = 0;
}  // namespace

// Not inlined: the compiler would take malloc and free for a mismatched pair.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size > 0 ? size : 1);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace turnout {
namespace {

class Allocations : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Allocations, NoneInSteadyState) {
  constexpr int kRequests = 500;
  Metrics metrics;
  RestService rest(metrics, {});
  EventLoops loops(1);
  const auto server = HttpServer::Start(loops, {}, rest.Handlers());
  ASSERT_TRUE(server);
  ASSERT_TRUE(rest.Publish({testing::MakeTestSnapshot(metrics, "churn", "v1")}));
  auto client = HttpClient::Connect("127.0.0.1", (*server)->port());
  ASSERT_TRUE(client);
  const auto [path, body] = GetParam();
  const auto run = [&](int requests) {
    std::uint64_t before = 0, after = 0;
    loops.Call(0, [&] { before = allocations; });
    for (int i = 0; i < requests; ++i) {
      const auto reply = client->Call("POST", path, body);
      EXPECT_TRUE(reply && reply->status == 200) << (reply ? reply->body : reply.error().message);
    }
    loops.Call(0, [&] { after = allocations; });
    return after - before;
  };
  run(50);
  EXPECT_LT(run(kRequests), 20u) << "in " << kRequests << " requests";  // the two calls above, timers
}

INSTANTIATE_TEST_SUITE_P(
    Rest, Allocations,
    ::testing::Values(
        std::pair{"/predict",
                  R"({"customer_id":"C-1","age":30,"income":1.5,"tenure_months":1,"monthly_charges":1,)"
                  R"("plan":"premium"})"},
        std::pair{"/endpoints/churn/predict?ids=true",
                  R"({"customer_id":"a\u00e9","age":"30","income":1,"tenure_months":1,"monthly_charges":1,)"
                  R"("plan_encoded":2,"other":{"a":[1]}})"},
        std::pair{"/predict/batch", R"([{"customer_id":"C-1","age":30,"income":1,"tenure_months":1,)"
                                    R"("monthly_charges":1,"plan":"basic"},{"customer_id":"C-2","age":31,)"
                                    R"("income":1,"tenure_months":1,"monthly_charges":1,"plan":"basic"}])"}),
    [](const auto& test) { return std::to_string(test.index); });

}  // namespace
}  // namespace turnout
