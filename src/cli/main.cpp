// The aurea program.
#include "cli/command.h"

int main(int argc, char** argv) { return aurea::cli::main_with(argc, argv); }
