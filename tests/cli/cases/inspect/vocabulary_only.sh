# A GGUF file without tensors, as llama.cpp carries them for tests.
vocabulary=${AUREA_GOLDEN_DIR:-$PROJECT/../shared/golden}/tokenizers/ggml-vocab-phi-3.gguf
[[ -f $vocabulary ]] || skip "there is no vocabulary-only GGUF file (tokenizers/ggml-vocab-phi-3.gguf in AUREA_GOLDEN_DIR)"
ln -s "$vocabulary" vocabulary.gguf
aurea inspect vocabulary.gguf >table
head -n 1 table
grep -c '^Tensors' table || true
aurea inspect vocabulary.gguf --json >vocabulary.json
holds vocabulary.json '.parameters == 0 and .tensors == [] and .bits_per_weight == 0 and .metadata["tokenizer.ggml.tokens"].count == 32064'
aurea tokenize vocabulary.gguf --prompt "Hello world"
exits 3 aurea run vocabulary.gguf --prompt hi 2>message
