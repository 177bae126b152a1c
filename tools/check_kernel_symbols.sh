#!/bin/sh
# Usage: tools/check_kernel_symbols.sh BUILD_DIR
#
# Every kernel object is compiled for one instruction set. A weak symbol in it (an inline function of some header) may be the
# copy that the linker keeps for the whole program, which then crashes on a CPU without that instruction set. So each object
# under src/kernels/cpu/<isa>/ may define weak symbols nowhere and external ones in aurea::kernels::<isa> only.
# Worth running on a Debug build too: less is inlined there.
set -eu

if [ $# -ne 1 ] || [ ! -d "$1" ]; then
  echo "usage: $0 BUILD_DIR" >&2
  exit 2
fi

objects=$(find "$1" -path '*aurea_kernels.dir/cpu/*' -name '*.o' | sort)
if [ -z "$objects" ]; then
  echo "$0: no kernel objects under $1: build the target aurea_kernels first" >&2
  exit 2
fi

count=0
bad=0
for object in $objects; do
  isa=$(basename "$(dirname "$object")")
  prefix="_ZN5aurea7kernels${#isa}${isa}"
  # nm -g lists external and weak definitions; the type letters of weak and unique ones are w, v, u, i in either case.
  wrong=$(nm -g --defined-only "$object" | awk -v prefix="$prefix" '
    $2 ~ /^[wWvVuUiI]$/ { print "weak: " $3; next }
    index($3, prefix) != 1 { print "outside its namespace: " $3 }')
  if [ -n "$wrong" ]; then
    echo "$object:" >&2
    echo "$wrong" | c++filt | sed 's/^/  /' >&2
    bad=$((bad + 1))
  fi
  count=$((count + 1))
done

if [ "$bad" -ne 0 ]; then
  echo "$bad of $count kernel objects leak symbols" >&2
  exit 1
fi
echo "$count kernel objects: only symbols of their own instruction set"
