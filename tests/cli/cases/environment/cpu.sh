# Every kernel set that this CPU can run gives the same greedy answer; the name of another one is an error.
ask() { aurea run Q4_K_M.gguf --prompt "What is a database?" --temp 0 -n 6 --quiet; }
exits 2 env AUREA_CPU=nonsense aurea run tiny --tokens 1,2 2>message
grep -q '^aurea: kernel set "nonsense" is not known; this CPU can run: scalar' message
for set in $(sed 's/.*can run: //; s/,//g' message); do
  same "$(AUREA_CPU=$set ask)" "$(ask)"
  AUREA_CPU=$set AUREA_VERBOSE=dispatch aurea logits tiny --tokens 1,2 --quiet >printed 2>kernels
  grep -qx "kernel set $set" kernels
done
exits 2 env AUREA_CPU=nonsense aurea quantize F32.gguf -o out.gguf 2>message
[[ ! -e out.gguf ]]
