"""Import this before numpy: the libraries run in one thread, and without numpy's AVX-512 forms, which round exp and log
differently from the C library. Both are read once, when numpy is imported, so the program starts again with them set.
"""
import os, sys

try:
    from numpy._core import _multiarray_umath as umath
except ImportError:
    from numpy.core import _multiarray_umath as umath

if "NPY_DISABLE_CPU_FEATURES" not in os.environ:
    avx512 = [f for f in umath.__cpu_dispatch__ if umath.__cpu_features__[f] and ("AVX512" in f or f == "X86_V4")]
    os.environ.update(NPY_DISABLE_CPU_FEATURES=" ".join(avx512), OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1",
                      PYTHONHASHSEED="0")
    os.execv(sys.executable, [sys.executable, *sys.argv])
assert not any(on for f, on in umath.__cpu_features__.items() if f in ("AVX512_SKX", "X86_V4"))
