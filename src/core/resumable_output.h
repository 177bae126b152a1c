// Files that appear together, whole or not at all, and whose writing goes on where a killed run left it. They are
// written under hidden names beside their places, with a journal (core/output_journal.h) of what is known to be right;
// in the end they are synced and renamed, the first one last. A kill at any moment is safe; what a loss of power
// damaged is noticed by the hashes of the journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "core/hash.h"
#include "core/output_journal.h"

namespace aurea {

struct OutputPart {
  std::filesystem::path path;
  std::string header;    // its first bytes, which every run knows without the journal
  uint64_t n_bytes = 0;  // of the whole file
};

class ResumableOutput {
 public:
  /// `name` is the output as the user calls it: of its journal, and in messages. `fingerprint`: of all that decides the
  /// bytes of the parts; empty: a run never goes on with another one's files. Where an earlier run with the same
  /// fingerprint was ended, its files are read and kept as far as they are right; otherwise they are removed. Throws
  /// kBadArgument as check_output_path does, when another run is writing this output, or when something else lies at a
  /// hidden name.
  ResumableOutput(const std::filesystem::path& name, std::vector<OutputPart> parts, bool overwrite,
                  const std::string& fingerprint, const CancelToken* cancel = nullptr);
  /// Removes the hidden files unless keep() or commit() was called.
  ~ResumableOutput();
  ResumableOutput(const ResumableOutput&) = delete;
  ResumableOutput& operator=(const ResumableOutput&) = delete;

  [[nodiscard]] const std::vector<OutputPart>& parts() const { return parts_; }
  /// The records of the earlier run that this one goes on with, and why it does not go on with more; for a message.
  [[nodiscard]] const std::vector<JournalRecord>& recovered() const { return recovered_; }
  [[nodiscard]] const std::string& remark() const { return remark_; }
  /// The earlier run had written everything, headers too, and was ended while it gave the files their names: only
  /// commit() is left.
  [[nodiscard]] bool only_to_commit() const { return only_to_commit_; }

  /// The part and the place in it that the next write() goes to.
  [[nodiscard]] size_t part() const { return part_; }
  [[nodiscard]] uint64_t position() const { return position_; }

  /// Appends to the current part. Throws kBadFile, naming it, on a full disk or another failure.
  void write(std::span<const std::byte> bytes);
  /// The next part becomes current; this one must be complete.
  void next_part();
  /// What was written up to now survives a kill; `note` comes back in recovered().
  void record(const std::string& note);
  /// Replaces the header of a part by one of the same size.
  void set_header(size_t part, const std::string& header);
  /// Where a part lies while it has no name of its own; all bytes are there after a record().
  [[nodiscard]] std::filesystem::path hidden_path(size_t part) const;

  /// The hidden files stay for a later run, if a record was made; false if not.
  bool keep();
  /// Syncs and renames; every part must be complete.
  void commit();

 private:
  static constexpr size_t kBufferBytes = size_t{1} << 20;

  bool resume(const CancelToken* cancel);
  [[nodiscard]] bool verify(int fd, const JournalRecord& record, uint64_t begin, const CancelToken* cancel) const;
  void begin_anew();
  void create_part();
  void flush();
  void put(std::span<const std::byte> bytes) const;
  void remove_files();
  void sync_current();

  std::filesystem::path name_;
  std::vector<OutputPart> parts_;
  std::vector<bool> renamed_;  // by part: by an earlier run
  std::string fingerprint_;
  OutputJournal journal_;
  std::vector<JournalRecord> recovered_;
  std::string remark_;
  bool only_to_commit_ = false, recorded_ = false, finished_ = false;
  int fd_ = -1;                   // of the current part
  size_t part_ = 0, n_made_ = 0;  // the hidden files before n_made_ are this run's
  uint64_t position_ = 0, recorded_up_to_ = 0;
  std::vector<std::byte> buffer_;  // not yet in the file
  FastHash hash_;                  // of what was written since the last record
};

/// The hidden name of an unfinished output: ".unfinished-NAME" in the same folder. The end of the name is kept, so that
/// the parts of a split GGUF file can be opened under their hidden names, too.
std::filesystem::path unfinished_path(const std::filesystem::path& path);

}  // namespace aurea
