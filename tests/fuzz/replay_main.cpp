// A plain main for a fuzz target, where libFuzzer is not there: runs every file of a corpus folder, then a fixed
// sequence of mutations of them, bounded in number and time. A failing input is left in the working folder.
//   fuzz_<reader> CORPUS [--runs N] [--seconds N]
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Present when the program is built with a sanitizer.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Bytes = std::vector<uint8_t>;

struct Options {
  std::filesystem::path corpus;
  int runs = 20000;
  int seconds = 60;
};

const uint8_t* current_data = nullptr;  // for the crash handler
size_t current_size = 0;

/// Saves the input that is running. Only calls that are allowed in a signal handler.
void save_current() {
  static constexpr char kPath[] = "fuzz-failure";
  const int fd = ::open(kPath, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || ::write(fd, current_data, current_size) < 0) return;
  ::close(fd);
  static constexpr char kMessage[] = "the failing input is in ./fuzz-failure\n";
  if (::write(STDERR_FILENO, kMessage, sizeof(kMessage) - 1) < 0) return;
}

void on_signal(int signal) {
  save_current();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void catch_crashes() {
  std::signal(SIGABRT, on_signal);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(save_current);
    return;
  }
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, on_signal);
}

/// An exception that leaves the target ends the program, as it does under libFuzzer.
void run_one(const Bytes& input) {
  const Bytes exact(input);  // capacity is the size: a sanitizer sees reads beyond the end
  current_data = exact.data();
  current_size = exact.size();
  try {
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "an exception left the target: %s\n", error.what());
    std::abort();
  }
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Bytes>& corpus) : corpus_(corpus) {}

  Bytes next() {
    Bytes input = corpus_[below(corpus_.size())];
    for (size_t n = 1 + below(4); n > 0; --n) change(input);
    return input;
  }

 private:
  size_t below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  void change(Bytes& input) {
    switch (below(7)) {
      case 0:  // flip a bit
        if (!input.empty()) input[below(input.size())] ^= static_cast<uint8_t>(1u << below(8));
        break;
      case 1:  // any byte
        if (!input.empty()) input[below(input.size())] = static_cast<uint8_t>(random_());
        break;
      case 2:
        input.resize(below(input.size() + 1));
        break;
      case 3:
        write_integer(input);
        break;
      case 4:
        splice(input);
        break;
      case 5:
        repeat(input);
        break;
      case 6:
        erase(input);
        break;
    }
  }

  /// A value at the edge of some width, in 1, 2, 4 or 8 bytes.
  void write_integer(Bytes& input) {
    static constexpr uint64_t kEdges[] = {0,
                                          1,
                                          2,
                                          3,
                                          8,
                                          31,
                                          32,
                                          63,
                                          64,
                                          127,
                                          255,
                                          65535,
                                          65536,
                                          INT32_MAX,
                                          UINT32_MAX,
                                          uint64_t{1} << 32,
                                          uint64_t{1} << 61,
                                          uint64_t{1} << 62,
                                          INT64_MAX,
                                          uint64_t{1} << 63,
                                          UINT64_MAX - 31,
                                          UINT64_MAX};
    const uint64_t value = kEdges[below(std::size(kEdges))];
    const size_t width = size_t{1} << below(4);
    if (input.size() < width) return;
    std::memcpy(input.data() + below(input.size() - width + 1), &value, width);
  }

  /// The front of this input and the back of another.
  void splice(Bytes& input) {
    const Bytes& other = corpus_[below(corpus_.size())];
    input.resize(below(input.size() + 1));
    input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(below(other.size() + 1)), other.end());
  }

  /// A piece of the input once more, somewhere.
  void repeat(Bytes& input) {
    const size_t begin = below(input.size()), count = below(std::min<size_t>(input.size() - begin, 64) + 1);
    const Bytes piece(input.begin() + static_cast<std::ptrdiff_t>(begin),
                      input.begin() + static_cast<std::ptrdiff_t>(begin + count));
    input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(input.size() + 1)), piece.begin(), piece.end());
  }

  void erase(Bytes& input) {
    const size_t begin = below(input.size()), count = below(std::min<size_t>(input.size() - begin, 64) + 1);
    input.erase(input.begin() + static_cast<std::ptrdiff_t>(begin),
                input.begin() + static_cast<std::ptrdiff_t>(begin + count));
  }

  const std::vector<Bytes>& corpus_;
  std::mt19937_64 random_{20000};  // fixed: every run sees the same inputs
};

std::vector<Bytes> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

Options parse_arguments(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--runs" && i + 1 < argc) {
      options.runs = std::atoi(argv[++i]);
    } else if (argument == "--seconds" && i + 1 < argc) {
      options.seconds = std::atoi(argv[++i]);
    } else {
      options.corpus = argument;
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse_arguments(argc, argv);
  if (!std::filesystem::is_directory(options.corpus)) {
    std::fprintf(stderr, "usage: %s CORPUS [--runs N] [--seconds N]\n", argv[0]);
    return 2;
  }
  const std::vector<Bytes> corpus = read_corpus(options.corpus);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no input there\n", options.corpus.c_str());
    return 2;
  }
  catch_crashes();
  for (const Bytes& input : corpus) run_one(input);

  Mutator mutator(corpus);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  int runs = 0;
  while (runs < options.runs && std::chrono::steady_clock::now() < end) {
    run_one(mutator.next());
    ++runs;
  }
  std::printf("%zu files, %d mutations: no failure\n", corpus.size(), runs);
  return 0;
}
