#include "tokenizers/huggingface_files.h"

#include "core/error.h"
#include "core/mapped_file.h"

namespace aurea::tokenizers {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMiB = size_t{1} << 20;
constexpr size_t kMaxAdditionalTemplates = 64;

std::optional<std::string> read_if_there(const fs::path& path, size_t limit_bytes) {
  if (!fs::exists(path)) return std::nullopt;
  return read_text_file(path, limit_bytes);
}

}  // namespace

HuggingFaceFiles read_huggingface_files(const fs::path& folder) {
  HuggingFaceFiles files;
  files.folder = folder.string();
  files.tokenizer_json = read_if_there(folder / "tokenizer.json", 64 * kMiB);
  files.tokenizer_model = read_if_there(folder / "tokenizer.model", 8 * kMiB);
  if (!files.tokenizer_json && !files.tokenizer_model) {
    if (fs::exists(folder / "vocab.json")) {
      fail(ErrorCode::kUnsupported,
           "{}: vocab.json without tokenizer.json does not say how text is cut; save the tokenizer with "
           "a tokenizer.json",
           files.folder);
    }
    return files;
  }
  files.tokenizer_config = read_if_there(folder / "tokenizer_config.json", 8 * kMiB);
  files.added_tokens = read_if_there(folder / "added_tokens.json", kMiB);
  files.special_tokens_map = read_if_there(folder / "special_tokens_map.json", kMiB);
  files.generation_config = read_if_there(folder / "generation_config.json", kMiB);
  files.config = read_if_there(folder / "config.json", 8 * kMiB);
  files.chat_template_jinja = read_if_there(folder / "chat_template.jinja", kMiB);
  files.chat_template_json = read_if_there(folder / "chat_template.json", 2 * kMiB);
  const fs::path more = folder / "additional_chat_templates";
  if (!fs::is_directory(more)) return files;
  for (const auto& entry : fs::directory_iterator(more)) {
    if (entry.path().extension() != ".jinja") continue;
    if (files.additional_chat_templates.size() >= kMaxAdditionalTemplates) {
      fail_file("{}: more than {} templates", more.string(), kMaxAdditionalTemplates);
    }
    files.additional_chat_templates[entry.path().stem().string()] = read_text_file(entry.path(), kMiB);
  }
  return files;
}

std::optional<Vocabulary> load_huggingface(const fs::path& folder, size_t vocab_size) {
  return build_vocabulary(read_huggingface_files(folder), vocab_size);
}

}  // namespace aurea::tokenizers
