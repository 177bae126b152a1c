copy_model broken
rm -f broken/tokenizer.model
mkdir out
for garbage in '{"garbage' '' '[1, 2]' '{}' '{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}' '\x00\x01\x02\xff'; do
  printf "$garbage" >broken/tokenizer.json
  refuses 3 broken/tokenizer.json aurea run broken --prompt hi -t 2
  refuses 3 broken/tokenizer.json aurea tokenize broken --prompt hi
  refuses 3 broken/tokenizer.json aurea quantize broken -o out/made.gguf -t 2
done
