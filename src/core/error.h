// The one exception type of the project, and the check for programmer mistakes.
// An Error ends a load, a job or a request, never the process; every edge (command line, server)
// translates its code once. Data from files and users is checked by throwing, never by assert.
#pragma once

#include <fmt/format.h>

#include <exception>
#include <string>
#include <utility>

namespace aurea {

enum class ErrorCode {
  kBadArgument,  // the caller asked for something that makes no sense        (exit code 2)
  kBadFile,      // a file or its data is truncated, contradictory or hostile (exit code 3)
  kUnsupported,  // well-formed, but not something this program can do        (exit code 4)
  kDevice,       // a device failed or is missing                             (exit code 5)
  kOutOfMemory,  // a limit on memory was met                                 (exit code 1)
  kInternal,     // a bug in this program                                     (exit code 1)
  kCancelled,    // stopped by the user                                       (exit code 130)
};

class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

  /// Puts "where: " in front of the message; used while an error passes through a caller that knows the file or tensor.
  Error& add_context(const std::string& where) {
    message_ = where + ": " + message_;
    return *this;
  }

 private:
  ErrorCode code_;
  std::string message_;
};

template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

/// Throws kBadFile; the message should name what was expected and what was found.
template <typename... Args>
[[noreturn]] void fail_file(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(ErrorCode::kBadFile, fmt::format(format, std::forward<Args>(args)...));
}

[[noreturn]] void fail_check(const char* condition, const char* file, int line);

}  // namespace aurea

/// For programmer mistakes only; stays in release builds, throws kInternal so that one request cannot end a server.
#define AUREA_CHECK(condition) \
  do {                         \
    if (!(condition)) [[unlikely]] ::aurea::fail_check(#condition, __FILE__, __LINE__); \
  } while (false)
