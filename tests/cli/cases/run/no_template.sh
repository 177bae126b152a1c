# Without a chat template the text is continued, and that is said.
copy_model plain
edit_json plain/tokenizer_config.json 'del(.chat_template)'
rm -f plain/chat_template.jinja
aurea run plain --prompt "The database" --temp 0 -n 5 >text 2>notices
head -n 1 notices
same "$(cat text)" "$(aurea run F32.gguf --raw --prompt "The database" --temp 0 -n 5 --quiet)"
exits 2 aurea run plain --prompt "The database" --system "Be brief." --quiet
