# What is no file: folders, pipes and devices where a file is expected do not hang.
mkdir folder
mkfifo pipe
refuses 3 pipe aurea inspect pipe
refuses 3 pipe aurea run pipe --prompt hi
refuses 3 pipe aurea eval tiny --text pipe
refuses 3 folder aurea run tiny --raw --text folder
copy_model broken tiny
rm broken/config.json
mkfifo broken/config.json
refuses 3 broken/config.json aurea run broken --prompt hi
