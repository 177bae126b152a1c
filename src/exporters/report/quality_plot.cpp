#include "exporters/report/quality_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "exporters/report/html.h"

namespace aurea::exporters {
namespace {

constexpr double kLogFactor = 4;   // from this span on the divergence is shown by its logarithm
constexpr double kLeastKl = 1e-7;  // below: noise of rounding; a logarithm needs a floor
constexpr size_t kFewTicks = 3;

/// The drawing's size in its own units, which a browser scales to the page's width: another one for phones, where text
/// would become tiny.
struct Canvas {
  const char* name;  // class in the page's style
  double width, height, left, right, top, bottom;
};
constexpr Canvas kCanvases[] = {{"large", 760, 360, 84, 24, 28, 58}, {"small", 360, 320, 56, 12, 28, 58}};

/// One axis: values to places, and round numbers to write beside it.
struct Axis {
  double low, high;  // in shown units: of the value, or of its logarithm to base 10
  bool logarithmic = false;

  [[nodiscard]] double share(double value) const {
    return ((logarithmic ? std::log10(value) : value) - low) / (high - low);
  }

  [[nodiscard]] std::vector<double> ticks() const {
    if (!logarithmic) return linear_ticks();
    const std::vector<double> decades = decade_ticks({1});
    return decades.size() >= kFewTicks ? decades : decade_ticks({1, 2, 5});
  }

 private:
  [[nodiscard]] std::vector<double> decade_ticks(const std::vector<double>& factors) const {
    std::vector<double> values;
    for (int decade = static_cast<int>(std::floor(low)); decade <= static_cast<int>(std::ceil(high)); ++decade) {
      for (const double factor : factors) {
        const double value = factor * std::pow(10.0, decade);
        if (share(value) >= -1e-9 && share(value) <= 1 + 1e-9) values.push_back(value);
      }
    }
    return values;
  }

  [[nodiscard]] std::vector<double> linear_ticks() const {
    const double rough = (high - low) / 5, power = std::pow(10.0, std::floor(std::log10(rough)));
    const double step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10);
    std::vector<double> values;
    for (double n = std::ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; ++n)
      values.push_back(n * step + 0.0);  // no -0
    return values;
  }
};

Axis axis_of(double low, double high, bool logarithmic) {
  if (logarithmic) low = std::log10(low), high = std::log10(high);
  const double margin = std::max(0.08 * (high - low), logarithmic ? 0.1 : 0.05 * std::abs(high) + 1e-12);
  return {logarithmic ? low - margin : std::max(0.0, low - margin), high + margin, logarithmic};
}

double clamped(double kl) { return std::max(kl, kLeastKl); }

struct Box {
  double left, top, right, bottom;
  [[nodiscard]] bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

class Plot {
 public:
  Plot(const Canvas& canvas, const Axis& x, const Axis& y) : canvas_(canvas), x_(x), y_(y) {}

  [[nodiscard]] double x(double bits) const {
    return canvas_.left + x_.share(bits) * (canvas_.width - canvas_.left - canvas_.right);
  }
  [[nodiscard]] double y(double kl) const { return bottom() - y_.share(clamped(kl)) * (bottom() - canvas_.top); }

