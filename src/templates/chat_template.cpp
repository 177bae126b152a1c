#include "templates/chat_template.h"

#include <ctime>

#include "templates/interpreter.h"
#include "templates/parser.h"

namespace aurea::templates {
namespace {

std::tm local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  return local;
}

}  // namespace

struct ChatTemplate::Impl {
  Program program;
  Limits limits;

  [[nodiscard]] TextPtr render(const Json& variables, const std::function<std::tm()>& clock) const {
    if (!variables.is_object()) fail(ErrorCode::kBadArgument, "chat template: the variables are no JSON object");
    Runtime runtime(limits, clock != nullptr ? clock : local_time);
    return Interpreter(program, variables, runtime).run();
  }
};

ChatTemplate::ChatTemplate(std::string_view source, const Limits& limits)
    : impl_(std::make_unique<Impl>(Impl{parse_template(source, limits), limits})) {}
ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

std::string ChatTemplate::render(const Json& variables, const std::function<std::tm()>& clock) const {
  return impl_->render(variables, clock)->bytes;
}

std::vector<Span> ChatTemplate::render_spans(const Json& variables, const std::function<std::tm()>& clock) const {
  const TextPtr text = impl_->render(variables, clock);
  std::vector<Span> spans;
  size_t begin = 0;
  bool from_template = text->starts_from_template;
  const auto add = [&](size_t end) {
    if (end > begin) spans.push_back({text->bytes.substr(begin, end - begin), from_template});
    begin = end;
    from_template = !from_template;
  };
  for (const uint32_t end : text->switches) add(end);
  add(text->bytes.size());
  return spans;
}

}  // namespace aurea::templates
