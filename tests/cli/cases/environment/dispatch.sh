# AUREA_VERBOSE=dispatch lists the kernel of every matrix product; other topics and no topic list nothing.
AUREA_CPU=scalar AUREA_VERBOSE=dispatch aurea logits tiny --tokens 1,2 --quiet 2>kernels >printed
cat kernels
AUREA_VERBOSE=something,else aurea logits tiny --tokens 1,2 --quiet >printed
