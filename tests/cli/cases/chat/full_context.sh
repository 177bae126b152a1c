# In a pipe a conversation that does not fit any more is an error. On a terminal it goes on.
exits 2 aurea chat F32.gguf -c 12 --quiet <<<"What is a database, and what is a table in a database?"
script -qec true /dev/null >/dev/null 2>&1 </dev/null || skip "script(1) cannot make a terminal here"
printf '%s\n' "What is a database, and what is a table in a database?" "hi" "/exit" |
  script -qec "aurea chat F32.gguf -c 12 --temp 0 -n 2" /dev/null >screen 2>&1
grep -c '/clear starts anew' screen
grep -c '(cut at --n-predict)' screen
