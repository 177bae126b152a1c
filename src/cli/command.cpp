// Parsing, exit codes, signals: what happens around a command.
#include "cli/command.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "core/env.h"
#include "core/error.h"
#include "kernels/registry.h"

namespace aurea::cli {
namespace {

CancelToken g_cancel;

/// The first Ctrl-C (or the polite kill of a job scheduler) asks for a clean stop; the second ends the process.
void on_interrupt(int signal) {
  g_cancel.request();
  std::signal(signal, SIG_DFL);
}

/// Without SA_RESTART: a read of standard input that waits for the user must end too.
void listen_for_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

/// Standard output takes no more; unwinds what is at work.
struct OutputLost {
  int reason;  // errno
};

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
      {"-ngl", "--gpu-layers"}, {"-sys", "--system"}, {"-no-cnv", "--raw"}, {"-md", "--spec-draft-model"}, {"-ofreq", "--output-frequency"},
      {"-ctk", "--cache-type-k"}, {"-ctv", "--cache-type-v"}};
  for (const auto& [short_form, long_form] : kSpellings) {
    if (argument == short_form) return std::string(long_form);
  }
  return std::string(argument);
}

/// CLI11's help, with the left column kept to what a user types: no limits, no "Excludes: ...".
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return "";
    std::string type = option->get_type_name();  // "TEXT", "INT:its limits" or "TEXT:{a,b}"
    if (const size_t colon = type.find(':'); colon != std::string::npos) {
      type = type[colon + 1] == '{' ? type.substr(colon + 1) : type.substr(0, colon);
    }
    const std::string value = option->get_default_str();
    return " " + type + (value.empty() ? "" : "=" + value) + (option->get_required() ? " (required)" : "");
  }
};

/// Says what is wrong with the command line and where to look. CLI11 complains of a missing MODEL or command before it
/// mentions the misspelt word that was meant to be it, so unknown words come first here.
void print_usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const CLI::App& command = chosen.empty() ? app : *chosen.back();
  const std::string name = chosen.empty() ? "aurea" : "aurea " + command.get_name();
  std::string what = error.what();
  if (const std::vector<std::string> unknown = command.remaining(); !unknown.empty()) {
    const char* kind = unknown.front().starts_with('-') ? "no such option" : chosen.empty() ? "no such command" : "one argument too many";
    what = fmt::format("{}: {}", unknown.front(), kind);
  } else if (chosen.empty()) {
    what = "which command?";
  }
  fmt::print(stderr, "{}: {}\n'{} --help' {}\n", name, what, name, chosen.empty() ? "lists the commands" : "explains the options");
}

constexpr const char* kFooter = R"(Examples:
  aurea quantize Phi-3.5-mini-instruct -o phi-3.5-mini-Q4_K_M.gguf --type Q4_K_M
  aurea eval phi-3.5-mini-Q4_K_M.gguf --reference Phi-3.5-mini-instruct --text held-out.txt
  aurea run phi-3.5-mini-Q4_K_M.gguf --prompt "What is a database?"

'aurea COMMAND --help' explains a command. A MODEL is a GGUF file or a Hugging Face folder.
Exit codes: 0 done, 2 usage, 3 bad file or data, 4 unsupported, 5 device, 1 anything else, 130 interrupted.)";

int report_lost_output(int reason) {
  // Whoever closes a pipe early, as head does, has seen enough.
  if (reason != EPIPE) {
    fmt::print(stderr, "aurea: cannot write to standard output: {}; what was printed is lost or cut\n", std::strerror(reason));
  }
  return 1;
}

}  // namespace

void Context::notice(const std::string& text) const {
  if (!quiet) fmt::print(stderr, "{}\n", text);
}

void Context::rearm() const {
  cancel.reset();
  listen_for_interrupts();
}

void add_output_options(CLI::App& app, Context& context) {
  app.add_flag("--json", context.json, "Print the result as one JSON object");
  app.add_flag("-q,--quiet", context.quiet, "No progress, no notices");
}

void print_text(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) throw OutputLost{errno};
}

void print_json(const Json& json) { print_text(to_text(json) + "\n"); }

int main_with(int argc, char** argv) {
  CLI::App app{"Aurea takes Microsoft's Phi models from the checkpoint to the device: quantize, measure, run."};
  app.name("aurea");
  app.footer(kFooter);
  app.set_version_flag("--version", "aurea " AUREA_VERSION);
  app.formatter(std::make_shared<HelpFormatter>());  // the commands inherit it
  app.require_subcommand(1);
  Context context{.cancel = g_cancel, .run = nullptr};
  for (const Command& command : commands()) command.add(app, context);
  try {
    std::vector<std::string> arguments;  // the parser wants them last first
    for (int i = argc - 1; i > 0; --i) arguments.push_back(long_spelling(argv[i]));
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);  // prints the help or the version
      return std::cout.flush() ? 0 : report_lost_output(errno);
    }
    print_usage_error(app, error);
    return 2;
  }
  listen_for_interrupts();
  // A limit on file sizes or a reader that is gone is then an error like a full disk, and half a file is cleared away.
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    kernels::select_kernel_set(env::cpu());  // a misspelt AUREA_CPU is an error in every command
    context.run();
    return 0;
  } catch (const OutputLost& lost) {
    return report_lost_output(lost.reason);
  } catch (const Error& error) {
    const bool cancelled = error.code() == ErrorCode::kCancelled;  // where it was just then helps nobody
    fmt::print(stderr, "aurea: {}\n", cancelled ? "interrupted" : error.what());
    return exit_code(error.code());
  } catch (const std::filesystem::filesystem_error& error) {
    fmt::print(stderr, "aurea: {}: {}\n", error.path1().string(), error.code().message());
    return exit_code(ErrorCode::kBadFile);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "aurea: out of memory\n");
    return 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "aurea: {}\n", error.what());
    return 1;
  }
}

}  // namespace aurea::cli
