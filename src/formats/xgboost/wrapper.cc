// XGBModel.save_model() (python-package/xgboost/sklearn.py) leaves what the wrapper knows in the attribute
// "scikit_learn", as JSON: all its parameters up to 1.7, later only whether it is a classifier.
#include <fmt/format.h>

#include "formats/xgboost/source.h"
#include "formats/xgboost/to_model.h"

namespace turnout::xgboost {
namespace {

using Kind = Source::Kind;

class Reader {
 public:
  Reader(std::string_view text, Wrapper& wrapper) : in_(OpenJson(text)), wrapper_(wrapper) {}

  Status Read() {
    TURNOUT_TRY(in_->Next());
    if (in_->kind() != Kind::kObject) return Unexpected("an object");
    for (;;) {
      TURNOUT_TRY(in_->Next());
      if (in_->kind() == Kind::kEnd) break;
      const std::string name(in_->text());
      TURNOUT_TRY(in_->Next());
      TURNOUT_TRY(Member(name));
    }
    return in_->Next();
  }

 private:
  std::unexpected<Error> Unexpected(std::string_view expected) const {
    return Fail(Code::kCorrupt,
                fmt::format("byte {}: found {}, {} expected", in_->offset(), Name(in_->kind()), expected));
  }

  Status Member(std::string_view name) {
    if (name == "_estimator_type") {
      if (in_->kind() != Kind::kText) return Unexpected("a text");
      if (in_->text() == "classifier") wrapper_.kind = Wrapper::Kind::kClassifier;
      return {};
    }
    if (name == "missing" && in_->kind() == Kind::kNumber) {
      wrapper_.missing = in_->AsDouble();
      return {};
    }
    if (name == "classes_") return Labels();
    if (name == "_le" && in_->kind() == Kind::kObject) return Encoder();
    return Skip();
  }

  // XGBoostLabelEncoder, up to 1.6.
  Status Encoder() {
    for (;;) {
      TURNOUT_TRY(in_->Next());
      if (in_->kind() == Kind::kEnd) return {};
      const bool classes = in_->text() == "classes_";
      TURNOUT_TRY(in_->Next());
      TURNOUT_TRY(classes ? Labels() : Skip());
    }
  }

  Status Labels() {
    if (in_->kind() != Kind::kArray) return Unexpected("an array");
    wrapper_.labels.clear();
    for (;;) {
      TURNOUT_TRY(in_->Next());
      int64_t whole = 0;
      switch (in_->kind()) {
        case Kind::kEnd: return {};
        case Kind::kText: wrapper_.labels.emplace_back(std::string(in_->text())); break;
        case Kind::kBool: wrapper_.labels.emplace_back(in_->truth()); break;
        case Kind::kNumber:
          if (in_->text().find_first_of(".eEN") == in_->text().npos && in_->AsInt(whole)) {
            wrapper_.labels.emplace_back(whole);
          } else {
            wrapper_.labels.emplace_back(in_->AsDouble());
          }
          break;
        default: return Unexpected("a label");
      }
    }
  }

  Status Skip() {
    std::size_t open = 0;
    for (;;) {
      if (in_->kind() == Kind::kObject || in_->kind() == Kind::kArray) ++open;
      if (in_->kind() == Kind::kEnd) --open;
      if (open == 0) return {};
      TURNOUT_TRY(in_->Next());
    }
  }

  std::unique_ptr<Source> in_;
  Wrapper& wrapper_;
};

}  // namespace

Result<Wrapper> WrapperOf(const Booster& booster) {
  Wrapper wrapper{.estimator = "xgboost.core.Booster", .labels = {}};
  const auto found = booster.attributes.find("scikit_learn");
  if (found == booster.attributes.end()) return wrapper;
  wrapper.kind = Wrapper::Kind::kRegressor;
  if (auto read = Reader(found->second, wrapper).Read(); !read) {
    return Within("the attribute scikit_learn", std::move(read).error());
  }
  wrapper.estimator = wrapper.kind == Wrapper::Kind::kClassifier ? "xgboost.sklearn.XGBClassifier"
                                                                 : "xgboost.sklearn.XGBRegressor";
  return wrapper;
}

}  // namespace turnout::xgboost
