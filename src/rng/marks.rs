//! Random marks: 64-bit words addressed by purpose, replication, occurrence and position (design D3, D4).
//!
//! Nothing is consumed in sequence, so no draw can shift another. The contract is written down in
//! docs/randomness.md.

use core::fmt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;

/// Words in a block of ChaCha.
const BLOCK_WORDS: u64 = 8;
/// Words generated at once: rand_chacha makes four blocks in the time of one.
const CACHED: u64 = 4 * BLOCK_WORDS;
/// Start of an empty cache: no word that can be asked for lies within [`CACHED`] of it.
const NOTHING: u64 = u64::MAX - CACHED;
/// Last eight bytes of every key; a new scheme of addressing would change them.
const SCHEME: [u8; 8] = *b"zonefall";

/// What a stream of marks is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Purpose {
    /// Identity of the stream: the same name gives the same words, whatever else is declared.
    pub name: String,
    /// Words that one occurrence may use. Occurrences are laid out in blocks of 8 words, so raising it leaves
    /// all words as they are unless it passes a multiple of 8.
    pub words: u32,
}

/// Two purposes whose streams would be the same: equal names, or names with equal 128-bit hashes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PurposeClash {
    /// One name.
    pub first: String,
    /// The other.
    pub second: String,
}

impl fmt::Display for PurposeClash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the random streams of {:?} and {:?} would be the same; rename one",
            self.first, self.second
        )
    }
}

impl core::error::Error for PurposeClash {}

/// One purpose's stream and the words of it that were generated last.
#[derive(Clone)]
struct Stream {
    /// Index of `cache[0]` in the stream, a multiple of [`CACHED`], or [`NOTHING`].
    first: u64,
    /// Distance between occurrences, in words.
    stride: u64,
    /// Words that may be asked for.
    words: u32,
    cache: [u64; CACHED as usize],
    key: [u8; 32],
}

/// The source of marks of one simulation.
///
/// The stream of a purpose is ChaCha8 with key = seed ‖ FNV-1a-128 of the purpose's name ‖ constant, nonce =
/// replication, and block counter = occurrence × blocks per occurrence. So different seeds, purposes,
/// replications and occurrences never share a word.
///
/// ```
/// use zonefall::rng::{Marks, Purpose};
/// let purposes = [Purpose { name: "zone-power zone:we/1".into(), words: 8 }];
/// let mut marks = Marks::new(42, &purposes)?;
/// marks.begin(7); // replication 7
/// let word = marks.word(0, 3, 1); // occurrence 3, duration
/// marks.word(0, 0, 0);
/// assert_eq!(marks.word(0, 3, 1), word);
/// # Ok::<(), zonefall::rng::PurposeClash>(())
/// ```
#[derive(Clone)]
pub struct Marks {
    replication: u64,
    streams: Vec<Stream>,
}

/// FNV-1a with 128 bits.
fn fnv1a_128(text: &str) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes().fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

impl Marks {
    /// Marks for these purposes, addressed by index; replication 0.
    ///
    /// # Errors
    /// Two purposes share a stream.
    pub fn new(seed: u64, purposes: &[Purpose]) -> Result<Marks, PurposeClash> {
        let mut names: BTreeMap<u128, &str> = BTreeMap::new();
        let mut streams = Vec::with_capacity(purposes.len());
        for purpose in purposes {
            let hash = fnv1a_128(&purpose.name);
            if let Some(first) = names.insert(hash, &purpose.name) {
                return Err(PurposeClash { first: first.into(), second: purpose.name.clone() });
            }
            let mut key = [0; 32];
            key[..8].copy_from_slice(&seed.to_le_bytes());
            key[8..24].copy_from_slice(&hash.to_le_bytes());
            key[24..].copy_from_slice(&SCHEME);
            let blocks = u64::from(purpose.words).div_ceil(BLOCK_WORDS);
            streams.push(Stream {
                first: NOTHING,
                stride: blocks * BLOCK_WORDS,
                words: purpose.words,
                cache: [0; CACHED as usize],
                key,
            });
        }
        Ok(Marks { replication: 0, streams })
    }

    /// Turns to a replication: all words are now those of it.
    pub fn begin(&mut self, replication: u64) {
        self.replication = replication;
        for stream in &mut self.streams {
            stream.first = NOTHING;
        }
    }

    /// Word number `word` of an occurrence of a purpose (an index into those given to [`Marks::new`]).
    ///
    /// # Panics
    /// If there is no such purpose, or it declared fewer words.
    #[inline]
    pub fn word(&mut self, purpose: u32, occurrence: u64, word: u32) -> u64 {
        let stream = &mut self.streams[purpose as usize];
        assert!(word < stream.words, "word {word} of an occurrence with {} words", stream.words);
        // Occurrences are counted one by one, so the product stays far below 2^64.
        let index = occurrence.wrapping_mul(stream.stride).wrapping_add(u64::from(word));
        let mut offset = index.wrapping_sub(stream.first);
        if offset >= CACHED {
            stream.refill(self.replication, index);
            offset = index % CACHED;
        }
        stream.cache[offset as usize]
    }
}

impl Stream {
    /// Generates the aligned run of words that contains `index`.
    #[cold]
    #[inline(never)]
    fn refill(&mut self, replication: u64, index: u64) {
        self.first = index / CACHED * CACHED;
        let mut rng = ChaCha8Rng::from_seed(self.key);
        rng.set_stream(replication);
        rng.set_word_pos(u128::from(self.first / BLOCK_WORDS) * 16);
        for word in &mut self.cache {
            *word = rng.next_u64();
        }
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marks")
            .field("replication", &self.replication)
            .field("streams", &self.streams.len())
            .finish()
    }
}
