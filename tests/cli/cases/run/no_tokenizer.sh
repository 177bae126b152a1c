copy_model bare tiny
rm bare/tokenizer* bare/added_tokens.json bare/special_tokens_map.json
exits 4 aurea run bare --prompt hi
exits 4 aurea run bare --tokens 1,2,3
