// quantize --certify: what is measured of a file before it has its name.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

#include "cli/command.h"
#include "exporters/gguf/gguf_exporter.h"
#include "models/source.h"
#include "quantization/certificate.h"

namespace aurea::cli {

/// --certify, --text, --context.
struct CertifyFlags {
  bool certify = false;
  std::string text_file;
  size_t context = 512;

  void add_to(CLI::App& app);
  /// Throws kBadArgument without a text, kBadFile when it cannot be read: before the work.
  void check() const;

  /// Checks that the text can be evaluated, reserves the certificate's place in the plan's metadata, and has it filled
  /// when the file is written. Does nothing without --certify.
  void prepare(const models::ModelSource& source, const std::string& choices, unsigned threads, const Context& context,
               exporters::GgufExportPlan& plan, exporters::GgufExportOptions& options) const;
};

}  // namespace aurea::cli
