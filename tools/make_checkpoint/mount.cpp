// libfuse 3, high-level API: https://libfuse.github.io/doxygen
#define FUSE_USE_VERSION 31
#include "make_checkpoint/mount.h"

#include <fuse.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace aurea::tools {
namespace {

struct Served {
  std::span<const Shard> shards;
  uint64_t seed;
  bool mounted = false;
};

const Served& served() { return *static_cast<const Served*>(fuse_get_context()->private_data); }

const Shard* find(const char* path) {
  for (const Shard& shard : served().shards) {
    if (shard.file_name == path + 1) return &shard;  // behind the slash
  }
  return nullptr;
}

uint64_t size_of(const Shard& shard) { return shard.header.size() + shard.data_bytes; }

void* on_mounted(fuse_conn_info*, fuse_config*) {
  void* state = fuse_get_context()->private_data;
  static_cast<Served*>(state)->mounted = true;
  return state;
}

int get_attributes(const char* path, struct stat* out, fuse_file_info*) {
  *out = {};
  if (std::strcmp(path, "/") == 0) {
    out->st_mode = S_IFDIR | 0555;
    out->st_nlink = 2;
    return 0;
  }
  const Shard* shard = find(path);
  if (shard == nullptr) return -ENOENT;
  out->st_mode = S_IFREG | 0444;
  out->st_nlink = 1;
  out->st_size = static_cast<off_t>(size_of(*shard));
  return 0;
}

int list_folder(const char*, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*, fuse_readdir_flags) {
  for (const Shard& shard : served().shards) fill(buffer, shard.file_name.c_str(), nullptr, 0, fuse_fill_dir_flags{});
  return 0;
}

int read_file(const char* path, char* buffer, size_t size, off_t offset, fuse_file_info*) {
  const Shard* shard = find(path);
  if (shard == nullptr) return -ENOENT;
  const auto begin = static_cast<uint64_t>(offset);
  if (begin >= size_of(*shard)) return 0;
  size = std::min<uint64_t>(size, size_of(*shard) - begin);
  size_t done = 0;
  if (begin < shard->header.size()) done = shard->header.copy(buffer, size, begin);
  if (done < size) {
    fill_data(*shard, served().seed, begin + done - shard->header.size(), std::as_writable_bytes(std::span(buffer + done, size - done)));
  }
  return static_cast<int>(size);
}

}  // namespace

void serve_shards(const std::filesystem::path& folder, std::span<const Shard> shards, uint64_t seed) {
  fuse_operations operations{};
  operations.init = on_mounted;
  operations.getattr = get_attributes;
  operations.readdir = list_folder;
  operations.read = read_file;
  Served state{shards, seed};
  std::string arguments[] = {"make_checkpoint", "-f", "-oro,kernel_cache,auto_unmount", folder.string()};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(), arguments[3].data()};
  // A mount that was ended by a signal is not a failure.
  if (fuse_main(std::ssize(argv), argv, &operations, &state) != 0 && !state.mounted) {
    fail(ErrorCode::kDevice, "{}: cannot mount there; /dev/fuse, the package fuse3 and the right to mount are needed", folder.string());
  }
}

}  // namespace aurea::tools
