exits 2 aurea bench tiny --prompt 100000
exits 2 aurea bench tiny --depth 200 --generate 57
exits 2 aurea bench tiny --depth 18446744073709551615
exits 2 aurea bench tiny --generate -1
exits 2 aurea bench tiny --repetitions 0
