// Parsing, exit codes, signals: what happens around a command.
#include "cli/command.h"

#include <csignal>
#include <cstdio>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"

namespace aurea::cli {
namespace {

CancelToken g_cancel;

/// The first Ctrl-C asks for a clean stop; the second ends the process.
void on_interrupt(int) {
  g_cancel.request();
  std::signal(SIGINT, SIG_DFL);
}

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadArgument: return 2;
    case ErrorCode::kBadFile: return 3;
    case ErrorCode::kUnsupported: return 4;
    case ErrorCode::kDevice: return 5;
    case ErrorCode::kCancelled: return 130;
    case ErrorCode::kOutOfMemory:
    case ErrorCode::kInternal: return 1;
  }
  return 1;
}

/// llama.cpp has options of several letters behind one dash, which the parser does not know.
std::string long_spelling(std::string_view argument) {
  static constexpr std::pair<std::string_view, std::string_view> kSpellings[] = {
      {"-ngl", "--gpu-layers"}, {"-sys", "--system"}, {"-no-cnv", "--raw"}};
  for (const auto& [short_form, long_form] : kSpellings) {
    if (argument == short_form) return std::string(long_form);
  }
  return std::string(argument);
}

constexpr const char* kFooter = R"(Examples:
  aurea quantize Phi-3.5-mini-instruct -o phi-3.5-mini-Q4_K_M.gguf --type Q4_K_M
  aurea eval phi-3.5-mini-Q4_K_M.gguf --reference Phi-3.5-mini-instruct --text held-out.txt
  aurea run phi-3.5-mini-Q4_K_M.gguf --prompt "What is a database?"

'aurea COMMAND --help' explains a command. A MODEL is a GGUF file or a Hugging Face folder.
Exit codes: 0 done, 2 usage, 3 bad file or data, 4 unsupported, 5 device, 1 anything else, 130 interrupted.)";

}  // namespace

void Context::notice(const std::string& text) const {
  if (!quiet) fmt::print(stderr, "{}\n", text);
}

void Context::rearm() const {
  cancel.reset();
  std::signal(SIGINT, on_interrupt);
}

void add_output_options(CLI::App& app, Context& context) {
  app.add_flag("--json", context.json, "Print the result as one JSON object");
  app.add_flag("-q,--quiet", context.quiet, "No progress, no notices");
}

void print_text(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void print_json(const Json& json) { print_text(to_text(json) + "\n"); }

int main_with(int argc, char** argv) {
  CLI::App app{"Aurea takes Microsoft's Phi models from the checkpoint to the device: quantize, measure, run."};
  app.name("aurea");
  app.footer(kFooter);
  app.set_version_flag("--version", AUREA_VERSION);
  app.require_subcommand(1);
  Context context{.cancel = g_cancel, .run = nullptr};
  for (const Command& command : commands()) command.add(app, context);
  try {
    std::vector<std::string> arguments;  // the parser wants them last first
    for (int i = argc - 1; i > 0; --i) arguments.push_back(long_spelling(argv[i]));
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);  // prints the help, or the error with a hint
    return code == 0 ? 0 : 2;
  }
  std::signal(SIGINT, on_interrupt);
  try {
    context.run();
    return std::fflush(stdout) == 0 ? 0 : 1;
  } catch (const Error& error) {
    fmt::print(stderr, "aurea: {}\n", error.what());
    return exit_code(error.code());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "aurea: out of memory\n");
    return 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "aurea: {}\n", error.what());
    return 1;
  }
}

}  // namespace aurea::cli
