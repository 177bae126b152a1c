# A system message is a turn of its own: it adds tokens to the prompt.
prompt_tokens() { aurea run F32.gguf --prompt "What is a database?" -n 1 --json "$@" | jq .timings.prompt_tokens; }
[[ $(prompt_tokens --system "Answer in one sentence.") -gt $(($(prompt_tokens) + 4)) ]]
[[ $(prompt_tokens -sys "Answer in one sentence.") -gt $(($(prompt_tokens) + 4)) ]]
# A template that would leave it out: that is said, not done.
copy_model mute
cp mute/tokenizer_config.json config.json
rm -f mute/chat_template.jinja
jq '.chat_template = "{% for m in messages if m.role == \"user\" %}<|user|>{{ m.content }}<|end|>{% endfor %}<|assistant|>"' config.json >mute/tokenizer_config.json
exits 4 aurea run mute --prompt "What is a database?" --system "Answer in one sentence." 2>message
grep -q "no place for a system message" message
exits 0 aurea run mute --prompt "What is a database?" -n 1 --quiet >printed
