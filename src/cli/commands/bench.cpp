// aurea bench: how fast models run here, beside what the machine could do at most, measured in the same run.
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "cli/bench/limits.h"
#include "cli/bench/measure.h"
#include "cli/bench/memory_room.h"
#include "cli/bench/peers.h"
#include "cli/bench/report.h"
#include "cli/bench/subject.h"
#include "cli/bench/typed_files.h"
#include "cli/command.h"
#include "cli/common_options.h"
#include "core/cpu_features.h"
#include "core/error.h"
#include "core/process_memory.h"

namespace aurea::cli {
namespace {

using bench::Row;
using bench::Subject;

struct Options {
  std::vector<std::string> models, types, peer_files;
  bench::Sweep sweep;
  size_t repetitions = 5;
  bool markdown = false;
  EngineFlags engine;
};

std::vector<std::unique_ptr<Subject>> load(const Options& options, const engine::EngineOptions& engine_options,
                                           const Context& context) {
  std::vector<std::unique_ptr<Subject>> subjects;
  const auto add = [&](const std::string& path, const std::string& label) {
    subjects.push_back(std::make_unique<Subject>(path, label, engine_options));
    report_dispatch(subjects.back()->engine());
  };
  for (const std::string& path : options.models) {
    const std::string label = bench::file_name(path);
    if (options.types.empty()) {
      add(path, label);
      continue;
    }
    const bench::TemporaryFolder folder;  // not needed any more once its files are mapped
    for (const auto& file : bench::write_types(path, options.types, folder.path(), options.engine.threads, context))
      add(file.string(), label);
  }
  return subjects;
}

std::vector<Row> rows_of(const std::vector<std::unique_ptr<Subject>>& subjects, const Options& options,
                         engine::KvTypes cache) {
  std::vector<Row> rows;
  for (size_t i = 0; i < subjects.size(); ++i) {
    for (const bench::Workload& work : options.sweep.workloads()) {
      subjects[i]->check_room(work);
      rows.push_back({.model = i,
                      .work = work,
                      .floor = floor_of(work, subjects[i]->source(), cache, subjects[i]->engine().batch_tokens())});
    }
  }
  return rows;
}

/// Bytes that keys and values may take: what is free beside the weights, which are still on the disk in part.
void leave_out_too_large(std::vector<Row>& rows, const std::vector<std::unique_ptr<Subject>>& subjects,
                         engine::KvTypes cache) {
  uint64_t room = available_memory();
  std::vector<uint64_t> token_bytes;
  for (const auto& subject : subjects) {
    room -= std::min(room, subject->source().tensor_bytes());
    token_bytes.push_back(bench::cache_bytes_per_token(subject->source().params(), cache));
  }
  bench::leave_out_too_large(rows, token_bytes, room);
}

std::vector<bench::Peer> read_peers(const std::vector<std::string>& files) {
  std::vector<bench::Peer> peers;
  for (const std::string& file : files) {
    bench::Peer peer = bench::read_peer(file);
    if (std::ranges::find(peers, peer.name, &bench::Peer::name) != peers.end()) {
      fail(ErrorCode::kBadArgument,
           "--peer-json: two files are named {}; the name heads a peer's column, so give them different ones",
           peer.name);
    }
    peers.push_back(std::move(peer));
  }
  return peers;
}

void run(const Options& options, const Context& context) {
  if (options.sweep.workloads().empty())
    fail(ErrorCode::kBadArgument, "nothing to measure: --prompt and --generate are 0");
  bench::Report report;
  report.peers = read_peers(options.peer_files);
  const engine::EngineOptions engine_options = options.engine.options(context);
  const std::vector<std::unique_ptr<Subject>> subjects = load(options, engine_options, context);
  engine::Engine& engine = subjects.front()->engine();
  report.threads = engine.pool().size();
  report.kernel_set = engine.kernel_set().name;
  report.cpu = cpu_features().model_name;
  for (const auto& subject : subjects) {
    report.models.push_back(
        {subject->label(), subject->type(), subject->source().file_bytes(), subject->load_seconds()});
  }
  report.rows = rows_of(subjects, options, engine_options.kv_type);
  leave_out_too_large(report.rows, subjects, engine_options.kv_type);
  measure(report, subjects, options.repetitions, context.cancel, context.quiet);
  if (context.json) return print_json(report.to_json());
  print_text(options.markdown ? report.to_markdown() : report.to_text());
}

/// A list of numbers, separated by commas.
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<size_t>& values, const std::string& text,
                      uint64_t low, uint64_t high) {
  return app.add_option(name, values, text)
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(whole_number(low, high))
      ->type_name("N,...")
      ->default_str(fmt::format("{}", fmt::join(values, ",")));
}

}  // namespace

void add_bench(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "Measure speed and memory, beside the machine's own limits");
  auto* positional = command->add_option("MODEL", options->models, "GGUF files or Hugging Face folders");
  auto* named = command->add_option("-m,--model", options->models, "The same as MODEL; repeatable")
                    ->allow_extra_args(false)
                    ->type_name("TEXT");
  positional->excludes(named)->type_name("TEXT ...");
  command->parse_complete_callback([positional, named] {
    if (positional->count() + named->count() == 0)
      throw CLI::RequiredError("MODEL (a GGUF file or a Hugging Face folder)");
  });
  command->add_option("--types", options->types, "Measure MODEL in these types: quantized into temporary files first")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("TYPE,...");

  add_list(*command, "--prompt", options->sweep.prompts, "Tokens to read; 0: do not measure", 0, INT64_MAX);
  command->add_option("--generate", options->sweep.generate, "Tokens that each sequence writes; 0: do not measure")
      ->capture_default_str()
      ->check(whole_number());
  add_list(*command, "--depth", options->sweep.depths, "Tokens already in the context when writing starts", 0,
           INT64_MAX);
  add_list(*command, "--batch", options->sweep.batches, "Sequences that write together", 1, 256);
  command
      ->add_option("--mixed", options->sweep.chunk,
                   "Also write while the prompt is read by so many tokens a step; 0: do not")
      ->capture_default_str()
      ->check(whole_number());
  command->add_option("--repetitions", options->repetitions, "Runs of each")
      ->capture_default_str()
      ->check(whole_number(1, 1000));
  command
      ->add_option("--peer-json", options->peer_files,
                   "Results to compare with, of llama-bench -o json or aurea bench --json")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("FILE,...");
  options->engine.add_to(*command);
  add_output_options(*command, context);
  command->add_flag("--markdown", options->markdown, "Print the result as a table for GitHub")
      ->excludes(command->get_option("--json"));
  command->footer(
      R"(Values with commas make a sweep: every prompt, and every depth with every batch, of every MODEL. All
run in turn, again and again, so that each meets the same neighbours on a busy machine.

Examples:
  aurea bench phi-Q4_K_M.gguf --prompt 512 --generate 64 --json
  aurea bench phi-Q4_K_M.gguf --prompt 128,512 --depth 0,4096 --batch 1,8,32
  aurea bench phi-Q4_K_M.gguf phi-Q8_0.gguf --markdown
  aurea bench Phi-3.5-mini-instruct --types Q4_K_M,Q6_K,Q8_0
  aurea bench phi-Q4_K_M.gguf --batch 8 --mixed 64
  llama-bench -m phi-Q4_K_M.gguf -p 512 -n 64 -o json > llama.cpp.json
  aurea bench phi-Q4_K_M.gguf --prompt 512 --generate 64 --peer-json llama.cpp.json
What is measured and how to read it: docs/howto/measure-speed.md)");
  command->final_callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace aurea::cli
