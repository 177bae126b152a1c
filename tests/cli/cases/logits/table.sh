# Without a file: the likeliest next tokens, an id, a logit and a text per line.
aurea logits F32.gguf --prompt "The database is" --quiet >table
wc -l <table
grep -Evc '^ *[0-9]+ +-?[0-9]+\.[0-9]{4}  ".*"$' table || true
