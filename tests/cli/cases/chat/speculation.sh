# Earlier turns are looked up too; the answers are those without.
ask() { printf '%s\n' "What is a database?" "What is a table?" "/clear" "What is a database?" | aurea chat F32.gguf --temp 0.7 --seed 2 -n 60 --quiet "$@"; }
plain=$(ask)
same "$(ask --spec-type ngram-simple)" "$plain"
same "$(ask -md Q4_K_M.gguf)" "$plain"
