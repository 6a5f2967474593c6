//! A small hash for comparing states and histories; not for anything an adversary may choose.

/// Order-dependent 64-bit hash of a sequence of words; the same on every machine and in every version.
///
/// ```
/// use zonefall::engine::Digest;
/// let of = |words: &[u64]| {
///     let mut digest = Digest::new();
///     words.iter().for_each(|&w| digest.add(w));
///     digest.finish()
/// };
/// assert_ne!(of(&[1, 2]), of(&[2, 1]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest(u64);

impl Digest {
    /// The digest of nothing.
    pub fn new() -> Digest {
        Digest(0x6a09_e667_f3bc_c908)
    }

    /// Appends a word.
    #[inline]
    pub fn add(&mut self, word: u64) {
        // A bijective mix (multiply, fold, multiply) after each word, so that order and zeros count.
        let mut x = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x ^= x >> 32;
        self.0 = x.wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(17);
    }

    /// The hash of what was added so far.
    #[inline]
    pub fn finish(self) -> u64 {
        let x = (self.0 ^ (self.0 >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 32)
    }
}

/// Any plain value can be digested through its `Hash`; sizes count as 64 bits on every machine.
impl core::hash::Hasher for Digest {
    fn finish(&self) -> u64 {
        Digest::finish(*self)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.add(word);
    }

    fn write_usize(&mut self, size: usize) {
        self.add(size as u64);
    }
}

impl Default for Digest {
    fn default() -> Digest {
        Digest::new()
    }
}
