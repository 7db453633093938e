#include "bytes/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <unordered_set>

namespace turnout {
namespace {

constexpr std::size_t kTextLimit = 1 << 20;
constexpr std::size_t kNodeLimit = 100'000;
constexpr std::size_t kDepthLimit = 64;

struct Refused {
  int line;
  std::string message;
};

// Builds the tree from yaml-cpp's events. Its own nodes would cost 400 bytes each before any limit of ours
// could be checked.
class Builder : public YAML::EventHandler {
 public:
  Yaml root;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) throw Refused{Line(mark), "a second document; a file holds one"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Yaml node;
    node.line = Line(mark);
    Spend(node.line, 1);
    Finish(std::move(node), anchor, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refused{Line(mark), "an alias inside the node that it stands for"};
    CheckDepth(mark, found->second.depth);
    Spend(Line(mark), found->second.nodes);
    Finish(found->second.node, 0, found->second.nodes, found->second.depth);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool is_string = tag == "tag:yaml.org,2002:str";
    if (!is_string) CheckTag(mark, tag);
    Yaml node;
    node.kind = Yaml::Kind::kScalar;
    node.line = Line(mark);
    node.scalar = value;
    node.quoted =
        is_string || tag == "!";  // yaml-cpp gives "!" to quoted and block scalars, "?" to plain ones
    Spend(node.line, 1);
    Finish(std::move(node), anchor, 1);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Start(mark, tag, anchor, Yaml::Kind::kList);
  }
  void OnSequenceEnd() override { End(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Start(mark, tag, anchor, Yaml::Kind::kMap);
  }
  void OnMapEnd() override { End(); }

 private:
  struct Open {
    Yaml node;
    YAML::anchor_t anchor = 0;
    std::size_t nodes = 1;
    std::size_t depth = 1;  // of the deepest container in it, itself included
    bool has_key = false;
    std::string key;
    int key_line = 0;
    std::unordered_set<std::string> keys;
  };
  struct Anchored {
    Yaml node;
    std::size_t nodes = 0;
    std::size_t depth = 0;
  };

  static int Line(const YAML::Mark& mark) { return mark.line + 1; }

  static void CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refused{Line(mark), fmt::format("tags ({}) are not supported", tag)};
    }
  }
  void CheckDepth(const YAML::Mark& mark, std::size_t more) const {
    if (open_.size() + more > kDepthLimit) {
      throw Refused{Line(mark), fmt::format("more than {} levels of lists and maps", kDepthLimit)};
    }
  }
  void Spend(int line, std::size_t nodes) {
    spent_ += nodes;
    if (spent_ > kNodeLimit) {
      throw Refused{line, fmt::format("more than {} nodes, aliases expanded", kNodeLimit)};
    }
  }

  void Start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Yaml::Kind kind) {
    CheckTag(mark, tag);
    CheckDepth(mark, 1);
    Spend(Line(mark), 1);
    Open& open = open_.emplace_back();
    open.node.kind = kind;
    open.node.line = Line(mark);
    open.anchor = anchor;
  }

  void End() {
    Open open = std::move(open_.back());
    open_.pop_back();
    Finish(std::move(open.node), open.anchor, open.nodes, open.depth);
  }

  // A whole node: into its parent, and kept if an alias may ask for it.
  void Finish(Yaml node, YAML::anchor_t anchor, std::size_t nodes, std::size_t depth = 0) {
    if (anchor != 0) {
      Spend(node.line, nodes);
      anchors_[anchor] = {node, nodes, depth};
    }
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    parent.nodes += nodes;
    parent.depth = std::max(parent.depth, depth + 1);
    if (parent.node.kind == Yaml::Kind::kList) {
      parent.node.list.push_back(std::move(node));
    } else if (!parent.has_key) {
      if (node.kind != Yaml::Kind::kScalar) throw Refused{node.line, "a key must be a plain text"};
      if (node.scalar == "<<" && !node.quoted) throw Refused{node.line, "merge keys (<<) are not supported"};
      if (!parent.keys.insert(node.scalar).second) {
        throw Refused{node.line, fmt::format("'{}' is given twice", node.scalar)};
      }
      parent.key = std::move(node.scalar);
      parent.key_line = node.line;
      parent.has_key = true;
    } else {
      // yaml-cpp notices that there is no value only at what comes next.
      if (node.kind == Yaml::Kind::kNull) node.line = parent.key_line;
      parent.node.map.emplace_back(std::move(parent.key), std::move(node));
      parent.has_key = false;
    }
  }

  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::size_t spent_ = 0;
  int documents_ = 0;
};

}  // namespace

const Yaml* Yaml::Find(std::string_view key) const {
  for (const auto& [name, value] : map) {
    if (name == key) return &value;
  }
  return nullptr;
}

Result<Yaml> ParseYaml(std::string_view text, std::string_view source) {
  if (text.size() > kTextLimit) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{}: {} bytes; at most {} are read", source, text.size(), kTextLimit));
  }
  const auto fail = [&](int line, std::string_view message) {
    return Fail(Code::kInvalidArgument, fmt::format("{}:{}: {}", source, line, message));
  };
  Builder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    return fail(refused.line, refused.message);
  } catch (const YAML::Exception& error) {
    return fail(error.mark.line + 1, error.msg);
  }
  return std::move(builder.root);
}

std::string Describe(const Yaml& node) {
  switch (node.kind) {
    case Yaml::Kind::kNull: return "nothing";
    case Yaml::Kind::kList: return "a list";
    case Yaml::Kind::kMap: return "a map";
    case Yaml::Kind::kScalar: break;
  }
  return fmt::format("'{}{}'", std::string_view(node.scalar).substr(0, 60),
                     node.scalar.size() > 60 ? "..." : "");
}

}  // namespace turnout