  [[nodiscard]] std::string axes() const {
    std::string svg;
    const double right = canvas_.width - canvas_.right;
    for (const double value : y_.ticks()) {
      const double place = y(value);
      svg += fmt::format("<line x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\"/>", canvas_.left, place, right, place);
      svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\" dominant-baseline=\"middle\">{:.3g}</text>",
                         canvas_.left - 8, place, value);
    }
    for (const double value : x_.ticks()) {
      const double place = x(value);
      svg +=
          fmt::format("<line x1=\"{:.1f}\" y1=\"{}\" x2=\"{:.1f}\" y2=\"{}\"/>", place, bottom(), place, bottom() + 5);
      svg +=
          fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:.3g}</text>", place, bottom() + 20, value);
    }
    svg += fmt::format("<path d=\"M{} {}V{}H{}\"/>", canvas_.left, canvas_.top, bottom(), right);
    svg +=
        fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">bits per weight</text>", right, canvas_.height - 12);
    return svg + fmt::format("<text x=\"{}\" y=\"14\">KL divergence, nats per token</text>", 0);
  }

  /// The mark of a point, which labels keep away from.
  std::string mark(const ReportPoint& point, bool ours) {
    const double px = x(point.bits_per_weight), py = y(point.kl), radius = ours ? 6 : 5;
    taken_.push_back({px - radius, py - radius, px + radius, py + radius});
    const double above = std::max(y(point.kl + point.kl_stderr), canvas_.top),
                 below = std::min(y(point.kl - point.kl_stderr), bottom());
    return fmt::format("<g><title>{}: {:.2f} bits per weight, KL divergence {:.6f} ± {:.6f}</title>",
                       escape_html(point.label), point.bits_per_weight, point.kl, point.kl_stderr) +
           fmt::format("<line class=\"bar\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", px, above, px,
                       below) +
           fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/></g>", ours ? "this" : "other", px,
                       py, radius);
  }

  /// Beside the point, where nothing else is yet; a label without room is left out (the mark's title has it).
  std::string label(const ReportPoint& point, bool ours) {
    constexpr double kCharacter = 8, kLine = 15, kGap = 10;
    const double px = x(point.bits_per_weight), py = y(point.kl),
                 width = kCharacter * static_cast<double>(point.label.size());
    const std::array<std::pair<double, double>, 8> places = {{{px + kGap, py - 3},
                                                              {px + kGap, py + 14},
                                                              {px - kGap - width, py - 3},
                                                              {px - kGap - width, py + 14},
                                                              {px - width / 2, py - kGap},
                                                              {px - width / 2, py + 22},
                                                              {px + kGap, py - 16},
                                                              {px + kGap, py + 28}}};
    for (const auto& [left, baseline] : places) {
      const Box box{left, baseline - kLine + 4, left + width, baseline + 3};
      const bool inside =
          box.left >= canvas_.left + 2 && box.right <= canvas_.width && box.top >= 16 && box.bottom <= bottom();
      if (!inside || std::ranges::any_of(taken_, [&](const Box& other) { return box.meets(other); })) continue;
      taken_.push_back(box);
      return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", ours ? "this" : "label", left,
                         baseline, escape_html(point.label));
    }
    return "";
  }

 private:
  [[nodiscard]] double bottom() const { return canvas_.height - canvas_.bottom; }

  const Canvas& canvas_;
  Axis x_, y_;
  std::vector<Box> taken_;
};

}  // namespace

std::string quality_plot(const ReportPoint& ours, const std::vector<ReportPoint>& others) {
  std::vector<ReportPoint> sorted = others;
  std::ranges::sort(sorted, {}, &ReportPoint::bits_per_weight);
  double least_bits = ours.bits_per_weight, most_bits = least_bits, least_kl = clamped(ours.kl), most_kl = least_kl;
  for (const ReportPoint& point : sorted) {
    least_bits = std::min(least_bits, point.bits_per_weight), most_bits = std::max(most_bits, point.bits_per_weight);
    least_kl = std::min(least_kl, clamped(point.kl)), most_kl = std::max(most_kl, clamped(point.kl));
  }
  if (others.empty()) least_bits -= 1, most_bits += 1, least_kl = 0, most_kl *= 1.5;  // alone, it stands in the middle
  const bool logarithmic = !others.empty() && most_kl > kLogFactor * least_kl;
  std::string svg;
  for (const Canvas& canvas : kCanvases) {
    Plot plot(canvas, axis_of(least_bits, most_bits, false), axis_of(least_kl, most_kl, logarithmic));
    svg += fmt::format(
        "<svg class=\"plot {}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Bits per weight against KL "
        "divergence\">",
        canvas.name, canvas.width, canvas.height);
    svg += plot.axes();
    std::string curve;
    for (const ReportPoint& point : sorted) {
      curve +=
          fmt::format("{}{:.1f} {:.1f}", curve.empty() ? "M" : "L", plot.x(point.bits_per_weight), plot.y(point.kl));
    }
    if (sorted.size() > 1) svg += fmt::format("<path class=\"curve\" d=\"{}\"/>", curve);
    for (const ReportPoint& point : sorted) svg += plot.mark(point, false);
    svg += plot.mark(ours, true) + plot.label(ours, true);
    for (const ReportPoint& point : sorted) svg += plot.label(point, false);
    svg += "</svg>\n";
  }
  return svg;
}

}  // namespace aurea::exporters
