#!/bin/sh
# Usage: tools/check_kernel_symbols.sh BUILD_DIR
#
# Every kernel object is compiled for one instruction set. A weak symbol in it (an inline function of some header) may be the
# copy that the linker keeps for the whole program, which then crashes on a CPU without that instruction set. So such an object
# may define no weak symbol, and external ones only under its own name: those of src/kernels/cpu/<isa>/ in
# aurea::kernels::<isa>, src/codecs/search_<isa>.cpp the table aurea::codecs::kSearch<Isa>.
# Worth running on a Debug build too: less is inlined there.
set -eu

if [ $# -ne 1 ] || [ ! -d "$1" ]; then
  echo "usage: $0 BUILD_DIR" >&2
  exit 2
fi

kernels=$(find "$1" -path '*aurea_kernels.dir/cpu/*' -name '*.o' | sort)
searches=$(find "$1" -path '*aurea_codecs.dir/search_avx*' -name '*.o' | sort)
case $kernels in *cpu/avx*) x86=yes ;; *) x86=no ;; esac
if [ -z "$kernels" ] || { [ -z "$searches" ] && [ "$x86" = yes ]; }; then
  echo "$0: no kernel objects under $1: build the targets aurea_kernels and aurea_codecs first" >&2
  exit 2
fi

# own_prefix OBJECT: how the mangled names of its external symbols must start.
own_prefix() {
  case $1 in
    *aurea_kernels.dir*)
      isa=$(basename "$(dirname "$1")")
      echo "_ZN5aurea7kernels${#isa}${isa}" ;;
    *)
      isa=$(basename "$1" .cpp.o | sed 's/^search_a/A/')
      echo "_ZN5aurea6codecs$((${#isa} + 7))kSearch${isa}E" ;;
  esac
}

count=0
bad=0
for object in $kernels $searches; do
  # nm -g lists external and weak definitions; the type letters of weak and unique ones are w, v, u, i in either case.
  # Type descriptions (_ZTI, _ZTS; clang's sanitizer of undefined behaviour makes them) are data without instructions.
  # The address sanitizer puts a marker beside every global, named after it.
  wrong=$(nm -g --defined-only "$object" | awk -v prefix="$(own_prefix "$object")" '
    $3 ~ /^_ZT[IS]/ { next }
    $2 ~ /^[wWvVuUiI]$/ { print "weak: " $3; next }
    { sub(/^__odr_asan(\.|_gen_)/, "", $3) }
    index($3, prefix) != 1 { print "outside its name: " $3 }')
  if [ -n "$wrong" ]; then
    echo "$object:" >&2
    echo "$wrong" | c++filt | sed 's/^/  /' >&2
    bad=$((bad + 1))
  fi
  count=$((count + 1))
done

if [ "$bad" -ne 0 ]; then
  echo "$bad of $count objects leak symbols" >&2
  exit 1
fi
echo "$count objects: only symbols of their own instruction set"
