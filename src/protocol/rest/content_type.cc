#include "protocol/rest/content_type.h"

#include "bytes/json_writer.h"

namespace turnout {
namespace {

constexpr std::size_t kMostEcho = 200;  // bytes of a header in a message

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool EndsWithIgnoringCase(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && EqualsIgnoringCase(text.substr(text.size() - tail.size()), tail);
}

bool Refuse(std::string& body, std::string_view header, std::string_view found, std::string_view advice) {
  std::string detail;
  detail.append(header).append(" is ").append(found.substr(0, kMostEcho)).append("; ").append(advice);
  body += R"({"detail":)";
  AppendJsonString(body, detail);
  body += '}';
  return false;
}

}  // namespace

bool IsJsonType(std::string_view content_type) {
  std::string_view rest = content_type;
  const std::string_view media = Trim(rest.substr(0, rest.find(';')));
  const bool plus_json = media.size() > 12 && EqualsIgnoringCase(media.substr(0, 12), "application/") &&
                         EndsWithIgnoringCase(media, "+json");
  if (!EqualsIgnoringCase(media, "application/json") && !plus_json) return false;
  while (rest.find(';') != std::string_view::npos) {
    rest.remove_prefix(rest.find(';') + 1);
    const std::string_view parameter = Trim(rest.substr(0, rest.find(';')));
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    if (!EqualsIgnoringCase(Trim(parameter.substr(0, equals)), "charset")) continue;
    std::string_view charset = Trim(parameter.substr(equals + 1));
    if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"') {
      charset = charset.substr(1, charset.size() - 2);
    }
    if (!EqualsIgnoringCase(charset, "utf-8") && !EqualsIgnoringCase(charset, "utf8") &&
        !EqualsIgnoringCase(charset, "us-ascii")) {
      return false;
    }
  }
  return true;
}

bool AcceptContent(std::span<const HttpField> fields, std::string& body) {
  for (const HttpField& field : fields) {
    // Lengths first: most fields are neither.
    if (field.name.size() == 12 && EqualsIgnoringCase(field.name, "content-type")) {
      const bool json = field.value == "application/json" || field.value.empty() || IsJsonType(field.value);
      if (!json) {
        return Refuse(body, "Content-Type", field.value, "send application/json in UTF-8");
      }
    } else if (field.name.size() == 16 && EqualsIgnoringCase(field.name, "content-encoding")) {
      if (!EqualsIgnoringCase(field.value, "identity")) {
        return Refuse(body, "Content-Encoding", field.value, "send the body without a coding");
      }
    }
  }
  return true;
}

}  // namespace turnout
