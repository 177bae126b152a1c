exits 2 aurea run F32.gguf --prompt hi --spec-type draft-simple
exits 2 aurea run F32.gguf --prompt hi --spec-type ngram-simple --spec-draft-model F32.gguf
exits 2 aurea run F32.gguf --prompt hi --spec-type none --spec-draft-model F32.gguf
exits 2 aurea run F32.gguf --prompt hi --spec-draft-n-max 4
exits 2 aurea run F32.gguf --prompt hi --spec-draft-n-min 4
exits 2 aurea run F32.gguf --prompt hi --spec-type ngram-simple --draft-p-min 0.3
exits 2 aurea run F32.gguf --prompt hi --spec-draft-model F32.gguf --spec-ngram-simple-size-n 3
exits 2 aurea run F32.gguf --prompt hi --spec-type ngram-simple --spec-draft-n-max 2 --spec-draft-n-min 3
exits 3 aurea run F32.gguf --prompt hi --spec-draft-model missing.gguf
exits 4 aurea run F32.gguf --prompt hi --spec-draft-model tiny
exits 2 aurea run F32.gguf --prompt hi --spec-type ngram-mod
exits 2 aurea run F32.gguf --prompt hi --spec-type ngram-simple --spec-ngram-simple-size-n 17
exits 2 aurea run F32.gguf --prompt hi --spec-type ngram-simple --spec-draft-n-max 0
exits 2 aurea run F32.gguf --prompt hi --spec-draft-model F32.gguf --spec-draft-p-min 2
