#include "protocol/rest/docs_page.h"

#include <cstdint>
#include <span>

#include "bytes/digest.h"

asm(".pushsection .rodata\n"
    ".global turnout_docs_page_begin\n"
    ".global turnout_docs_page_end\n"
    "turnout_docs_page_begin:\n"
    ".incbin \"" TURNOUT_DOCS_PAGE
    "\"\n"
    "turnout_docs_page_end:\n"
    ".byte 0\n"
    ".popsection\n");

extern "C" const char turnout_docs_page_begin[];  // NOLINT: named by the assembler
extern "C" const char turnout_docs_page_end[];

namespace turnout {
namespace {

int HexDigit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

// SHA-256 in Base64, as policies write it.
std::string Sha256Base64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string hex = Sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : hex) {
    bits = (bits << 4) | static_cast<uint32_t>(HexDigit(c));
    held += 4;
    if (held >= 6) {
      held -= 6;
      out += kAlphabet[(bits >> held) & 63];
    }
  }
  if (held > 0) out += kAlphabet[(bits << (6 - held)) & 63];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

// " 'sha256-...'" of each element of that name.
std::string Hashes(std::string_view page, std::string_view open, std::string_view close) {
  std::string out;
  std::size_t at = 0;
  while ((at = page.find(open, at)) != std::string_view::npos) {
    const std::size_t begin = page.find('>', at) + 1;
    const std::size_t end = page.find(close, begin);
    if (begin == 0 || end == std::string_view::npos) break;
    out += " 'sha256-" + Sha256Base64(page.substr(begin, end - begin)) + "'";
    at = end;
  }
  return out;
}

}  // namespace

std::string_view DocsPage() {
  return {turnout_docs_page_begin, static_cast<std::size_t>(turnout_docs_page_end - turnout_docs_page_begin)};
}

std::string ContentSecurityPolicy(std::string_view page) {
  return "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
         "frame-ancestors 'none'; script-src" +
         Hashes(page, "<script", "</script>") + "; style-src" + Hashes(page, "<style", "</style>");
}

}  // namespace turnout
