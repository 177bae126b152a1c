#include "core/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace aurea {

void check_output_path(const std::filesystem::path& path, bool overwrite) {
  if (path.filename().empty()) fail(ErrorCode::kBadArgument, "--output '{}': expected the name of a file", path.string());
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status)) fail(ErrorCode::kBadArgument, "--output {}: this is a folder; name a file in it", path.string());
  // Renaming would put a file where a device or a pipe was.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    fail(ErrorCode::kBadArgument, "--output {}: not a regular file; it is left as it is", path.string());
  }
  if (!overwrite && std::filesystem::exists(path)) {
    fail(ErrorCode::kBadArgument, "{} exists already; choose another name, or --force to replace it", path.string());
  }
}

OutputFile::OutputFile(std::filesystem::path path, bool overwrite) : path_(std::move(path)) {
  check_output_path(path_, overwrite);
  temporary_ = path_.parent_path() / fmt::format(".{}.{}.part", path_.filename().string(), ::getpid());
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) {
    fail(ErrorCode::kBadArgument, "{}: cannot write there: {}", path_.string(), std::strerror(errno));
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
