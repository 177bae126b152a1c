#include "core/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace aurea {

namespace {

constexpr size_t kNameBytes = 200;  // of the output's name in the temporary one: file systems allow 255 with the rest
constexpr int kMostAttempts = 9;

}  // namespace

void fail_to_create(const std::filesystem::path& path, int reason) {
  const bool no_room = reason == ENOSPC || reason == EDQUOT;
  fail(no_room ? ErrorCode::kBadFile : ErrorCode::kBadArgument, "{}: cannot write there: {}", path.string(),
       std::strerror(reason));
}

void check_output_path(const std::filesystem::path& path, bool overwrite) {
  namespace fs = std::filesystem;
  if (path.filename().empty()) fail(ErrorCode::kBadArgument, "--output '{}': expected the name of a file", path.string());
  std::error_code error, ignored;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) fail(ErrorCode::kBadArgument, "--output {}: this is a folder; name a file in it", path.string());
  if (fs::exists(status)) {
    // Renaming would put a file where a device or a pipe was.
    if (!fs::is_regular_file(status)) {
      fail(ErrorCode::kBadArgument, "--output {}: not a regular file; it is left as it is", path.string());
    }
    if (!overwrite) {
      fail(ErrorCode::kBadArgument, "{} exists already; choose another name, or --force to replace it", path.string());
    }
    return;
  }
  // Not there yet, which is fine, or not to be looked at: a name too long, a folder that is missing or closed.
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (status.type() != fs::file_type::not_found || !fs::is_directory(folder, ignored)) {
    fail(ErrorCode::kBadArgument, "{}: cannot write there: {}", path.string(), error.message());
  }
}

OutputFile::OutputFile(std::filesystem::path path, bool overwrite) : path_(std::move(path)) {
  check_output_path(path_, overwrite);
  const std::string name = path_.filename().string().substr(0, kNameBytes);
  // In a folder that others write to, the name may be taken by a link or a pipe: nothing that exists is opened.
  for (int attempt = 0; fd_ < 0; ++attempt) {
    temporary_ = path_.parent_path() / fmt::format(".{}.{}-{}.part", name, ::getpid(), attempt);
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd_ < 0 && (errno != EEXIST || attempt == kMostAttempts)) {
      fail_to_create(path_, errno);
    }
  }
}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

void OutputFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail_file("{}: cannot write after {} bytes: {}", path_.string(), size_, std::strerror(errno));
    }
    size_ += static_cast<uint64_t>(written);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

void OutputFile::commit() {
  AUREA_CHECK(fd_ >= 0);
  const bool synced = ::fsync(fd_) == 0;
  const bool closed = ::close(fd_) == 0;
  fd_ = -1;
  if (!synced || !closed || std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary_.c_str());
    fail_file("{}: cannot finish the file: {}", path_.string(), std::strerror(reason));
  }
}

}  // namespace aurea
