// The certificate of a quantized file: what it was made from and how, and what was measured of it, in GGUF metadata
// keys `aurea.*` that other programs ignore (docs/formats/gguf.md lists them). Its values are measured when the tensors
// are written already, so that room of the same size is reserved in the header first.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel.h"
#include "core/mapped_file.h"
#include "core/thread_pool.h"
#include "formats/gguf/gguf_file.h"
#include "formats/gguf/gguf_value.h"
#include "quantization/evaluate.h"
#include "quantization/importance.h"

namespace aurea::quantization {

struct Certificate {
  std::string version;            // of the program that made the file
  std::string recipe;             // the choices, in one line
  std::string source_sha256;      // sha256_of_files of the files with the source's tensors
  std::string importance_sha256;  // importance_sha256(); empty: none was used
  std::string text_sha256;        // of the file that was evaluated on
  std::string tensors_sha256;     // see tensors_sha256()
  std::string kernels;            // kernel set that the evaluation ran on
  Evaluation evaluation;          // with a comparison to the source

  /// Reads a file's certificate; nothing if it has none. Throws kBadFile, naming the key, on one that is cut or
  /// changed.
  static std::optional<Certificate> read(const formats::GgufMetadata& metadata);
  /// Sets all keys. Every certificate with the same version, recipe, kernels and presence of an importance takes the
  /// same number of bytes.
  void store(formats::GgufMetadata& metadata) const;
};

/// Keys that belong to one file's tensors, and that a file made from it must not inherit.
bool is_certificate_key(std::string_view key);

/// One file: its SHA-256. Several: that of the text of their SHA-256s in hexadecimal, a line each, in the order of the
/// files' names.
std::string sha256_of_files(std::vector<std::filesystem::path> paths, const CancelToken* cancel);

/// SHA-256 of a text with one line per tensor in the byte order of the names: `<SHA-256 of its data> <type>
/// <dimensions, contiguous first, joined by x> <name>`. It is the same however the tensors are ordered, split into
/// files, padded, and whatever the metadata say.
std::string tensors_sha256(const formats::GgufFile& file, ThreadPool& pool, const CancelToken* cancel);

/// SHA-256 of all that weights can follow from: for each entry in the byte order of the names a line `<name> <matrices>
/// <columns>`, then its sums and its counts as float32, little-endian. Whichever file they come from, and how often it
/// was merged.
std::string importance_sha256(const Importance& importance);

/// Paths of mapped files.
std::vector<std::filesystem::path> paths_of(std::span<const MappedFile> files);

}  // namespace aurea::quantization
