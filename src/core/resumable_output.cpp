#include "core/resumable_output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/output_file.h"

namespace aurea {
namespace {

constexpr std::string_view kHiddenPrefix = ".unfinished-";
constexpr std::string_view kJournalSuffix = ".journal";
constexpr size_t kMostNameBytes = 200, kKeptNameBytes = 150;  // file systems allow 255, prefix and suffix included

std::filesystem::path journal_path(const std::filesystem::path& name) {
  return unfinished_path(name) += kJournalSuffix;
}

/// A check that needs no lock, unless an earlier run may have given some of the files their names already.
const std::filesystem::path& checked(const std::filesystem::path& name, const std::vector<OutputPart>& parts,
                                     bool overwrite) {
  if (std::filesystem::exists(std::filesystem::symlink_status(journal_path(name)))) return name;
  for (const OutputPart& part : parts) check_output_path(part.path, overwrite);
  return name;
}

bool is_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(std::filesystem::symlink_status(path, ignored));
}

/// Removes a file of our own; anything else at that name is an error.
void remove_own(const std::filesystem::path& path) {
  const int fd = open_own_file(path, false);
  if (fd < 0) return;
  ::close(fd);
  ::unlink(path.c_str());
}

}  // namespace

std::filesystem::path unfinished_path(const std::filesystem::path& path) {
  std::string name = path.filename().string();
  if (name.size() > kMostNameBytes) {
    FastHash hash;
    hash.update(std::string_view(name).substr(0, name.size() - kKeptNameBytes));
    name = hash.hex() + name.substr(name.size() - kKeptNameBytes);
  }
  return path.parent_path() / (std::string(kHiddenPrefix) + name);
}

ResumableOutput::ResumableOutput(const std::filesystem::path& name, std::vector<OutputPart> parts, bool overwrite,
                                 const std::string& fingerprint, const CancelToken* cancel)
    : name_(checked(name, parts, overwrite)),
      parts_(std::move(parts)),
      renamed_(parts_.size()),
      fingerprint_(fingerprint),
      journal_(journal_path(name_)) {
  AUREA_CHECK(!parts_.empty());
  const bool resumed = !fingerprint.empty() && resume(cancel);
  try {
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (!renamed_[i]) check_output_path(parts_[i].path, overwrite);
    }
  } catch (const Error&) {
    if (journal_.found().fingerprint.empty()) journal_.remove();
    throw;
  }
  if (resumed) return;
  try {
    begin_anew();
  } catch (...) {
    remove_files();
    if (fd_ >= 0) ::close(fd_);
    throw;
  }
}

ResumableOutput::~ResumableOutput() {
  if (!finished_) remove_files();
  if (fd_ >= 0) ::close(fd_);
}

std::filesystem::path ResumableOutput::hidden_path(size_t part) const { return unfinished_path(parts_[part].path); }

/// Takes over as much as the journal proves; false when that is nothing, with the reason in remark_.
bool ResumableOutput::resume(const CancelToken* cancel) {
  const JournalContent& found = journal_.found();
  if (found.fingerprint.empty()) return false;
  if (found.fingerprint != fingerprint_) {
    remark_ = "an earlier run with other options, another source or another version was not finished; starting anew";
    return false;
  }
  uint64_t position = parts_[0].header.size();
  size_t part = 0;
  int fd = -1;
  const auto open_part = [&](size_t index) {
    if (fd >= 0) ::close(fd);
    fd = open_own_file(hidden_path(index), false);
    if (fd < 0 && found.committing && is_file(parts_[index].path)) {
      renamed_[index] = true;
      fd = ::open(parts_[index].path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    }
    return fd >= 0;
  };
  bool right = open_part(0);
  for (const JournalRecord& record : found.records) {
    if (right && record.part == part + 1 && record.part < parts_.size() && position == parts_[part].n_bytes) {
      right = open_part(++part);
      position = parts_[part].header.size();
    }
    right = right && record.part == part && record.end > position && record.end <= parts_[part].n_bytes &&
            verify(fd, record, position, cancel);
    if (!right) break;
    position = record.end;
    recovered_.push_back(record);
  }
  const bool any_renamed = std::ranges::find(renamed_, true) != renamed_.end();
  only_to_commit_ = found.committing && right && part + 1 == parts_.size() && position == parts_[part].n_bytes;
  if (recovered_.empty() || (any_renamed && !only_to_commit_)) {
    if (fd >= 0) ::close(fd);
    recovered_.clear();
    renamed_.assign(parts_.size(), false);
    only_to_commit_ = false;
    if (!right) remark_ = "what an earlier run left is damaged; starting anew";
    return false;
  }
  if (!right) remark_ = "the end of what an earlier run left is damaged and is made again";
  fd_ = fd;
  part_ = part;
  position_ = recorded_up_to_ = position;
  n_made_ = part + 1;
  recorded_ = true;
  if (only_to_commit_) return true;
  journal_.keep_records(recovered_.size());
  if (::ftruncate(fd_, static_cast<off_t>(position)) != 0 || ::lseek(fd_, static_cast<off_t>(position), SEEK_SET) < 0) {
    fail_file("{}: cannot go on writing: {}", name_.string(), std::strerror(errno));
  }
  // A later step may have changed the headers when the earlier run was ended.
  for (size_t i = 0; i <= part_; ++i) set_header(i, parts_[i].header);
  return true;
}

bool ResumableOutput::verify(int fd, const JournalRecord& record, uint64_t begin, const CancelToken* cancel) const {
  FastHash hash;
  std::vector<std::byte> buffer(kBufferBytes);
  for (uint64_t place = begin; place < record.end;) {
    if (cancel != nullptr) cancel->check();
    const ssize_t n =
        ::pread(fd, buffer.data(), std::min<uint64_t>(buffer.size(), record.end - place), static_cast<off_t>(place));
    if (n <= 0) return false;
    hash.update(std::span(buffer).first(static_cast<size_t>(n)));
    place += static_cast<uint64_t>(n);
  }
  hash.update(record.note);
  return hash.hex() == record.hash;
}

void ResumableOutput::begin_anew() {
  for (const std::string& file : journal_.found().files) {
    // Names from a file: only such as this program gives, in this folder.
    const bool ours = file.starts_with(kHiddenPrefix) && file.find('/') == std::string::npos;
    if (ours) remove_own(name_.parent_path() / file);
  }
  std::vector<std::string> files;
  for (size_t i = 0; i < parts_.size(); ++i) {
    remove_own(hidden_path(i));
    files.push_back(hidden_path(i).filename().string());
  }
  journal_.start(fingerprint_, files);
  create_part();
}

/// Makes the current part's file, with its header.
void ResumableOutput::create_part() {
  const std::filesystem::path path = hidden_path(part_);
  remove_own(path);
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd_ < 0) fail_to_create(parts_[part_].path, errno);
  n_made_ = part_ + 1;
  position_ = recorded_up_to_ = 0;
  write(std::as_bytes(std::span(parts_[part_].header)));
  flush();
  recorded_up_to_ = position_;
  hash_.reset();
}

