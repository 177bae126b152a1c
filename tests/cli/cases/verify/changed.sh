# A changed tensor, a changed claim, a claim that is gone: exit code 3.
head -c 3000 "$PROJECT/models/eval.txt" >text.txt
aurea quantize phi3-docs-mini -o made.gguf --certify --text text.txt --context 128 --quiet >printed
cp made.gguf tensor.gguf
put_bytes tensor.gguf $(($(stat -c %s made.gguf) - 100000)) '\x01\x02\x03'
exits 3 aurea verify tensor.gguf >printed
grep '^tensors' printed
# claim KEY BYTE: the highest byte but one of a float64 behind a key (8 bytes of length, the key, 4 of type, 8 of value).
claim() {
  cp made.gguf claim.gguf
  put_bytes claim.gguf $(($(offset_of made.gguf "$1") + ${#1} + 4 + 6)) "$2"
  exits 3 aurea verify claim.gguf --source phi3-docs-mini --text text.txt --quiet >printed
  grep FAILS printed
}
claim aurea.eval.perplexity '\x60'
claim aurea.eval.kl_divergence '\x90'
claim aurea.eval.top1_agreement '\xd0'
cp made.gguf gone.gguf
put_bytes gone.gguf $(offset_of made.gguf aurea.eval.tokens) 'X'
exits 3 aurea verify gone.gguf
cp made.gguf cut.gguf
put_bytes cut.gguf $(($(offset_of made.gguf aurea.text.sha256) + 17 + 4 + 8)) 'G'
exits 3 aurea verify cut.gguf
exits 3 aurea verify phi3-docs-mini
exits 3 aurea verify text.txt
exits 2 aurea verify
