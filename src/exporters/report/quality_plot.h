// The plot of size against divergence, as inline SVG.
#pragma once

#include <string>
#include <vector>

#include "exporters/report/report.h"

namespace aurea::exporters {

/// `ours` stands out; `others` are joined by a line. The divergence has a logarithmic scale when it spans more than a
/// factor of four.
std::string quality_plot(const ReportPoint& ours, const std::vector<ReportPoint>& others);

}  // namespace aurea::exporters
