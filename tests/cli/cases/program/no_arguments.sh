exits 2 aurea
