# The greedy answer that the model card gives, which came from Hugging Face's code.
card=$(tr '\n' ' ' <"$PROJECT/models/README.md")
expected=${card##*Greedy, through}
expected=${expected#*gives \"}
expected=${expected%%<|end|>*}
[[ -n $expected ]] || { echo "models/README.md gives no greedy answer" >&2; exit 1; }
for model in F32.gguf phi3-docs-mini; do
  same "$(aurea run "$model" --prompt "What is a database?" --temp 0 --quiet)" "$expected"
done
# The card's ids are the prompt's, template and all.
ids=${card##*(ids }
ids=${ids%%)*}
same "$(aurea run F32.gguf --tokens "${ids// /,}" --temp 0 --quiet)" "$expected"
