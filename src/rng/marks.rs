//! Random marks: 64-bit words addressed by purpose, replication, occurrence and position (design D3, D4).
//!
//! Nothing is consumed in sequence, so no draw can shift another. The contract is written down in
//! docs/randomness.md.

use core::fmt;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Words in a block of ChaCha.
const BLOCK_WORDS: u64 = 8;
/// Words generated at once: rand_chacha makes four blocks in the time of one.
const CACHED: u64 = 4 * BLOCK_WORDS;
/// Words of every occurrence that are always drawn (up time and duration). They lie close together, so that one
/// generation serves 16 occurrences; the others lie apart and are generated when somebody asks.
const NEAR: u32 = 2;
/// Block counter where the far words begin: near words never get there (2^62 occurrences).
const FAR_BLOCK: u64 = 1 << 60;
/// Start of an empty cache: no word that can be asked for lies within [`CACHED`] of it.
const NOTHING: u64 = u64::MAX - CACHED;
/// Last eight bytes of every key; a new scheme of addressing would change them.
const SCHEME: [u8; 8] = *b"zonefall";

/// What a stream of marks is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Purpose {
    /// Identity of the stream: the same name gives the same words, whatever else is declared.
    pub name: String,
    /// Words that one occurrence may use. Those from number 2 on are laid out in blocks of 8, so raising it leaves
    /// all words as they are unless `words − 2` passes a multiple of 8.
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

/// A run of words of one stream, generated together.
#[derive(Clone)]
struct Run {
    /// Index of the first word in the stream, a multiple of [`CACHED`], or [`NOTHING`].
    first: u64,
    words: [u64; CACHED as usize],
}

/// One purpose's stream and the near words of it that were generated last.
#[derive(Clone)]
struct Stream {
    near: Run,
    /// Distance between the far words of occurrences.
    stride: u64,
    /// Words that may be asked for.
    words: u32,
    key: [u8; 32],
}

/// The source of marks of one simulation.
///
/// The stream of a purpose is ChaCha8 with key = seed ‖ FNV-1a-128 of the purpose's name ‖ constant and nonce =
/// replication. Words 0 and 1 of occurrence k are words 2k and 2k + 1 of the stream; the others of an occurrence
/// fill blocks of their own, counted from block 2^60. So different seeds, purposes, replications and occurrences
/// never share a word.
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
    /// The far words generated last, and whose they are.
    far: Run,
    far_purpose: u32,
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
            let blocks = u64::from(purpose.words.saturating_sub(NEAR)).div_ceil(BLOCK_WORDS);
            streams.push(Stream { near: Run::NONE, stride: blocks * BLOCK_WORDS, words: purpose.words, key });
        }
        Ok(Marks { replication: 0, streams, far: Run::NONE, far_purpose: 0 })
    }

    /// Turns to a replication: all words are now those of it.
    pub fn begin(&mut self, replication: u64) {
        self.replication = replication;
        self.far.first = NOTHING;
        for stream in &mut self.streams {
            stream.near.first = NOTHING;
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
        if word >= NEAR {
            return self.far_word(purpose, occurrence, word - NEAR);
        }
        // Occurrences are counted one by one, so the index stays far below 2^62.
        let index = occurrence.wrapping_mul(u64::from(NEAR)).wrapping_add(u64::from(word));
        let mut offset = index.wrapping_sub(stream.near.first);
        if offset >= CACHED {
            stream.near.refill(&stream.key, self.replication, 0, index);
            offset = index % CACHED;
        }
        stream.near.words[offset as usize]
    }

    /// A word beyond those every occurrence draws.
    fn far_word(&mut self, purpose: u32, occurrence: u64, word: u32) -> u64 {
        let stream = &self.streams[purpose as usize];
        let index = occurrence.wrapping_mul(stream.stride).wrapping_add(u64::from(word));
        if self.far_purpose != purpose || index.wrapping_sub(self.far.first) >= CACHED {
            self.far_purpose = purpose;
            self.far.refill(&stream.key, self.replication, FAR_BLOCK, index);
        }
        self.far.words[(index % CACHED) as usize]
    }
}

impl Run {
    const NONE: Run = Run { first: NOTHING, words: [0; CACHED as usize] };

