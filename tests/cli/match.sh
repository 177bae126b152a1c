# Expected lines in which `*` stands for anything within the line.

# normalise EXPECTED: copies standard input, with every line that an expected line with a `*` matches replaced by that
# expected line. What is left over as different is a real difference, and an ordinary diff shows it.
normalise() {
  local LC_ALL=C line pattern i texts=() globs=() escaped
  declare -A exact=()
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line != *'*'* ]]; then
      exact["=$line"]=1
      continue
    fi
    escaped=
    for ((i = 0; i < ${#line}; ++i)); do
      if [[ ${line:i:1} == '*' ]]; then escaped+='*'; else escaped+=\\${line:i:1}; fi
    done
    texts+=("$line")
    globs+=("$escaped")
  done <"$1"
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ -z ${exact["=$line"]:-} ]]; then
      for i in "${!globs[@]}"; do
        pattern=${globs[i]}
        # shellcheck disable=SC2053 # the right side is a pattern
        if [[ $line == $pattern ]]; then
          line=${texts[i]}
          break
        fi
      done
    fi
    printf '%s\n' "$line"
  done
}
