// The journal of files that are being written: what they are (a fingerprint), and how far they are known to be right.
// It is the lock of those files, too: one run at a time. Internal to core/resumable_output; the layout is described in
// docs/formats/journal.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace aurea {

/// The bytes of a part from the end of the record before it (or of the part's header) up to `end`.
struct JournalRecord {
  uint64_t part = 0, end = 0;
  std::string hash;  // FastHash of these bytes, then of the note
  std::string note;  // the writer's own; no line breaks
  bool operator==(const JournalRecord&) const = default;
};

struct JournalContent {
  std::string fingerprint;         // of all that decides the bytes; empty: there is nothing to go on with
  std::vector<std::string> files;  // names, in the journal's folder
  std::vector<JournalRecord> records;
  bool committing = false;  // everything was written; some files may have their final names already
};

/// Reads whole lines as far as they make sense: what a killed run left may end anywhere.
JournalContent parse_journal(std::string_view text);

class OutputJournal {
 public:
  /// Opens the file, or creates it, and locks it. Throws kBadArgument when another run holds it, and when what lies
  /// there is not a file of this user alone (a link, a pipe, somebody else's file).
  explicit OutputJournal(std::filesystem::path path);
  ~OutputJournal();
  OutputJournal(const OutputJournal&) = delete;
  OutputJournal& operator=(const OutputJournal&) = delete;

  /// What an earlier run left; nothing in a new journal.
  [[nodiscard]] const JournalContent& found() const { return found_; }

  /// Goes on behind the first `n` records that were found.
  void keep_records(size_t n);
  /// Empties the journal and begins anew. Throws kBadFile on a full disk, as the next ones do.
  void start(const std::string& fingerprint, const std::vector<std::string>& files);
  void append(const JournalRecord& record);
  void mark_committing();
  /// Removes the file; the lock is held until the end.
  void remove();

 private:
  void cut(size_t size);
  void put(std::string_view text);

  std::filesystem::path path_;
  int fd_ = -1;
  JournalContent found_;
};

/// Opens for reading and writing what lies at `path`, without following a link; with `create`, a new file when there is
/// none. Returns a descriptor, or -1 when there is none. Throws kBadArgument when it is not a regular file of this user
/// under one name.
int open_own_file(const std::filesystem::path& path, bool create);

}  // namespace aurea
