// exp of a vector. Included after a vec text.

/// exp(x) within 1.1 ulp (a relative error below 1e-7); inf above 88.72, 0 below -103.98, NaN for NaN.
/// x = n ln 2 + r, |r| <= ln 2 / 2; exp(r) = 1 + r + r^2 p(r) with p the degree-4 minimax polynomial of relative error
/// 3e-9.
AUREA_INLINE VecF exp_f(VecF x) {
  x = min_f(set1_f(89.0f), max_f(set1_f(-104.0f), x));  // x last: not a number stays
  const VecF n = round_f(mul_f(x, set1_f(0x1.715476p+0f)));
  VecF r = fma_f(n, set1_f(-0x1.62e4p-1f), x);  // ln 2 in two parts: the first product is exact
  r = fma_f(n, set1_f(-0x1.7f7d1cp-20f), r);
  VecF p = set1_f(0x1.6a2256p-10f);
  p = fma_f(p, r, set1_f(0x1.123b02p-7f));
  p = fma_f(p, r, set1_f(0x1.5558f8p-5f));
  p = fma_f(p, r, set1_f(0x1.55549p-3f));
  p = fma_f(p, r, set1_f(0x1.fffffcp-2f));
  const VecF y = add_f(set1_f(1.0f), fma_f(mul_f(r, r), p, r));
  const VecI whole = to_i32(n), half = shift_right_signed<1>(whole);  // 2^n in two steps: n may be -150 or 128
  const VecI bias = set1_i32(127);
  const VecF low = as_f(shift_left<23>(add_i32(half, bias)));
  const VecF high = as_f(shift_left<23>(add_i32(sub_i32(whole, half), bias)));
  return mul_f(mul_f(y, low), high);
}

/// 2^x for x <= 0 within 1.1 ulp; 0 below -126, NaN for NaN. 2^r = 1 + r p(r) for |r| <= 1/2, with p the degree-5
/// minimax polynomial of relative error 7e-9.
AUREA_INLINE VecF exp2_f(VecF x) {
  const VecF r = sub_f(x, round_f(x));
  VecF p = set1_f(0x1.4c2104p-13f);
  p = fma_f(p, r, set1_f(0x1.5fc21p-10f));
  p = fma_f(p, r, set1_f(0x1.3b2176p-7f));
  p = fma_f(p, r, set1_f(0x1.c6ada8p-5f));
  p = fma_f(p, r, set1_f(0x1.ebfbe6p-3f));
  p = fma_f(p, r, set1_f(0x1.62e432p-1f));
  const VecF y = fma_f(p, r, set1_f(1.0f));
  const VecI exponent = shift_left<23>(to_i32(x));  // of what is not a number 0
  return zero_below(as_f(add_i32(as_i(y), exponent)), x, set1_f(-126.0f));
}
