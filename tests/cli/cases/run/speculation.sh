# Guesses change the time that an answer takes, never its text.
prompt="A database is a file. Say it again and again: a database is a file, a database is a file."
for sampling in "--temp 0" "--temp 0.9 --seed 5 --repeat-penalty 1.2 --presence-penalty 0.2"; do
  write="aurea run Q4_K_M.gguf -n 90 --ignore-eos --quiet $sampling"
  plain=$($write --prompt "$prompt")
  same "$($write --prompt "$prompt" --spec-type ngram-simple)" "$plain"
  same "$($write --prompt "$prompt" --spec-type ngram-simple --spec-ngram-simple-size-n 1 --spec-ngram-simple-size-m 4)" "$plain"
  same "$($write --prompt "$prompt" --spec-draft-model F32.gguf)" "$plain"
  same "$($write --prompt "$prompt" -md phi3-docs-mini --spec-type draft-simple --draft-p-min 0 --spec-draft-n-max 3 --spec-draft-n-min 2)" "$plain"
done
aurea run Q4_K_M.gguf --prompt "$prompt" -n 90 --ignore-eos --temp 0 --spec-type ngram-simple --json >answer.json
holds answer.json '.timings | .drafted_tokens > 0 and .accepted_tokens <= .drafted_tokens and .accepted_tokens < .generated_tokens'
aurea run Q4_K_M.gguf --prompt "$prompt" -n 90 --ignore-eos --temp 0 --spec-type ngram-simple 2>&1 >answer.txt | sed 's/^.*s), //'
