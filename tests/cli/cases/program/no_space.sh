# Real full disks, small ones in memory: every command that writes a file says which one found no room, ends with 3 and leaves
# nothing behind. A disk with N inodes has room for N - 1 files.
in_own_mounts "$@"
mkdir disk
head -c 4000 "$PROJECT/models/eval.txt" >text.txt

# on_disk OPTIONS COMMAND...: must end with 3; prints what is left.
on_disk() {
  mount -t tmpfs -o "$1" none disk
  exits 3 "${@:2}"
  find disk -mindepth 1 -printf 'left: %P\n'
  umount disk
}
pages=$((($(stat -Lc %s Q4_K_M.gguf) + 4095) / 4096))  # of the file that is made
quantize=(aurea quantize phi3-docs-mini -o disk/made.gguf --quiet)
on_disk size=4k "${quantize[@]}"
on_disk size=8k "${quantize[@]}"
on_disk size=3m "${quantize[@]}"
on_disk size=$((4 * (pages - 1)))k "${quantize[@]}"
on_disk size=3m "${quantize[@]}" --split-max-size 1MB
on_disk size=4m "${quantize[@]}" --certify --text text.txt
on_disk size=2m "${quantize[@]}" --type Q2_K --quality best --auto-tokens 512
on_disk nr_inodes=1 "${quantize[@]}"
on_disk nr_inodes=2 "${quantize[@]}"
on_disk nr_inodes=4 "${quantize[@]}" --split-max-size 1MB
on_disk size=16k aurea imatrix phi3-docs-mini --text text.txt -o disk/made.gguf --quiet
on_disk nr_inodes=1 aurea imatrix phi3-docs-mini --text text.txt -o disk/made.gguf --quiet
on_disk size=1m aurea logits phi3-docs-mini --text text.txt -o disk/made.npy --quiet
on_disk nr_inodes=1 aurea logits phi3-docs-mini --text text.txt -o disk/made.npy --quiet
echo "A report without room: the model stays."
on_disk size=$((4 * (pages + 4)))k "${quantize[@]}" --report disk/made.html
echo "So does what a collection saved."
head -c 20000 "$PROJECT/models/calibration.txt" >text.txt
on_disk size=64k aurea imatrix phi3-docs-mini --text text.txt -o disk/made.gguf --save-every 2 --ctx-size 256
