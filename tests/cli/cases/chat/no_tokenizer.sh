copy_model bare tiny
rm bare/tokenizer* bare/added_tokens.json bare/special_tokens_map.json
exits 4 aurea chat bare <<<"hi"
