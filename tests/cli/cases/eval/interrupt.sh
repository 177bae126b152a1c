# Ctrl-C in the middle: exit code 130 and no half result. The list of kernels says that the work has begun.
for ((try = 0; try < 20; ++try)); do
  AUREA_VERBOSE=dispatch aurea eval F32.gguf --text "$PROJECT/models/eval.txt" --threads 1 --json >printed 2>message &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && [[ ! -s message ]]; do sleep 0.01; done
  kill -INT "$pid" 2>/dev/null || true
  code=0
  wait "$pid" || code=$?
  if ((code == 130)); then
    cat printed
    tail -n 1 message
    exit 0
  fi
done
echo "not once in $try tries was the signal in time" >&2
exit 1
