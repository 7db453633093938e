// JsonBuilder: a JSON document written from the outside in; commas come by themselves.
//
//   JsonBuilder json;
//   json.Object().Key("name").Text("churn").Key("share").Number(0.9).End();
//   json.text();   // {"name":"churn","share":0.9}
//
// For documents that are made once (OpenAPI, lists); rows on the request path have codec/.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>

#include "bytes/json_writer.h"

namespace turnout {

class JsonBuilder {
 public:
  JsonBuilder& Object() { return Open('{', '}'); }
  JsonBuilder& Array() { return Open('[', ']'); }
  JsonBuilder& End() {  // of the innermost object or array
    assert(!open_.empty());
    out_ += open_.back();
    open_.pop_back();
    return *this;
  }
  JsonBuilder& Key(std::string_view name) {
    Separate();
    AppendJsonString(out_, name);
    out_ += ':';
    return *this;
  }
  JsonBuilder& Text(std::string_view text) {
    Separate();
    AppendJsonString(out_, text);
    return *this;
  }
  JsonBuilder& Number(double value) {
    Separate();
    AppendJsonNumber(out_, value);
    return *this;
  }
  JsonBuilder& Bool(bool value) { return Raw(value ? "true" : "false"); }
  // `json` is one complete value, or the complete members of an object.
  JsonBuilder& Raw(std::string_view json) {
    Separate();
    out_ += json;
    return *this;
  }

  // Of a complete document.
  const std::string& text() const {
    assert(open_.empty());
    return out_;
  }
  std::string Take() {
    assert(open_.empty());
    return std::move(out_);
  }

 private:
  JsonBuilder& Open(char begin, char end) {
    Separate();
    out_ += begin;
    open_ += end;
    return *this;
  }
  // A value or a key that follows another one; every value ends in a quote, a bracket, a digit or a letter.
  void Separate() {
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':') out_ += ',';
  }

  std::string out_;
  std::string open_;  // the closing brackets of what is open
};

}  // namespace turnout
