// The commands of the program, one row each, in the order of the help text.
#include "cli/command.h"

namespace aurea::cli {

void add_quantize(CLI::App& app, Context& context);
void add_imatrix(CLI::App& app, Context& context);
void add_plan(CLI::App& app, Context& context);
void add_eval(CLI::App& app, Context& context);
void add_run(CLI::App& app, Context& context);
void add_chat(CLI::App& app, Context& context);
void add_bench(CLI::App& app, Context& context);
void add_inspect(CLI::App& app, Context& context);
void add_verify(CLI::App& app, Context& context);
void add_tokenize(CLI::App& app, Context& context);
void add_logits(CLI::App& app, Context& context);

namespace {

constexpr Command kCommands[] = {
    {add_quantize}, {add_plan},  {add_imatrix}, {add_eval},   {add_run},      {add_chat},
    {add_bench},    {add_inspect}, {add_verify}, {add_tokenize}, {add_logits},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

}  // namespace aurea::cli
