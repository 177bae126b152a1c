// The journal of an unfinished output: any bytes; what is understood must be written as it was read.
#include "core/output_journal.h"

#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aurea;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const JournalContent content = parse_journal(text);
  if (content.fingerprint.empty()) return 0;
  std::string again = "aurea journal 1\n" + content.fingerprint + "\n";
  for (const std::string& file : content.files) again += file + "\n";
  again += "\n";
  for (const JournalRecord& record : content.records) {
    again += std::to_string(record.part) + " " + std::to_string(record.end) + " " + record.hash + " " + record.note + "\n";
  }
  if (content.committing) again += "commit\n";
  fuzz::require(text.starts_with(again));
  return 0;
}
