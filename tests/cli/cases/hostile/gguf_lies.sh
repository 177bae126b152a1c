# Counts and sizes that no file of this length can hold.
lie() {  # lie OFFSET BYTES
  cp Q4_K_M.gguf lying.gguf
  chmod u+w lying.gguf
  put_bytes lying.gguf "$1" "$2"
  refuses 3 lying.gguf aurea run lying.gguf --prompt hi -t 2
  refuses 3 lying.gguf aurea inspect lying.gguf
}
huge='\x00\x00\x00\x00\x00\x00\x00\x40'
lie 8 "$huge"   # number of tensors
lie 16 "$huge"  # number of metadata entries
lie 24 "$huge"  # length of the first key
# A tensor's entry is its name, the number of dimensions (u32), the dimensions (u64 each), type (u32) and offset (u64).
entry=$(($(offset_of Q4_K_M.gguf blk.0.attn_qkv.weight) + 21))
lie "$entry" '\xff\xff\xff\xff'
lie $((entry + 4)) "$huge"
lie $((entry + 4)) '\x00\x00\x00\x00\x01\x00\x00\x00'
lie $((entry + 24)) '\x00\xff\xff\xff\xff\xff\xff\x7f'
# An array that announces more words than the file has bytes.
lie $(($(offset_of Q4_K_M.gguf tokenizer.ggml.tokens) + 21 + 4 + 4)) "$huge"
