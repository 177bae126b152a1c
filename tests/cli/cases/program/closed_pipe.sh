# Whoever reads may stop when he has seen enough: no message.
(aurea inspect Q4_K_M.gguf --json 2>message || [[ $? == 1 ]]) | head -c 10 >/dev/null
[[ ! -s message ]] || { cat message >&2; exit 1; }
