# Never cut silently: says how many tokens there are, how many fit, and by how much to shorten.
exits 2 aurea run F32.gguf --prompt "What is a database, and what is a table in a database?" --ctx-size 10
