# Figures of another program beside ours.
cat >llama.json <<'JSON'
[{"model_filename": "/somewhere/Q4_K_M.gguf", "model_type": "phi3 ?B Q4_K - Medium", "n_threads": 2, "n_prompt": 8, "n_gen": 0, "n_depth": 0,
  "avg_ts": 2.5, "samples_ts": [2, 3, 2.5]}]
JSON
aurea bench Q4_K_M.gguf --threads 2 --prompt 8 --generate 2 --repetitions 2 --quiet --peer-json llama.json
aurea bench Q4_K_M.gguf --threads 2 --prompt 8 --generate 2 --repetitions 2 --quiet --json --peer-json llama.json >before.json
holds before.json '.results[0] | .peers.llama == {"median": 2.5, "min": 2, "max": 3, "ratio": (.tokens_per_second.median / 2.5), "threads": 2}'
holds before.json '.results[1].peers == {"llama": null}'
# Our own result is a peer as well.
aurea bench Q4_K_M.gguf --threads 2 --prompt 8 --generate 2 --repetitions 2 --quiet --json --peer-json before.json >after.json
same "$(jq -c '[.results[].peers.before.median]' after.json)" "$(jq -c '[.results[].tokens_per_second.median]' before.json)"
