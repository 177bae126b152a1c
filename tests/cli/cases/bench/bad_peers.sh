# What is no result of another program is refused before the models are loaded.
echo '[{"n_gen": 4, "avg_ts": -3}]' >rate.json
refuses 3 rate.json aurea bench nothing.gguf --peer-json rate.json
echo '{"perplexity": 7}' >eval.json
refuses 3 eval.json aurea bench nothing.gguf --peer-json eval.json
echo '[{"n_gen": 4, "avg_ts": 3' >cut.json
refuses 3 cut.json aurea bench nothing.gguf --peer-json cut.json
refuses 3 absent.json aurea bench nothing.gguf --peer-json absent.json
mkdir other
echo '[{"n_gen": 4, "avg_ts": 3}]' | tee llama.json >other/llama.json
exits 2 aurea bench tiny --peer-json llama.json,other/llama.json
