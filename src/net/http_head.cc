#include "net/http_head.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace turnout {
namespace {

namespace http = boost::beast::http;
using BeastView = boost::beast::string_view;

std::string_view View(BeastView text) { return {text.data(), text.size()}; }

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Letters, digits and punctuation of names, IPv6 literals and ports, without what could end a host somewhere.
bool IsHostChar(char c) {
  return static_cast<unsigned char>(c) > ' ' && static_cast<unsigned char>(c) < 0x7f && c != ',' &&
         c != '/' && c != '@' && c != '?' && c != '#' && c != '\\';
}

// The first control character but HTAB in [p, end), or end.
const char* FindControl(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i bad =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low), _mm_cmpeq_epi8(bytes, del));
    if (const int mask = _mm_movemask_epi8(bad); mask != 0)
      return p + std::countr_zero(static_cast<unsigned>(mask));
  }
#endif
  while (p != end && !IsControl(*p)) ++p;
  return p;
}

// Beast's parser with a sink of our own: views into a flat vector instead of a node per field.
class HeadParser final : public http::basic_parser<true> {
 public:
  HeadParser(std::size_t max_fields, HttpRequest& request, std::vector<HttpField>& fields)
      : max_fields_(max_fields), request_(request), fields_(fields) {
    fields_.clear();
    body_limit(boost::none);
  }

  std::expected<HttpFraming, HttpFault> Parse(std::string_view head) {
    header_limit(static_cast<std::uint32_t>(head.size()) + 1);
    boost::system::error_code error;
    put(boost::asio::const_buffer(head.data(), head.size()), error);
    if (fault_.message[0] != '\0') return std::unexpected(fault_);
    if (error) return std::unexpected(FaultOf(error, head));
    if (request_.minor_version == 1 && hosts_ == 0) return Refuse("a request of HTTP/1.1 needs a Host field");
    if (chunked() && request_.minor_version == 0) return Refuse("HTTP/1.0 has no Transfer-Encoding");
    request_.fields = fields_;
    return HttpFraming{.content_length = chunked() ? 0 : content_length().value_or(0),
                       .chunked = chunked(),
                       .keep_alive = keep_alive(),
                       .expects_continue = expects_continue_ && request_.minor_version == 1};
  }

 private:
  static std::unexpected<HttpFault> Refuse(const char* message) {
    return std::unexpected(HttpFault{.status = 400, .message = message});
  }

  static HttpFault FaultOf(const boost::system::error_code& error, std::string_view head) {
    if (error == http::error::bad_method) return {400, "malformed method in the request line"};
    if (error == http::error::bad_target) return {400, "malformed target in the request line"};
    if (error == http::error::bad_version) {
      const std::string_view line = head.substr(0, head.find('\r'));
      const std::string_view tail = line.size() < 9 ? "" : line.substr(line.size() - 9);
      if (std::count(line.begin(), line.end(), ' ') == 2 && tail.starts_with(" HTTP/") && IsDigit(tail[6]) &&
          tail[7] == '.' && IsDigit(tail[8]))
        return {505, "this server speaks HTTP/1.0 and HTTP/1.1"};
      return {400, "the request line does not end with HTTP/1.1"};
    }
    if (error == http::error::bad_field) return {400, "malformed field name"};
    if (error == http::error::bad_content_length) return {400, "malformed or repeated Content-Length"};
    if (error == http::error::multiple_content_length) return {400, "malformed or repeated Content-Length"};
    if (error == http::error::bad_transfer_encoding)
      return {400, "Transfer-Encoding is repeated, or with a Content-Length"};
    return {400, "malformed request head"};
  }

  void Stop(boost::system::error_code& error, int status, const char* message) {
    fault_ = {status, message};
    error = http::error::bad_field;
  }

