// AVX-512 without BF16: float32 arithmetic.
#include "attention.h"
#include "float_product.h"
#include "lanes_avx512.h"
#include "probe.h"

extern const CpuKernels kAvx512OfBfloat16 = {float_row_bytes, copy_float_row, OfBfloat16<Avx512Lanes>::panel_bytes, pack_bfloat16, linear<OfBfloat16<Avx512Lanes>>,
    gated_linear<OfBfloat16<Avx512Lanes>>, attend<Avx512Lanes>, peak<FloatProbe<Avx512Lanes>>, read<Avx512Lanes>};
extern const CpuKernels kAvx512OfFloat32 = {float_row_bytes, copy_float_row, OfFloat32<Avx512Lanes>::panel_bytes, pack_float32, linear<OfFloat32<Avx512Lanes>>,
    gated_linear<OfFloat32<Avx512Lanes>>, attend<Avx512Lanes>, peak<FloatProbe<Avx512Lanes>>, read<Avx512Lanes>};
