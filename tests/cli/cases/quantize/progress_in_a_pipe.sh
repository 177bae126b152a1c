# Whole lines, without the control characters of a bar, and the last one says how much and how fast.
aurea quantize phi3-docs-mini -o made.gguf >printed 2>progress
grep -q '^made.gguf: ' printed
tail -n 1 progress
if LC_ALL=C grep -q '[^[:print:]]' progress; then echo "control characters in a pipe" >&2; exit 1; fi
