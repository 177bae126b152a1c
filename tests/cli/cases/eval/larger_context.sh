# A window beyond the length of the model, or of the reference, is cut to it, and that is said.
aurea eval tiny --tokens 1,2,3,4,5,6 --context 100000 --json 2>notices | jq .context
head -n 1 notices
copy_model shorter tiny
edit_json shorter/config.json '.max_position_embeddings = 128 | .original_max_position_embeddings = 128'
aurea eval tiny --reference shorter --tokens 1,2,3,4,5,6 --json 2>notices | jq .context
head -n 1 notices
