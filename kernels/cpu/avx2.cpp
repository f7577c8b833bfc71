// AVX2 and FMA: float32 arithmetic.
#include "attention.h"
#include "float_product.h"
#include "lanes_avx2.h"
#include "probe.h"

extern const CpuKernels kAvx2OfBfloat16 = {float_row_bytes, copy_float_row, OfBfloat16<Avx2Lanes>::panel_bytes, pack_bfloat16, linear<OfBfloat16<Avx2Lanes>>,
    gated_linear<OfBfloat16<Avx2Lanes>>, attend<Avx2Lanes>, peak<FloatProbe<Avx2Lanes>>, read<Avx2Lanes>};
extern const CpuKernels kAvx2OfFloat32 = {float_row_bytes, copy_float_row, OfFloat32<Avx2Lanes>::panel_bytes, pack_float32, linear<OfFloat32<Avx2Lanes>>,
    gated_linear<OfFloat32<Avx2Lanes>>, attend<Avx2Lanes>, peak<FloatProbe<Avx2Lanes>>, read<Avx2Lanes>};
