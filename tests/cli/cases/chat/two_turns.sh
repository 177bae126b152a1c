# Through a pipe: an answer per line; the first is what run says.
printf '%s\n' "What is a database?" "What is a table?" | aurea chat F32.gguf --temp 0 --quiet >answers
head -n 1 answers >first
same "$(cat first)" "$(aurea run F32.gguf --prompt "What is a database?" --temp 0 --quiet)"
[[ $(wc -l <answers) -ge 2 ]]
# The second answer knows of the first turn: without it another one comes.
printf '%s\n' "What is a database?" "/clear" "What is a table?" | aurea chat F32.gguf --temp 0 --quiet >cleared
same "$(head -n 1 cleared)" "$(cat first)"
same "$(tail -n +2 cleared)" "$(aurea run F32.gguf --prompt "What is a table?" --temp 0 --quiet)"
