// aurea chat: a conversation on the terminal.
#include <unistd.h>

#include <iostream>

#include "cli/commands/generate.h"
#include "core/error.h"
#include "core/utf8.h"

namespace aurea::cli {
namespace {

Json first_messages(const std::string& system) {
  Json messages = Json::array();
  if (!system.empty()) messages.push_back({{"role", "system"}, {"content", system}});
  return messages;
}

void run(const GenerateFlags& flags, const Context& context) {
  flags.check();
  const engine::Model model = engine::Model::load(flags.model);
  require_tokenizer(model);
  static_cast<void>(model.chat_template());  // says so before the first question if there is none
  check_system(model, flags.system);
  const engine::EngineOptions engine_options = flags.engine.options(context);
  engine::Engine engine(model.source(), engine_options);
  report_dispatch(engine);
  engine::Session session(model, engine, flags.speculation.make(model, engine, engine_options));
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  context.notice("A message per line. /clear starts anew, /exit or Ctrl-D ends; Ctrl-C stops an answer.");

  Json messages = first_messages(flags.system);
  for (std::string line;;) {
    if (terminal) {
      context.rearm();
      print_text("> ");
    }
    if (!std::getline(std::cin, line)) {
      if (!terminal) context.cancel.check();
      if (!context.cancel.requested()) break;
      std::cin.clear();
      context.notice("\n(/exit or Ctrl-D ends)");
      continue;
    }
    if (line.empty()) continue;
    if (line == "/exit") break;
    if (line == "/clear") {
      messages = first_messages(flags.system);
      continue;
    }
    if (terminal) context.rearm();  // a Ctrl-C that came too late for the last answer is not for this one
    messages.push_back({{"role", "user"}, {"content", sanitize_utf8(line)}});
    const std::vector<int32_t> prompt = model.encode_chat(messages, true);
    const engine::GenerateOptions options = flags.options();
    engine::GenerateResult result;
    try {
      result = session.generate(prompt, options, print_text, &context.cancel);
    } catch (const Error& error) {
      if (!terminal || error.code() != ErrorCode::kBadArgument) throw;
      fmt::print(stderr, "aurea: {}. /clear starts anew\n", error.what());  // a full context does not end a conversation
      messages.erase(messages.size() - 1);
      continue;
    }
    print_text("\n");
    const bool cancelled = result.reason == engine::FinishReason::kCancelled;
    if (cancelled && !terminal) context.cancel.check();
    if (cancelled && result.text.empty()) {
      messages.erase(messages.size() - 1);  // stopped before a word: as if it had not been asked
    } else {
      messages.push_back({{"role", "assistant"}, {"content", result.text}});
    }
    if (cancelled) {
      context.notice("(stopped)");
    } else if (result.reason == engine::FinishReason::kLength) {
      const bool asked = options.max_tokens <= result.tokens.size();
      context.notice(asked ? "(cut at --n-predict)" : "(the context is full; /clear starts anew)");
    }
  }
}

}  // namespace

void add_chat(CLI::App& app, Context& context) {
  auto flags = std::make_shared<GenerateFlags>();
  CLI::App* command = app.add_subcommand("chat", "Hold a conversation");
  flags->add_to(*command);
  command->add_flag("-q,--quiet", context.quiet, "No notices");
  command->footer(R"(Examples:
  aurea chat phi-Q4_K_M.gguf --system "Answer in one sentence."
  aurea chat phi-Q4_K_M.gguf --spec-type ngram-simple)");
  command->final_callback([flags, &context] { context.run = [flags, &context] { run(*flags, context); }; });
}

}  // namespace aurea::cli
