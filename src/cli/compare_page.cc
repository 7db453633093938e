#include "cli/compare_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace turnout {
namespace {

constexpr std::string_view kHead = R"(<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Shadows compared</title><style>
:root{color-scheme:light dark;--line:#8884;--answered:#3b7dd8;--shadow:#e0862e}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2.5rem;border-top:1px solid var(--line);padding-top:1rem}
.tiles{display:flex;flex-wrap:wrap;gap:.75rem}
.tile{border:1px solid var(--line);border-radius:8px;padding:.6rem .9rem;min-width:8rem}
.tile b{display:block;font-size:1.3rem;font-variant-numeric:tabular-nums}.tile span{opacity:.7;font-size:.85rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.25rem .8rem;text-align:right;border-bottom:1px solid var(--line)}
td:first-child,th:first-child{text-align:left}figure{margin:1rem 0}figcaption{opacity:.7;font-size:.85rem}
svg{width:100%;max-width:46rem;height:auto}svg text{font:11px system-ui,sans-serif;fill:currentColor}
.answered{fill:var(--answered)}.shadow{fill:var(--shadow)}i{display:inline-block;width:.8em;height:.8em;border-radius:2px}
</style><h1>Shadows compared with what was answered</h1>
)";

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string Tile(std::string_view value, std::string_view what) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>", value, what);
}

std::string Percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? "–"
                    : fmt::format("{:.3f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

double Mean(double sum, uint64_t n) { return n == 0 ? 0 : sum / static_cast<double>(n); }

// Two rows of bars over 0..1: how sure the answers were, and how sure the shadow was of the same classes.
std::string Scores(const Comparison& c) {
  constexpr double kWidth = 720, kHeight = 200, kLeft = 10, kBottom = 22;
  const uint64_t most = std::max(*std::max_element(c.answered_scores.begin(), c.answered_scores.end()),
                                 *std::max_element(c.shadow_scores.begin(), c.shadow_scores.end()));
  if (most == 0) return {};
  std::string out =
      fmt::format("<figure><svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Scores\">", kWidth, kHeight);
  const double step = (kWidth - 2 * kLeft) / static_cast<double>(Comparison::kBins);
  // Square roots, so that rare scores are seen beside frequent ones.
  const auto bar = [&](std::size_t i, uint64_t rows, double shift, std::string_view what) {
    const double height =
        (kHeight - kBottom - 10) * std::sqrt(static_cast<double>(rows) / static_cast<double>(most));
    out += fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{:.2f} to "
        "{:.2f}: {} "
        "rows</title></rect>",
        what, kLeft + static_cast<double>(i) * step + shift, kHeight - kBottom - height, step * 0.42, height,
        static_cast<double>(i) / Comparison::kBins, static_cast<double>(i + 1) / Comparison::kBins, rows);
  };
  for (std::size_t i = 0; i < Comparison::kBins; ++i) {
    bar(i, c.answered_scores[i], step * 0.06, "answered");
    bar(i, c.shadow_scores[i], step * 0.52, "shadow");
  }
  for (int tenth = 0; tenth <= 10; tenth += 2) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:.1f}</text>",
                       kLeft + (kWidth - 2 * kLeft) * tenth / 10, kHeight - 6, tenth / 10.0);
  }
  return out +
         "</svg><figcaption>Probability of the class that was answered (heights by the square root of rows): "
         "<i class=\"answered\" style=\"background:var(--answered)\"></i> answered, "
         "<i class=\"shadow\" style=\"background:var(--shadow)\"></i> shadow</figcaption></figure>";
}

std::string Flips(const Comparison& c) {
  if (c.flips.empty()) return {};
  std::string out = "<table><tr><th>answered</th><th>shadow</th><th>rows</th><th>per 10,000</th></tr>";
  for (const auto& [labels, rows] : c.flips) {
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.1f}</td></tr>", Escaped(labels.first),
                       Escaped(labels.second), rows,
                       1e4 * static_cast<double>(rows) / static_cast<double>(c.all.rows));
  }
  return out + "</table>";
}

std::string Segments(const Comparison& c, const std::string& by) {
  if (c.segments.empty()) return {};
  std::vector<std::pair<std::string, Agreement>> segments(c.segments.begin(), c.segments.end());
  std::stable_sort(segments.begin(), segments.end(),
                   [](const auto& a, const auto& b) { return a.second.rows > b.second.rows; });
  std::string out = fmt::format(
      "<h3>By {}</h3><table><tr><th>{}</th><th>rows</th><th>agree</th><th>mean |difference|"
      "</th></tr>",
      Escaped(by), Escaped(by));
  for (const auto& [value, a] : segments) {
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.3g}</td></tr>", Escaped(value), a.rows,
                       Percent(a.agree, a.rows), Mean(a.absolute, a.compared));
  }
  return out + "</table>";
}

}  // namespace

std::string ComparePage(const Comparer& comparer, const std::string& by) {
  std::string out(kHead);
  for (const auto& [key, c] : comparer.comparisons()) {
    const Agreement& a = c.all;
    out += fmt::format("<h2>{}: {} beside {}</h2><p>{} to {}</p><div class=\"tiles\">", Escaped(key.endpoint),
                       Escaped(key.shadow), Escaped(key.primary), Escaped(c.first), Escaped(c.last));
    out += Tile(fmt::format("{}", a.rows), "rows") + Tile(Percent(a.agree, a.rows), "agree");
    if (a.refused > 0) out += Tile(Percent(a.refused, a.rows), "refused by the shadow");
    out += Tile(fmt::format("{:+.3g}", Mean(a.difference, a.compared)), "mean shift of the score");
    out += Tile(fmt::format("{:.3g}", Mean(a.absolute, a.compared)), "mean |difference|");
    out += Tile(fmt::format("{:.3g}", a.largest), "largest |difference|");
    out += Tile(fmt::format("{:.1f} µs", c.shadow_us.Quantile(0.99)), "shadow's p99");
    if (const LogHistogram* answered = comparer.Latency(key.endpoint, key.primary)) {
      out += Tile(fmt::format("{:.1f} µs", answered->Quantile(0.99)), "answers' p99");
    }
    out += "</div>" + Scores(c) + Flips(c) + Segments(c, by);
  }
  return out + "</html>\n";
}

}  // namespace turnout
