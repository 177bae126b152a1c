# Figures over different tokens cannot be compared.
exits 2 aurea eval F32.gguf --reference tiny --prompt "The database is a file."
exits 2 aurea eval F32.gguf --reference tiny --tokens 1,2,3,4