void ResumableOutput::write(std::span<const std::byte> bytes) {
  AUREA_CHECK(fd_ >= 0 && bytes.size() <= parts_[part_].n_bytes - position_);
  hash_.update(bytes);
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() >= kBufferBytes) {
    put(bytes);
  } else {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }
  position_ += bytes.size();
}

void ResumableOutput::flush() {
  position_ -= buffer_.size();
  put(buffer_);
  position_ += buffer_.size();
  buffer_.clear();
}

/// Into the current part's file, from position_ on.
void ResumableOutput::put(std::span<const std::byte> bytes) const {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(fd_, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      fail_file("{}: cannot write after {} bytes: {}", parts_[part_].path.string(), position_ + done,
                std::strerror(errno));
    done += static_cast<size_t>(n);
  }
}

void ResumableOutput::record(const std::string& note) {
  if (fingerprint_.empty() || position_ == recorded_up_to_) return;
  flush();
  hash_.update(note);
  journal_.append({part_, position_, hash_.hex(), note});
  hash_.reset();
  recorded_up_to_ = position_;
  recorded_ = true;
}

void ResumableOutput::next_part() {
  AUREA_CHECK(position_ == parts_[part_].n_bytes && part_ + 1 < parts_.size());
  flush();
  sync_current();
  ++part_;
  create_part();
}

void ResumableOutput::set_header(size_t part, const std::string& header) {
  AUREA_CHECK(header.size() == parts_[part].header.size() && !renamed_[part]);
  const int fd = open_own_file(hidden_path(part), false);
  if (fd < 0) fail_file("{}: the unfinished file has gone", hidden_path(part).string());
  // In place: these blocks are there already, so that it is all or an error of the device.
  const bool written =
      ::pwrite(fd, header.data(), header.size(), 0) == static_cast<ssize_t>(header.size()) && ::fsync(fd) == 0;
  const int reason = errno;
  ::close(fd);
  if (!written) fail_file("{}: cannot write its header: {}", parts_[part].path.string(), std::strerror(reason));
}

void ResumableOutput::sync_current() {
  const bool synced = ::fsync(fd_) == 0;
  const int reason = errno;
  ::close(fd_);
  fd_ = -1;
  if (!synced) fail_file("{}: cannot finish the file: {}", parts_[part_].path.string(), std::strerror(reason));
}

bool ResumableOutput::keep() {
  finished_ = recorded_;
  return recorded_;
}

void ResumableOutput::commit() {
  AUREA_CHECK(part_ + 1 == parts_.size() && position_ == parts_[part_].n_bytes);
  flush();
  sync_current();
  if (!only_to_commit_) journal_.mark_committing();
  finished_ = true;  // from here on a failure leaves what there is: the next run with this fingerprint goes on
  // The first part is what a user opens: when it is there, all are.
  for (size_t i = parts_.size(); i-- > 0;) {
    if (renamed_[i]) continue;
    if (std::rename(hidden_path(i).c_str(), parts_[i].path.c_str()) != 0) {
      fail_file("{}: cannot finish the file: {}", parts_[i].path.string(), std::strerror(errno));
    }
  }
  journal_.remove();
}

void ResumableOutput::remove_files() {
  for (size_t i = 0; i < n_made_; ++i) ::unlink(hidden_path(i).c_str());
  journal_.remove();
}

}  // namespace aurea
