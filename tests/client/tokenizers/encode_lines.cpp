// Encodes texts for the comparison with other tokenizers: encode_lines FOLDER-OR-GGUF < texts > ids
// In: one JSON string a line. Out: {"ids": [...], "text": decoded with special tokens} a line. Control tokens in the
// text count; BOS and EOS are not added.
#include <iostream>
#include <string>

#include "core/error.h"
#include "core/json.h"
#include "formats/gguf/gguf_file.h"
#include "tokenizers/tokenizer.h"

namespace {

using namespace aurea;

tokenizers::Vocabulary load(const std::filesystem::path& path) {
  auto vocabulary = std::filesystem::is_directory(path)
                        ? tokenizers::load_huggingface(path, 0)
                        : tokenizers::load_gguf(formats::GgufFile::open(path).metadata());
  if (!vocabulary) fail_file("{}: no tokenizer", path.string());
  return *std::move(vocabulary);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: encode_lines FOLDER-OR-GGUF < texts > ids\n";
    return 2;
  }
  try {
    const auto tokenizer = tokenizers::Tokenizer::create(load(argv[1]));
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
      const auto text = parse_json(line, "standard input").get<std::string>();
      Json result = Json::object();
      result["ids"] = tokenizer->encode(text, {.add_special = false, .parse_special = true});
      result["text"] = tokenizer->decode(result["ids"].get<std::vector<tokenizers::TokenId>>(), true);
      std::cout << result.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "encode_lines: " << error.what() << '\n';
    return 1;
  }
}
