//! Unsigned integers of 256 bits, just enough for exact sums of squares and of products.

/// An unsigned integer of 256 bits. Sums wrap modulo 2²⁵⁶; the callers' bounds keep them far below.
///
/// ```
/// use zonefall::stats::U256;
/// let big = U256::product(u128::MAX, u128::MAX);
/// assert_eq!(big.wrapping_sub(U256::product(u128::MAX, u128::MAX - 1)), U256::from(u128::MAX));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct U256 {
    // Order of the fields matters: the derived comparison looks at `high` first.
    high: u128,
    low: u128,
}

impl From<u128> for U256 {
    fn from(low: u128) -> U256 {
        U256 { high: 0, low }
    }
}

impl U256 {
    /// Zero.
    pub const ZERO: U256 = U256 { high: 0, low: 0 };

    /// Whether this is zero.
    pub const fn is_zero(self) -> bool {
        self.high == 0 && self.low == 0
    }

    /// The sum, modulo 2²⁵⁶.
    #[inline]
    pub const fn wrapping_add(self, other: U256) -> U256 {
        let (low, carry) = self.low.overflowing_add(other.low);
        U256 { high: self.high.wrapping_add(other.high).wrapping_add(carry as u128), low }
    }

    /// The difference, modulo 2²⁵⁶.
    pub const fn wrapping_sub(self, other: U256) -> U256 {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        U256 { high: self.high.wrapping_sub(other.high).wrapping_sub(borrow as u128), low }
    }

    /// a · b, exact.
    #[inline]
    pub const fn product(a: u128, b: u128) -> U256 {
        const MASK: u128 = u64::MAX as u128;
        if a <= MASK && b <= MASK {
            return U256 { high: 0, low: a * b };
        }
        let (a1, a0, b1, b0) = (a >> 64, a & MASK, b >> 64, b & MASK);
        let low = a0 * b0;
        let (m1, m2) = (a1 * b0, a0 * b1);
        // Bits 64.. of the sum of the three lower products: at most 3 · (2⁶⁴ − 1), no overflow.
        let middle = (low >> 64) + (m1 & MASK) + (m2 & MASK);
        U256 { high: a1 * b1 + (m1 >> 64) + (m2 >> 64) + (middle >> 64), low: (middle << 64) | (low & MASK) }
    }

    /// This times a 64-bit number, modulo 2²⁵⁶.
    pub const fn wrapping_mul(self, factor: u64) -> U256 {
        let low = U256::product(self.low, factor as u128);
        U256 { high: low.high.wrapping_add(self.high.wrapping_mul(factor as u128)), low: low.low }
    }

    /// The value as `f64`; relative error below 2⁻⁵².
    pub fn to_f64(self) -> f64 {
        // 2¹²⁸ as a float: an exact power of two.
        self.high as f64 * 340_282_366_920_938_463_463_374_607_431_768_211_456.0 + self.low as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Schoolbook product in 32-bit limbs, an independent way.
    fn limbs(a: u128, b: u128) -> U256 {
        let split = |x: u128| [0, 32, 64, 96].map(|s| (x >> s) as u32);
        let (a, b) = (split(a), split(b));
        let mut out = [0u32; 8];
        for (i, &x) in a.iter().enumerate() {
            let mut carry = 0u64;
            for (j, &y) in b.iter().enumerate() {
                let t = u64::from(x) * u64::from(y) + u64::from(out[i + j]) + carry;
                out[i + j] = t as u32;
                carry = t >> 32;
            }
            out[i + 4] = carry as u32;
        }
        let join = |part: &[u32]| part.iter().rev().fold(0u128, |acc, &l| acc << 32 | u128::from(l));
        U256 { high: join(&out[4..]), low: join(&out[..4]) }
    }

    proptest! {
        #[test]
        fn products_agree_with_limbs(a: u128, b: u128, shift in 0u32..128) {
            prop_assert_eq!(U256::product(a >> shift, b), limbs(a >> shift, b));
            prop_assert_eq!(U256::product(a, b >> shift), limbs(a, b >> shift));
        }

        #[test]
        fn a_sum_minus_a_part_is_the_rest(a: u128, b: u128, c: u128, d: u128) {
            let (x, y) = (U256::product(a, b), U256::product(c, d));
            prop_assert_eq!(x.wrapping_add(y).wrapping_sub(y), x);
            prop_assert_eq!(x < y, x.wrapping_sub(y).high > x.high || (x.high == y.high && x.low < y.low));
        }
    }

    #[test]
    fn factors_and_floats() {
        let x = U256::product(u128::MAX, 1 << 100);
        assert_eq!(x.wrapping_mul(3), x.wrapping_add(x).wrapping_add(x));
        assert_eq!(U256::product(1 << 100, 1 << 100).to_f64(), f64::from_bits((1023 + 200) << 52));
        assert!(U256::ZERO.is_zero() && !x.is_zero());
    }
}
