# The end of the input and /exit end it; the last line may lack its newline; empty lines ask nothing.
printf '%s\n' "hi" "/exit" "never asked" | aurea chat F32.gguf --temp 0 -n 4 --quiet >one
printf '\n\nhi' | aurea chat F32.gguf --temp 0 -n 4 --quiet | cmp - one
aurea chat F32.gguf </dev/null
