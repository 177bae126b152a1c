copy_model plain
edit_json plain/tokenizer_config.json 'del(.chat_template)'
rm -f plain/chat_template.jinja
exits 4 aurea chat plain <<<"hi"
