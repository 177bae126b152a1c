# Several models in one run, and types of one that are written for it and removed.
mkdir temporary
export TMPDIR=$PWD/temporary
aurea bench Q4_K_M.gguf tiny --prompt 4 --generate 0 --repetitions 1 --quiet
aurea bench phi3-docs-mini/ --types Q4_K_M,q8_0,IQ2_XXS --prompt 4 --generate 2 --repetitions 1 --markdown 2>log
grep "^aurea: " log >&2
ls temporary
# The same with Ctrl-C, in the middle of the runs.
aurea bench phi3-docs-mini --types Q8_0 --repetitions 1000 2>log &
pid=$!
until grep -q '^quantize Q8_0' log; do sleep 0.1; done
kill -INT $pid
code=0
wait $pid || code=$?
same "$code $(tail -n 1 log)" "130 aurea: interrupted"
ls temporary
# A place that is none.
TMPDIR=$PWD/nowhere exits 3 aurea bench phi3-docs-mini --types Q8_0
