// The order in which everything runs: preparation that does not count, then round after round.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "cli/bench/report.h"
#include "cli/bench/subject.h"
#include "core/cancel.h"

namespace aurea::cli::bench {

/// Fills the rates of all rows that are not left out, the limits and the peak memory of `report`. The rows run one
/// after another, `repetitions` times over, with a measurement of the limits before each run: whatever else the machine
/// does meets all of them. `subjects`: by Row::model. Throws kCancelled.
void measure(Report& report, std::span<const std::unique_ptr<Subject>> subjects, size_t repetitions,
             const CancelToken& cancel, bool quiet);

}  // namespace aurea::cli::bench
