aurea bench tiny --prompt 8 --generate 2 --repetitions 1 --quiet --batch 2 --depth 3 --threads 1
