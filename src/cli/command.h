// What a command of the program is, and what all commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <string>

#include "core/cancel.h"
#include "core/json.h"

namespace aurea::cli {

/// State of one start of the program.
struct Context {
  bool json = false;   // results as one JSON object
  bool quiet = false;  // no progress, no notices
  CancelToken& cancel;
  std::function<void()> run;  // set by the parser to the chosen command

  /// Forgets a Ctrl-C that was dealt with, and listens for the next.
  void rearm() const;
  /// A remark on standard error; nothing with --quiet.
  void notice(const std::string& text) const;
};

/// A row of the table in commands.cpp: adds the subcommand with its options to the parser.
struct Command {
  void (*add)(CLI::App& app, Context& context);
};
std::span<const Command> commands();

/// Adds --json and --quiet to a subcommand.
void add_output_options(CLI::App& app, Context& context);

/// Prints one JSON object on standard output.
void print_json(const Json& json);
/// Prints text on standard output, flushed. Ends the command if nothing can be written there.
void print_text(std::string_view text);

/// Parses and runs; returns the exit code.
int main_with(int argc, char** argv);

}  // namespace aurea::cli
