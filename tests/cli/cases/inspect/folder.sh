aurea inspect tiny >table
head -n 1 table
grep -E '^  (architectures|sliding_window|vocab_size) ' table
grep -c ' BF16 ' table
