//! Changes of a scenario's text that keep most of its sense: tokens are swapped, left out, doubled or made extreme. Shared by
//! the tests and the fuzzer.

/// Numbers at the edges of what numbers can be.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "16",
    "17",
    "1000",
    "1000000",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e308",
    "1e-308",
    "-0.0",
    "nan",
    "inf",
    "-inf",
    "0.5",
    "0.999999999",
];

/// Durations and sizes.
const QUANTITIES: &[&str] = &[
    "0s",
    "1ns",
    "1s",
    "7m",
    "36h",
    "30d",
    "1y",
    "200y",
    "584y",
    "never",
    "none",
    "0B",
    "1B",
    "9TB",
    "9000000TB",
    "unlimited",
];

/// Words that mean something somewhere, and one that means mischief.
const WORDS: &[&str] = &[
    "multi-region",
    "single-region",
    "strong",
    "bounded-staleness",
    "eventual",
    "majority",
    "synchronous",
    "manual",
    "destroy",
    "partial",
    "corrupt",
    "isolate",
    "lag",
    "degrade",
    "maintenance",
    "region:*",
    "node:*",
    "zone:*",
    "store:*",
    "store:*/*",
    "link:*",
    "",
    "\\u0000\\u001b[31m\\u202e",
];

/// Anything else.
const EXTREMES: &[&str] = &[
    "true",
    "[]",
    "{}",
    "{ law = \"exponential\", mean = \"1ns\" }",
    "{ law = \"pareto\", shape = 0.05, scale = \"1h\" }",
    "{ law = \"weibull\", shape = 0.05, mean = \"1h\" }",
    "{ law = \"lognormal\", median = \"100y\", sigma = 10 }",
    "{ law = \"empirical\", file = \"data.csv\" }",
    "1979-05-27T07:32:00Z",
];

/// A stream of numbers made of one (SplitMix64).
pub struct Numbers(pub u64);

impl Numbers {
    /// The next number below `n`; 0 if that is 0.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as usize % n.max(1)
    }
}

/// Words, quoted texts, line breaks, runs of blanks and single signs, which together are the text.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || "_-.+".contains(c);
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => rest[1..].find(['"', '\n']).map_or(rest.len(), |end| end + 2),
            ' ' => rest.find(|c| c != ' ').unwrap_or(rest.len()),
            c if word(c) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length.min(rest.len()));
        found.push(token);
        rest = after;
    }
    found
}

/// The positions of values: what stands behind an equals sign, but for the keys of inline tables.
fn values(tokens: &[String]) -> Vec<usize> {
    let mut behind = false;
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let is_value = token.starts_with(|c: char| c == '"' || c.is_ascii_alphanumeric());
        match token.as_str() {
            "=" => behind = true,
            "\n" => behind = false,
            _ if behind && is_value && !tokens[i + 1..].iter().take(2).any(|t| t == "=") => found.push(i),
            _ => {}
        }
    }
    found
}

/// Something of the same kind at the edge of what is allowed, or beyond.
fn extreme(token: &str, numbers: &mut Numbers) -> String {
    let mut of = |list: &[&str]| list[numbers.below(list.len())].to_string();
    let Some(text) = token.strip_prefix('"') else { return of(NUMBERS) };
    let list = if text.starts_with(|c: char| c.is_ascii_digit()) { QUANTITIES } else { WORDS };
    format!("\"{}\"", of(list))
}

/// The text after `rounds` changes.
pub fn mutate(text: &str, numbers: &mut Numbers, rounds: usize) -> String {
    let mut tokens: Vec<String> = tokens(text).into_iter().map(String::from).collect();
    for _ in 0..rounds {
        let values = values(&tokens);
        if values.is_empty() {
            break;
        }
        let at = values[numbers.below(values.len())];
        let other = values[numbers.below(values.len())];
        match numbers.below(16) {
            0 => tokens.swap(at, other),
            1 => tokens[at] = tokens[other].clone(),
            2 => drop(tokens.remove(at)),
            3 => line(&mut tokens, at, other),
            4 => {
                let any = numbers.below(tokens.len());
                drop(tokens.remove(any));
            }
            5 => tokens[at] = EXTREMES[numbers.below(EXTREMES.len())].into(),
            6..=10 => number(&mut tokens[at], numbers),
            _ => tokens[at] = extreme(&tokens[at], numbers),
        }
    }
    tokens.concat()
}

/// Puts the line around one token behind the line around another.
fn line(tokens: &mut Vec<String>, from: usize, to: usize) {
    let is_end = |t: &String| t == "\n";
    let start = tokens[..from].iter().rposition(is_end).map_or(0, |i| i + 1);
    let end = tokens[from..].iter().position(is_end).map_or(tokens.len(), |i| from + i + 1);
    let copy: Vec<String> = tokens[start..end].to_vec();
    let place = tokens[to..].iter().position(is_end).map_or(tokens.len(), |i| to + i + 1);
    tokens.splice(place..place, copy);
}

/// Changes a digit of a token, or adds one.
fn number(token: &mut String, numbers: &mut Numbers) {
    let digits: Vec<usize> =
        token.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(i, _)| i).collect();
    let Some(&at) = digits.get(numbers.below(digits.len())) else { return };
    let digit = char::from(b'0' + numbers.below(10) as u8);
    match numbers.below(4) {
        0 => token.insert(at, digit),
        1 | 2 => token.replace_range(at..=at, &digit.to_string()),
        _ => token.insert_str(at, "000000"),
    }
}