    /// Generates the aligned run of words that contains `index`, counted from a block of the stream.
    #[cold]
    #[inline(never)]
    fn refill(&mut self, key: &[u8; 32], replication: u64, from_block: u64, index: u64) {
        self.first = index / CACHED * CACHED;
        let mut rng = ChaCha8Rng::from_seed(*key);
        rng.set_stream(replication);
        rng.set_word_pos(u128::from(from_block + self.first / BLOCK_WORDS) * 16);
        let mut bytes = [0; 8 * CACHED as usize];
        rng.fill_bytes(&mut bytes);
        for (word, bytes) in self.words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn purposes(names: &[&str]) -> Vec<Purpose> {
        names.iter().map(|&name| Purpose { name: name.into(), words: 8 }).collect()
    }

    /// Words of a purpose by name, so that its index does not matter.
    fn words(seed: u64, all: &[Purpose], name: &str, replication: u64) -> Vec<u64> {
        let index = all.iter().position(|p| p.name == name).unwrap() as u32;
        let mut marks = Marks::new(seed, all).unwrap();
        marks.begin(replication);
        (0..40).map(|i| marks.word(index, i / 8, (i % 8) as u32)).collect()
    }

    #[test]
    fn words_are_pinned() {
        assert_eq!(fnv1a_128(""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fnv1a_128("a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        let mut marks = Marks::new(42, &purposes(&["zone-power zone:we/1"])).unwrap();
        marks.begin(7);
        let got = [marks.word(0, 0, 0), marks.word(0, 0, 7), marks.word(0, 5, 1), marks.word(0, 1 << 40, 0)];
        assert_eq!(
            got,
            [0x3973_93cc_c9e2_db85, 0xa84f_a7be_273f_bd2f, 0xbfd0_b496_f47e_2bb2, 0x5916_87e8_28cf_0d83],
            "{got:#018x?}"
        );
    }

    #[test]
    fn words_are_those_of_one_chacha_stream() {
        // Read in sequence, without seeking: the layout is what the documentation says.
        let all = [Purpose { name: "x".into(), words: 13 }];
        let mut key = [0; 32];
        key[..8].copy_from_slice(&9u64.to_le_bytes());
        key[8..24].copy_from_slice(&fnv1a_128("x").to_le_bytes());
        key[24..].copy_from_slice(b"zonefall");
        let mut stream = ChaCha8Rng::from_seed(key);
        stream.set_stream(3);
        let near: Vec<u64> = (0..2 * 40).map(|_| stream.next_u64()).collect();
        stream.set_word_pos(16 << 60);
        let far: Vec<u64> = (0..16 * 40).map(|_| stream.next_u64()).collect();
        let mut marks = Marks::new(9, &all).unwrap();
        marks.begin(3);
        for occurrence in (0..40).rev().chain(0..40) {
            for word in 0..13 {
                let (o, w) = (occurrence as usize, word as usize);
                let expected = if w < 2 { near[2 * o + w] } else { far[16 * o + w - 2] };
                assert_eq!(marks.word(0, occurrence, word), expected);
            }
        }
    }

    #[test]
    fn seeds_purposes_replications_and_occurrences_share_no_word() {
        let all = purposes(&["a", "b", "a ", "ab"]);
        let mut seen = BTreeSet::new();
        let mut count = 0;
        for seed in [1, 2, 1 << 32, u64::MAX] {
            let mut marks = Marks::new(seed, &all).unwrap();
            for replication in [0, 1, 2, 1 << 32] {
                marks.begin(replication);
                for purpose in 0..4 {
                    for index in 0..2000 {
                        seen.insert(marks.word(purpose, index / 8, (index % 8) as u32));
                        count += 1;
                    }
                }
            }
        }
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn other_purposes_and_their_order_change_nothing() {
        let few = purposes(&["power", "disk"]);
        let mut more = purposes(&["new", "disk", "older", "power"]);
        more[0].words = 300;
        for replication in [0, 1, 99] {
            for name in ["power", "disk"] {
                assert_eq!(words(5, &few, name, replication), words(5, &more, name, replication));
            }
        }
    }

    #[test]
    fn more_words_in_the_same_block_change_nothing() {
        let mut short = purposes(&["power"]);
        short[0].words = 3;
        let mut long = Marks::new(5, &purposes(&["power"])).unwrap();
        let mut marks = Marks::new(5, &short).unwrap();
        for occurrence in 0..20 {
            assert_eq!(marks.word(0, occurrence, 2), long.word(0, occurrence, 2));
        }
    }

    #[test]
    fn order_of_replications_and_of_reading_does_not_matter() {
        let all = purposes(&["a", "b"]);
        let forward: Vec<_> = (0..9).map(|r| words(1, &all, "b", r)).collect();
        let mut marks = Marks::new(1, &all).unwrap();
        for replication in (0..9).rev() {
            marks.begin(replication);
            let mut twin = marks.clone();
            for i in (0..40).rev() {
                let expected = forward[replication as usize][i];
                assert_eq!(marks.word(1, i as u64 / 8, i as u32 % 8), expected);
                assert_eq!(twin.word(1, i as u64 / 8, i as u32 % 8), expected);
                marks.word(0, 1000 - i as u64, 0);
            }
        }
    }

    #[test]
    fn a_new_replication_forgets_the_words_of_the_last() {
        let mut marks = Marks::new(1, &purposes(&["a"])).unwrap();
        let first = marks.word(0, 0, 0);
        marks.begin(1);
        assert_ne!(marks.word(0, 0, 0), first);
        marks.begin(0);
        assert_eq!(marks.word(0, 0, 0), first);
    }

    #[test]
    fn equal_names_are_refused() {
        let clash = Marks::new(1, &purposes(&["a", "b", "a"])).unwrap_err();
        assert_eq!(clash, PurposeClash { first: "a".into(), second: "a".into() });
        assert!(clash.to_string().contains("\"a\""));
    }

    #[test]
    #[should_panic(expected = "word 8 of an occurrence with 8 words")]
    fn undeclared_words_are_refused() {
        Marks::new(1, &purposes(&["a"])).unwrap().word(0, 0, 8);
    }
}
