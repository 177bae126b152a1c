for ((try = 0; try < 20; ++try)); do
  aurea eval F32.gguf --text "$PROJECT/models/eval.txt" --threads 1 --json >printed 2>message &
  pid=$!
  sleep 0.3
  kill -INT "$pid" 2>/dev/null || true
  code=0
  wait "$pid" || code=$?
  if ((code == 130)); then
    cat printed message
    exit 0
  fi
done
echo "not once in $try tries was the signal in time" >&2
exit 1
