//! Shares as integers.

/// A share of 1 in the integers a replication's shares are kept in.
pub const SHARE_ONE: i128 = 1 << 60;

/// part/whole in units of 2⁻⁶⁰, rounded down; a part above the whole counts as the whole. `whole` > 0.
pub(crate) fn share(part: i128, whole: i128) -> i128 {
    if part <= 0 {
        return 0;
    }
    if part >= whole {
        return SHARE_ONE;
    }
    // Unsigned, so that even the largest `whole` leaves a bit to shift by.
    let (mut rest, whole) = (part.unsigned_abs(), whole.unsigned_abs());
    let (mut quotient, mut bits) = (0, 60);
    while bits > 0 {
        // As many bits at a time as fit before the rest, which is below `whole`, would overflow.
        let step = whole.leading_zeros().min(bits);
        rest <<= step;
        // One division: the remainder by multiplication is cheaper than a second one.
        let digit = rest / whole;
        quotient = (quotient << step) + digit as i128;
        rest -= digit * whole;
        bits -= step;
    }
    quotient
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact() {
        assert_eq!(share(0, 7), 0);
        assert_eq!(share(7, 7), SHARE_ONE);
        assert_eq!(share(9, 7), SHARE_ONE);
        assert_eq!(share(1, 2), SHARE_ONE / 2);
        assert_eq!(share(1, 3), SHARE_ONE / 3);
        let huge = i128::MAX / 3;
        assert_eq!(share(huge, huge * 3), SHARE_ONE / 3);
        assert_eq!(share(i128::MAX - 1, i128::MAX), SHARE_ONE - 1);
    }
}
