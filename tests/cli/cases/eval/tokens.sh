# Ids are scored as they are: the first of a window has nothing before it.
aurea eval tiny --tokens 3,14,15,92,65,35,89,79 --json --quiet >ids.json
holds ids.json '.tokens == 7 and .context == 256 and .perplexity > 1'
aurea eval tiny --tokens 3,14,15,92,65,35,89,79 -c 4 --json --quiet >windows.json
holds windows.json '.tokens == 6 and .context == 4'
# The checkpoint without its tokenizer gives the same figures.
copy_model bare tiny
rm bare/tokenizer* bare/added_tokens.json bare/special_tokens_map.json
aurea eval bare --tokens 3,14,15,92,65,35,89,79 --json --quiet | cmp - ids.json