  void on_request_impl(http::verb verb, BeastView method, BeastView target_text, int version,
                       boost::system::error_code& error) override {
    request_.minor_version = version - 10;
    request_.method_text = View(method);
    switch (verb) {
      case http::verb::get: request_.method = HttpMethod::kGet; break;
      case http::verb::head: request_.method = HttpMethod::kHead; break;
      case http::verb::post: request_.method = HttpMethod::kPost; break;
      case http::verb::put: request_.method = HttpMethod::kPut; break;
      case http::verb::delete_: request_.method = HttpMethod::kDelete; break;
      case http::verb::patch: request_.method = HttpMethod::kPatch; break;
      case http::verb::options: request_.method = HttpMethod::kOptions; break;
      default: request_.method = HttpMethod::kOther; break;
    }
    const std::string_view target = request_.target = View(target_text);
    for (const char c : target)
      if (static_cast<unsigned char>(c) >= 0x80 || c == '#')
        return Stop(error, 400, "the target has a character that must be percent-encoded");
    std::string_view path = target;
    if (target[0] != '/' && target != "*") {
      // absolute-form, as sent to proxies: http://host/path
      const std::size_t scheme = target.find("://");
      if (scheme == 0 || scheme == target.npos || target.find_first_of("/?") < scheme)
        return Stop(error, 400, "the target of the request line is not a path");
      const std::size_t start = target.find_first_of("/?", scheme + 3);
      path = start == target.npos || target[start] == '?' ? std::string_view("/") : target.substr(start);
    }
    const std::size_t mark = target.find('?');
    request_.query = mark == target.npos ? std::string_view() : target.substr(mark + 1);
    request_.path = path.substr(0, path.find('?'));
  }

  void on_field_impl(http::field field, BeastView name, BeastView value,
                     boost::system::error_code& error) override {
    if (fields_.size() == max_fields_) return Stop(error, 431, "too many header fields");
    fields_.push_back({View(name), View(value)});
    const std::string_view text = View(value);
    switch (field) {
      case http::field::host:
        if (++hosts_ > 1) return Stop(error, 400, "more than one Host field");
        if (!std::all_of(text.begin(), text.end(), IsHostChar))
          return Stop(error, 400, "malformed Host field");
        break;
      case http::field::content_length:
        // Beast takes repetitions and lists of one value.
        if (++lengths_ > 1 || !std::all_of(text.begin(), text.end(), IsDigit))
          return Stop(error, 400, "malformed or repeated Content-Length");
        break;
      case http::field::transfer_encoding:
        // Beast takes lists that end with chunked, and any other coding as no body.
        if (!EqualsIgnoringCase(text, "chunked"))
          return Stop(error, 501, "the only Transfer-Encoding that this server knows is chunked");
        break;
      case http::field::expect:
        if (!EqualsIgnoringCase(text, "100-continue"))
          return Stop(error, 417, "the only expectation that this server knows is 100-continue");
        expects_continue_ = true;
        break;
      default: break;
    }
  }

  // Never called: Parse() ends with the head.
  void on_response_impl(int, BeastView, int, boost::system::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, boost::system::error_code&) override {}
  std::size_t on_body_impl(BeastView body, boost::system::error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, BeastView, boost::system::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView body, boost::system::error_code&) override {
    return body.size();
  }
  void on_header_impl(boost::system::error_code&) override {}
  void on_finish_impl(boost::system::error_code&) override {}

  const std::size_t max_fields_;
  HttpRequest& request_;
  std::vector<HttpField>& fields_;
  HttpFault fault_;
  int hosts_ = 0;
  int lengths_ = 0;
  bool expects_continue_ = false;
};

}  // namespace

std::expected<std::size_t, HttpFault> ScanHead(std::string_view bytes, std::size_t& position) {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const char* p = begin + position;
  for (;;) {
    p = FindControl(p, end);
    position = static_cast<std::size_t>(p - begin);
    if (p == end) return 0;
    if (*p == '\n') return std::unexpected(HttpFault{400, "a line ends with LF alone; it must be CRLF"});
    if (*p != '\r') return std::unexpected(HttpFault{400, "control character in the request head"});
    // CRLF, then the next line: empty, folded or a field. `position` stays at CR until all is seen.
    if (end - p < 2) return 0;
    if (p[1] != '\n') return std::unexpected(HttpFault{400, "CR without LF in the request head"});
    if (end - p < 3) return 0;
    if (p[2] == ' ' || p[2] == '\t')
      return std::unexpected(HttpFault{400, "a field goes on in a second line (obs-fold)"});
    if (p[2] == '\r') {
      if (end - p < 4) return 0;
      if (p[3] != '\n') return std::unexpected(HttpFault{400, "CR without LF in the request head"});
      return static_cast<std::size_t>(p + 4 - begin);
    }
    p += 2;
  }
}

std::expected<HttpFraming, HttpFault> ParseHead(std::string_view head, std::size_t max_fields,
                                                HttpRequest& request, std::vector<HttpField>& fields) {
  return HeadParser(max_fields, request, fields).Parse(head);
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

std::string_view HttpRequest::Header(std::string_view name) const {
  for (const HttpField& field : fields)
    if (EqualsIgnoringCase(field.name, name)) return field.value;
  return {};
}

}  // namespace turnout
