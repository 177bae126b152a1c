# What a case may use. The folder it runs in has
#   phi3-docs-mini/       the demonstration model, a Hugging Face folder
#   Q4_K_M.gguf F32.gguf  made from it
#   tiny/                 another Phi-3 checkpoint: random weights, vocabulary of 576, window of 24
# All four are links to files that stay as they are: change a copy (copy_model).
# AUREA is the program's path (it is `aurea` in PATH as well), PROJECT the project's folder.

# exits CODE COMMAND...: the command must end with CODE.
exits() {
  local expected=$1 code=0
  shift
  "$@" || code=$?
  ((code == expected)) && return 0
  echo "'$*' ended with exit code $code, expected $expected" >&2
  exit 1
}

# holds FILE FILTER: a jq expression that must be true of a JSON file.
holds() {
  jq -e "$2" "$1" >/dev/null && return 0
  echo "$1: this does not hold: $2" >&2
  head -c 2000 "$1" >&2
  exit 1
}

# same A B / differ A B: of texts.
same() { [[ $1 == "$2" ]] || { printf 'expected the same, found\n%s\n%s\n' "$1" "$2" >&2; exit 1; }; }
differ() { [[ $1 != "$2" ]] || { printf 'expected a difference, found twice\n%s\n' "$1" >&2; exit 1; }; }

skip() {
  echo "$*" >&2
  exit 77
}

# copy_model FOLDER [FROM]: a checkpoint of one's own to break.
copy_model() { cp -rL "${2:-phi3-docs-mini}" "$1" && chmod -R u+w "$1"; }

# edit_json FILE FILTER: jq, in place.
edit_json() { jq -c "$2" "$1" >"$1.new" && mv "$1.new" "$1"; }

# put_bytes FILE OFFSET BYTES: overwrites; BYTES in printf's notation, such as '\xff\x7f'.
put_bytes() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

# offset_of FILE TEXT: where the text starts in a file.
offset_of() { LC_ALL=C grep -abo -m 1 -F -- "$2" "$1" | head -n 1 | cut -d : -f 1; }

# limited COMMAND...: with 2 GB of address space, far more than reading or refusing a small file can need. Sanitizers
# reserve terabytes, so that builds with them (AUREA_SANITIZED, set by CMake) go without.
limited() {
  (
    [[ -n ${AUREA_SANITIZED:-} ]] || ulimit -v 2000000
    exec "$@"
  )
}

# refuses CODE NAME COMMAND...: bad input, as it must be met. The command ends with CODE and prints nothing but one line on
# standard error, which names the file once and the parser's own library never; no file is left behind.
refuses() {
  local expected=$1 name=$2 before folder=${2%%/*} code=0 message
  shift 2
  before=$(find . | sort)
  limited timeout 60 "$@" >.printed 2>.message || code=$?
  message=$(<.message)
  if [[ -s .printed ]]; then code="$code and a result"; fi
  rm .printed .message
  [[ $code == "$expected" ]] || { printf "'%s' ended with %s, expected %s:\n%s\n" "$*" "$code" "$expected" "$message" >&2; exit 1; }
  same "$(find . | sort)" "$before"
  [[ $message == "aurea: "*"$name"* && $message != *$'\n'* && ${message#*"$folder"} != *"$folder"* && $message != *exception* ]] ||
    { printf "'%s': expected one line that names %s once, found\n%s\n" "$*" "$name" "$message" >&2; exit 1; }
}

# in_own_mounts "$@": the rest of the case runs where it may mount what nobody else sees. Skips where the system forbids that.
in_own_mounts() {
  [[ -z ${AUREA_OWN_MOUNTS:-} ]] || return 0
  unshare -rm mount -t tmpfs none /mnt 2>/dev/null || skip "mounting in a user namespace of one's own is not allowed here"
  AUREA_OWN_MOUNTS=1 exec unshare -rm bash -euo pipefail -c 'source "$1"; source "$2"' "$2" "$@"
}

# killed_at_random TIMES WHOLE OUTPUT CHECK COMMAND...: `COMMAND... WHOLE` runs undisturbed; then `COMMAND... OUTPUT` is killed so often
# at random moments of its time, each time going on with what the last one left. CHECK, a function, is called after each.
killed_at_random() {
  local times=$1 whole=$2 output=$3 check=$4 killed=0 begin took try pid pause code
  shift 4
  begin=${EPOCHREALTIME/./}
  "$@" "$whole" >printed
  took=$((${EPOCHREALTIME/./} - begin))
  RANDOM=7
  for ((try = 0; try < 10 * times && killed < times; ++try)); do
    "$@" "$output" >printed 2>message &
    pid=$!
    pause=$((RANDOM * took / 32768))
    sleep "$((pause / 1000000)).$(printf '%06d' $((pause % 1000000)))"
    kill -KILL "$pid" 2>/dev/null || true
    code=0
    wait "$pid" || code=$?
    ((code == 0 || code == 137)) || { cat message >failure; break; }
    ((code == 0)) || killed=$((killed + 1))
    "$check" || { echo "the result is another" >failure; break; }
  done 2>/dev/null  # bash tells of every kill
  [[ ! -e failure ]] || { echo "the last run ended with $code" >&2; cat failure >&2; exit 1; }
  ((killed == times)) || { echo "only $killed kills in $try tries were in time" >&2; exit 1; }
}
