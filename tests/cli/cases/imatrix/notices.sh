# Said on standard error: text left out, chunks cut to the model's context, tensors without an entry.
head -c 3000 "$PROJECT/models/calibration.txt" >text.txt
aurea imatrix tiny --text text.txt -o tiny.gguf >/dev/null
aurea imatrix phi3-docs-mini --text text.txt -o im.gguf -c 64 >/dev/null
