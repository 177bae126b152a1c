#include "core/output_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "core/error.h"
#include "core/output_file.h"

namespace aurea {
namespace {

constexpr std::string_view kMagic = "aurea journal 1";
constexpr std::string_view kCommit = "commit";
constexpr off_t kMostBytes = off_t{256} << 20;  // millions of records

/// The text before the next `separator`, which is skipped; nothing when there is none.
std::optional<std::string_view> take(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(end + 1);
  return field;
}

std::optional<uint64_t> take_number(std::string_view& text) {
  const auto field = take(text, ' ');
  uint64_t value = 0;
  if (!field || field->empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), value);
  if (error != std::errc() || end != field->data() + field->size()) return std::nullopt;
  return value;
}

std::string line_of(const JournalRecord& record) {
  return fmt::format("{} {} {} {}\n", record.part, record.end, record.hash, record.note);
}

std::optional<JournalRecord> parse_record(std::string_view line) {
  const auto part = take_number(line), end = part ? take_number(line) : std::nullopt;
  const auto hash = end ? take(line, ' ') : std::nullopt;
  if (!hash) return std::nullopt;
  return JournalRecord{*part, *end, std::string(*hash), std::string(line)};
}

std::string head_of(const std::string& fingerprint, const std::vector<std::string>& files) {
  std::string text = fmt::format("{}\n{}\n", kMagic, fingerprint);
  for (const std::string& file : files) text += file + '\n';
  return text + '\n';
}

std::string read_all(int fd, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || status.st_size > kMostBytes)
    fail_file("{}: cannot read, or too large for a journal", path.string());
  std::string text(static_cast<size_t>(status.st_size), '\0');
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  if (n < 0) fail_file("{}: cannot read: {}", path.string(), std::strerror(errno));
  text.resize(static_cast<size_t>(n));
  return text;
}

/// True while `fd` is what the path names: another run may have finished and removed it between open and lock.
bool is_still_there(int fd, const std::filesystem::path& path) {
  struct stat here {
  }, there{};
  return ::fstat(fd, &here) == 0 && ::lstat(path.c_str(), &there) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino;
}

}  // namespace

JournalContent parse_journal(std::string_view text) {
  JournalContent content;
  if (take(text, '\n') != kMagic) return {};
  const auto fingerprint = take(text, '\n');
  if (!fingerprint) return {};
  for (;;) {
    const auto name = take(text, '\n');
    if (!name) return {};  // the head was never finished
    if (name->empty()) break;
    content.files.emplace_back(*name);
  }
  content.fingerprint = *fingerprint;
  while (const auto line = take(text, '\n')) {
    content.committing = *line == kCommit;
    if (content.committing) break;
    auto record = parse_record(*line);
    // Only lines as they are written: places in the file follow from the records.
    if (!record || line_of(*record) != std::string(*line) + '\n') break;
    content.records.push_back(std::move(*record));
  }
  return content;
}

int open_own_file(const std::filesystem::path& path, bool create) {
  const int fd = ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (create ? O_CREAT : 0), 0644);
  if (fd < 0) {
    if (errno == ENOENT && !create) return -1;
    const bool in_the_way = errno == ELOOP || errno == ENXIO || errno == EISDIR;
    if (!in_the_way) fail_to_create(path, errno);
  } else {
    struct stat status {};
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid() && status.st_nlink <= 1)
      return fd;
    ::close(fd);
  }
  fail(ErrorCode::kBadArgument,
       "{}: lies where the unfinished file goes, and is not a file of this program; remove it first", path.string());
}

OutputJournal::OutputJournal(std::filesystem::path path) : path_(std::move(path)) {
  for (;;) {
    fd_ = open_own_file(path_, true);
    // A file system without locks cannot keep a second run away; all others do.
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      ::close(fd_);
      fail(ErrorCode::kBadArgument, "{}: another run is writing this output; wait for its end, or choose another name",
           path_.string());
    }
    if (is_still_there(fd_, path_)) break;
    ::close(fd_);
  }
  try {
    found_ = parse_journal(read_all(fd_, path_));
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

OutputJournal::~OutputJournal() { ::close(fd_); }

void OutputJournal::put(std::string_view text) {
  // Short lines: one call each, so that a kill leaves a line whole or not at all.
  const ssize_t n = ::write(fd_, text.data(), text.size());
  if (n != static_cast<ssize_t>(text.size())) {
    fail_file("{}: cannot write: {}", path_.string(), n < 0 ? std::strerror(errno) : std::strerror(ENOSPC));
  }
}

void OutputJournal::cut(size_t size) {
  const auto end = static_cast<off_t>(size);
  if (::ftruncate(fd_, end) != 0 || ::lseek(fd_, end, SEEK_SET) != end)
    fail_file("{}: cannot write: {}", path_.string(), std::strerror(errno));
}

void OutputJournal::keep_records(size_t n) {
  size_t size = head_of(found_.fingerprint, found_.files).size();
  for (size_t i = 0; i < n; ++i) size += line_of(found_.records[i]).size();
  cut(size);
}

void OutputJournal::start(const std::string& fingerprint, const std::vector<std::string>& files) {
  cut(0);
  put(head_of(fingerprint, files));
}

void OutputJournal::append(const JournalRecord& record) { put(line_of(record)); }

void OutputJournal::mark_committing() { put(std::string(kCommit) + '\n'); }

void OutputJournal::remove() { ::unlink(path_.c_str()); }

}  // namespace aurea
