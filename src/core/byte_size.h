// Sizes as people write them: "512MiB", "2.2GB", "4096".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aurea {

/// Plain bytes, or a number (with a fraction, if wanted) and a unit in any case: KiB MiB GiB TiB are powers of 1024; kB
/// MB GB TB, and K M G T as llama.cpp has them, powers of 1000. Rounded to whole bytes. Throws kBadArgument, naming
/// `option`, on anything else and on 0.
uint64_t parse_byte_size(std::string_view text, std::string_view option);

/// "512MiB", "1536KiB", "1000000": the largest binary unit that is exact, as parse_byte_size reads it.
std::string to_byte_size(uint64_t bytes);

}  // namespace aurea
