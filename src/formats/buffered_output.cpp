#include "formats/buffered_output.h"

namespace aurea::formats {

void BufferedOutput::write(std::span<const std::byte> bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() >= kBufferBytes) {
    file_.write(bytes);
  } else {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }
}

void BufferedOutput::flush() {
  file_.write(buffer_);
  buffer_.clear();
}

void BufferedOutput::commit() {
  flush();
  file_.commit();
}

}  // namespace aurea::formats
