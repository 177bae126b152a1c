// The text that calibration runs through the model: a file's, or what the model writes itself.
#pragma once

#include <string>

#include "cli/command.h"
#include "cli/importance_options.h"
#include "engine/model.h"
#include "quantization/feedback/rounding_work.h"

namespace aurea::cli {

/// The file's tokens in sequences of 256 (or of the model's context, if that is shorter), at least `least` of them; a very
/// long text is cut with a notice. Throws kBadFile, kBadArgument for one that is too short.
quantization::CalibrationText read_calibration_text(const std::string& path, size_t least, const engine::Model& model, const Context& context);

/// What the model writes, in whole sequences, at least `least` of them. Throws kBadArgument when fewer are asked for,
/// kCancelled.
quantization::CalibrationText write_calibration_text(const engine::Model& model, size_t least, const SelfCalibrationFlags& self, unsigned threads,
                                                     const Context& context);

}  // namespace aurea::cli
