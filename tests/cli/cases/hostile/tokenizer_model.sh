# A SentencePiece file that is no protocol buffer, or half of one.
copy_model broken
mkdir out
rm -f broken/tokenizer.json
for size in 1 1000; do
  head -c "$size" phi3-docs-mini/tokenizer.model >broken/tokenizer.model
  refuses 3 broken aurea tokenize broken --prompt hi
  refuses 3 broken aurea quantize broken -o out/made.gguf -t 2
done
printf 'dear diary' >broken/tokenizer.model
refuses 3 broken/tokenizer.model aurea tokenize broken --prompt hi
