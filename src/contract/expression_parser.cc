#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bytes/number.h"
#include "contract/expression.h"
#include "contract/operation.h"

namespace turnout {
namespace {

struct Function {
  std::string_view name;
  Op op;
  int32_t least, most;  // arguments; 0: of a text column
};
constexpr int32_t kAny = 255;
constexpr Function kFunctions[] = {
    {"abs", Op::kAbs, 1, 1},
    {"ceil", Op::kCeil, 1, 1},
    {"clip", Op::kClip, 3, 3},
    {"coalesce", Op::kCoalesce, 1, kAny},
    {"exp", Op::kExp, 1, 1},
    {"expm1", Op::kExpm1, 1, 1},
    {"floor", Op::kFloor, 1, 1},
    {"if", Op::kIf, 3, 3},
    {"is_missing", Op::kIsMissing, 1, 1},
    {"log", Op::kLog, 1, 1},
    {"log10", Op::kLog10, 1, 1},
    {"log1p", Op::kLog1p, 1, 1},
    {"log2", Op::kLog2, 1, 1},
    {"max", Op::kMax, 1, kAny},
    {"min", Op::kMin, 1, kAny},
    {"pow", Op::kPow, 2, 2},
    {"round", Op::kRound, 1, 1},
    {"sqrt", Op::kSqrt, 1, 1},
    {"year", Op::kYear, 0, 0},
    {"month", Op::kMonth, 0, 0},
    {"day", Op::kDay, 0, 0},
    {"weekday", Op::kWeekday, 0, 0},
    {"hour", Op::kHour, 0, 0},
    {"minute", Op::kMinute, 0, 0},
    {"days", Op::kDays, 0, 0},
    {"lookup", Op::kLookup, 0, 0},
};

const Function* FindFunction(std::string_view name) {
  for (const Function& function : kFunctions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

struct Token {
  enum class Kind { kEnd, kNumber, kName, kText, kSign } kind = Kind::kEnd;
  std::string_view text;  // kName and kText: without quotes
  std::size_t at = 0;
  bool quoted = false;  // kName in backquotes: never a word of the language
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

// Recursive descent, a level of recursion per nesting, at most kExpressionDepth. Each method reads one
// construct from token_ on and emits its operations; the first error stops everything.
class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, FunctionRef<Expression::Named(std::string_view)> resolve)
      : text_(text), resolve_(resolve) {}

  Result<Expression> Parse() {
    if (text_.size() > kExpressionText) {
      return Fail(Code::kInvalidArgument, fmt::format("an expression of {} bytes; at most {} are read",
                                                      text_.size(), kExpressionText));
    }
    Next();
    Any();
    if (token_.kind != Token::Kind::kEnd) Expected("an operator or the end");
    if (!error_.empty()) return Fail(Code::kInvalidArgument, std::move(error_));
    out_.text_ = text_;
    return std::move(out_);
  }

 private:
  bool failed() const { return !error_.empty(); }

  void Wrong(std::size_t at, std::string_view message) {
    if (failed()) return;
    error_ = fmt::format("character {}: {}", at + 1, message);
    token_ = {Token::Kind::kEnd, {}, at};
    next_ = text_.size();  // nothing more is read
  }
  void Expected(std::string_view what) {
    Wrong(token_.at, token_.kind == Token::Kind::kEnd
                         ? fmt::format("the expression ends where {} was expected", what)
                         : fmt::format("expected {}, found '{}'", what, token_.text));
  }

  void Next() {
    while (next_ < text_.size() && IsBlank(text_[next_])) ++next_;
    token_ = {Token::Kind::kEnd, {}, next_};
    if (next_ == text_.size()) return;
    const std::size_t start = next_;
    const char c = text_[start];
    if (IsDigit(c) || (c == '.' && start + 1 < text_.size() && IsDigit(text_[start + 1]))) {
      while (next_ < text_.size() && (IsDigit(text_[next_]) || text_[next_] == '.')) ++next_;
      if (next_ < text_.size() && (text_[next_] | 0x20) == 'e') {
        ++next_;
        if (next_ < text_.size() && (text_[next_] == '+' || text_[next_] == '-')) ++next_;
        while (next_ < text_.size() && IsDigit(text_[next_])) ++next_;
      }
      token_ = {Token::Kind::kNumber, text_.substr(start, next_ - start), start};
    } else if (IsNameStart(c)) {
      while (next_ < text_.size() && (IsNameStart(text_[next_]) || IsDigit(text_[next_]))) ++next_;
      token_ = {Token::Kind::kName, text_.substr(start, next_ - start), start};
    } else if (c == '`' || c == '\'' || c == '"') {
      const std::size_t end = text_.find(c, start + 1);
      if (end == std::string_view::npos) return Wrong(start, fmt::format("no closing {}", c));
      next_ = end + 1;
      token_ = {c == '`' ? Token::Kind::kName : Token::Kind::kText, text_.substr(start + 1, end - start - 1),
                start, true};
    } else {
      static constexpr std::array<std::string_view, 4> kDouble = {"<=", ">=", "==", "!="};
      const std::string_view two = text_.substr(start, 2);
      const bool twin = std::find(kDouble.begin(), kDouble.end(), two) != kDouble.end();
      if (!twin && std::string_view("+-*/(),:<>").find(c) == std::string_view::npos) {
        return Wrong(start, c > 0x20 && c < 0x7F
                                ? fmt::format("unexpected '{}'", c)
                                : fmt::format("unexpected byte 0x{:02x}", static_cast<unsigned char>(c)));
      }
      next_ += twin ? 2 : 1;
      token_ = {Token::Kind::kSign, text_.substr(start, next_ - start), start};
    }
  }

  bool At(std::string_view sign) const { return token_.kind == Token::Kind::kSign && token_.text == sign; }
  bool AtWord(std::string_view word) const {
    return token_.kind == Token::Kind::kName && !token_.quoted && token_.text == word;
  }
  bool Take(std::string_view sign) {
    if (!At(sign)) return false;
    Next();
    return true;
  }
  void Need(std::string_view sign) {
    if (!Take(sign)) Expected(fmt::format("'{}'", sign));
  }

  void Emit(Op op, int32_t column = -1, int32_t arguments = 0, double constant = 0) {
    if (out_.operations_.size() == kExpressionOperations) {
      return Wrong(token_.at, fmt::format("more than {} operations", kExpressionOperations));
    }
    out_.operations_.push_back({static_cast<uint8_t>(op), column, arguments, constant});
  }

  void Any() {
    if (++depth_ > kExpressionDepth)
      Wrong(token_.at, fmt::format("more than {} levels of nesting", kExpressionDepth));
    And();
    while (!failed() && AtWord("or")) {
      Next();
      And();
      Emit(Op::kOr);
    }
    --depth_;
  }

  void And() {
    Not();
    while (!failed() && AtWord("and")) {
      Next();
      Not();
      Emit(Op::kAnd);
    }
  }

  void Not() {
    int times = 0;
    for (; AtWord("not"); ++times) Next();
    Comparison();
    for (; times > 0 && !failed(); --times) Emit(Op::kNot);
  }

  void Comparison() {
    Sum();
    static constexpr std::pair<std::string_view, Op> kSigns[] = {
        {"<", Op::kLess},          {"<=", Op::kLessEqual}, {">", Op::kGreater},
        {">=", Op::kGreaterEqual}, {"==", Op::kEqual},     {"!=", Op::kNotEqual}};
    for (const auto& [sign, op] : kSigns) {
      if (!At(sign)) continue;
      Next();
      Sum();
      return Emit(op);
    }
  }

  void Sum() {
    Product();
    while (!failed() && (At("+") || At("-"))) {
      const Op op = At("+") ? Op::kAdd : Op::kSubtract;
      Next();
      Product();
      Emit(op);
    }
  }

  void Product() {
    Signed();
    while (!failed() && (At("*") || At("/"))) {
      const Op op = At("*") ? Op::kMultiply : Op::kDivide;
      Next();
      Signed();
      Emit(op);
    }
  }

  void Signed() {
    int minuses = 0;
    while (At("-") || At("+")) {
      minuses += At("-");
      Next();
    }
    Operand();
    for (; minuses > 0 && !failed(); --minuses) Emit(Op::kNegate);
  }

  void Operand() {
    if (token_.kind == Token::Kind::kNumber) {
      const double value = NumberToken();
      Next();
      return Emit(Op::kConstant, -1, 0, value);
    }
    if (Take("(")) {
      Any();
      return Need(")");
    }
    if (token_.kind != Token::Kind::kName) return Expected("a number, a name or '('");
    const Token name = token_;
    Next();
    if (!name.quoted && Take("(")) return Call(name);
    const Expression::Named column = Resolved(name);
    if (failed()) return;
    if (column.type == ColumnType::kText) {
      return Wrong(name.at, fmt::format("'{}' is a text; lookup({}, ...) gives a number for it", name.text,
                                        name.text));
    }
    Emit(Op::kColumn, column.column);
  }

  double NumberToken() {
    const ParsedNumber number = ParseNumber(token_.text);
    if (number.error != NumberError::kNone)
      Wrong(token_.at, fmt::format("'{}' is not a number", token_.text));
    return number.value;
  }

  Expression::Named Resolved(const Token& name) {
    const Expression::Named column = resolve_(name.text);
    if (column.column < 0) Wrong(name.at, fmt::format("unknown name '{}'", name.text));
    return column;
  }

  // A function's arguments and ')'; its name and '(' are read.
  void Call(const Token& name) {
    const Function* function = FindFunction(name.text);
    if (function == nullptr) return Wrong(name.at, fmt::format("unknown function '{}'", name.text));
    if (function->least == 0) return CallOfText(name, *function);
    // is_missing takes a text column as well.
    if (function->op == Op::kIsMissing && token_.kind == Token::Kind::kName) {
      const Expression::Named column = resolve_(token_.text);
      if (column.column >= 0 && column.type == ColumnType::kText) {
        Next();
        Need(")");
        return Emit(Op::kTextIsMissing, column.column);
      }
    }
    int32_t arguments = 0;
    if (!At(")")) {
      do {
        Any();
        ++arguments;
      } while (!failed() && Take(","));
    }
    Need(")");
    if (arguments < function->least || arguments > function->most) {
      return Wrong(name.at, fmt::format("{}() takes {} {}{}, not {}", name.text,
                                        function->most == kAny ? "at least" : "exactly", function->least,
                                        function->least == 1 ? " argument" : " arguments", arguments));
    }
    Emit(function->op, -1, arguments);
  }

  // Date parts and lookup: the first argument is a text column.
  void CallOfText(const Token& name, const Function& function) {
    if (token_.kind != Token::Kind::kName) return Expected("the name of a text field");
    const Token argument = token_;
    const Expression::Named column = Resolved(argument);
    if (failed()) return;
    if (column.type != ColumnType::kText) {
      return Wrong(argument.at, fmt::format("{}() needs a text; '{}' is a number", name.text, argument.text));
    }
    Next();
    if (function.op == Op::kLookup) {
      out_.lookups_.push_back(Table());
      Need(")");
      return Emit(Op::kLookup, column.column, static_cast<int32_t>(out_.lookups_.size()) - 1);
    }
    Need(")");
    Emit(function.op, column.column);
  }

  // ", text: number" repeated; the text may be a bare word or number, `else` names every other text.
  Expression::Lookup Table() {
    Expression::Lookup table;
    bool otherwise = false;
    while (!failed() && Take(",")) {
      const Token key = token_;
      if (key.kind == Token::Kind::kSign || key.kind == Token::Kind::kEnd) {
        Expected("a text");
        break;
      }
      const bool is_else = AtWord("else");
      Next();
      Need(":");
      const bool minus = Take("-");
      if (token_.kind != Token::Kind::kNumber) {
        Expected("a number");
        break;
      }
      const double value = minus ? -NumberToken() : NumberToken();
      Next();
      const bool known = std::any_of(table.entries.begin(), table.entries.end(),
                                     [&](const auto& entry) { return entry.first == key.text; });
      if (is_else ? otherwise : known) Wrong(key.at, fmt::format("'{}' is given twice", key.text));
      if (is_else) {
        otherwise = true;
        table.otherwise = value;
      } else {
        table.entries.emplace_back(key.text, value);
      }
    }
    if (!failed() && table.entries.empty()) Expected("', text: number'");
    std::sort(table.entries.begin(), table.entries.end());
    return table;
  }

  std::string_view text_;
  FunctionRef<Expression::Named(std::string_view)> resolve_;
  std::size_t next_ = 0;  // behind token_
  Token token_;
  int depth_ = 0;
  std::string error_;
  Expression out_;
};

Result<Expression> Expression::Parse(std::string_view text, FunctionRef<Named(std::string_view)> resolve) {
  return ExpressionParser(text, resolve).Parse();
}

}  // namespace turnout
