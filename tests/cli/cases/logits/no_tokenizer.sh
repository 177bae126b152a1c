# Ids need no tokenizer.
copy_model bare tiny
rm bare/tokenizer* bare/added_tokens.json bare/special_tokens_map.json
aurea logits bare --tokens 3,14,15 -o bare.npy --quiet >printed
aurea logits tiny --tokens 3,14,15 -o tiny.npy --quiet >printed
cmp bare.npy tiny.npy
exits 4 aurea logits bare --prompt hi
