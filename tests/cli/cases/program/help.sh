# Every command that the help lists has a help of its own with an example.
aurea --help >help.txt
aurea -h | cmp - help.txt
grep -q '^Usage: aurea' help.txt
grep -q '^Exit codes: 0 done, 2 usage, 3 bad file or data, 4 unsupported' help.txt
commands=$(sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\).*/\1/p' help.txt)
for command in quantize plan eval run chat bench inspect verify tokenize logits; do
  grep -qx "$command" <<<"$commands" || { echo "--help does not list $command" >&2; exit 1; }
done
for command in $commands convert; do
  aurea "$command" --help >"$command.txt"
  grep -q '^Examples\?:' "$command.txt" || { echo "$command --help has no example" >&2; exit 1; }
  grep -q "^  aurea " "$command.txt" || { echo "$command --help shows no command line" >&2; exit 1; }
done
