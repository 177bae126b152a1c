exits 2 aurea bench tiny --prompt 8,100000
exits 2 aurea bench tiny --depth 200 --generate 57
exits 2 aurea bench tiny --depth 18446744073709551615
exits 2 aurea bench tiny --depth 9223372036854775807 --generate 9223372036854775807
exits 2 aurea bench tiny --generate -1
exits 2 aurea bench tiny --batch 1,0
exits 2 aurea bench tiny --repetitions 0
exits 2 aurea bench tiny --prompt 0 --generate 0
exits 2 aurea bench tiny --types Q4_K_M,Q4_K_X
exits 2 aurea bench tiny --json --markdown
exits 2 aurea bench
exits 3 aurea bench tiny nothing.gguf
