exits 2 aurea frobnicate
exits 2 aurea frobnicate --help-me
