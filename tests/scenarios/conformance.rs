//! One test for each documented rule: its promises hold, documents differ only where it is known, and
//! docs/conformance.md says what is simulated.
//!
//! `ZONEFALL_BLESS=1 cargo test --test scenarios` writes the page anew; read the difference before you commit it.

use crate::page::{self, Section};
use crate::rules::{rule, rules};
use crate::support::{names, read, text};
use std::path::PathBuf;

/// What simulation says of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Every promise and every statement agrees.
    Holds,
    /// Our promises hold; a document says something else somewhere.
    DocumentsDiffer,
    /// Nothing shows it yet.
    NotSimulated,
}

impl Verdict {
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::DocumentsDiffer => "documents differ",
            Verdict::NotSimulated => "not simulated yet",
        }
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/conformance.md")
}

#[expect(clippy::disallowed_methods, reason = "a switch for people, not an input of results")]
fn blessing() -> bool {
    std::env::var_os("ZONEFALL_BLESS").is_some()
}

/// Fails if a promise or a claim of ours is broken, if a document differs without a reason given (or agrees with
/// one), or if the page says something else.
fn check(id: &str) {
    let section = Section::of(rule(id));
    assert!(section.problems.is_empty(), "{id}:\n{}", section.problems.join("\n"));
    let shown = std::fs::read_to_string(path()).unwrap_or_default();
    let pending = rules().pending.iter().any(|p| p == id);
    assert_eq!(
        section.verdict == Verdict::NotSimulated,
        pending,
        "`pending` in rules.toml is wrong about {id}"
    );
    assert!(
        blessing() || shown.contains(section.text.trim_end()),
        "docs/conformance.md does not say of {id} what is simulated (to write it anew, see CONTRIBUTING.md):\n{}",
        section.text
    );
}

macro_rules! rules {
    ($($id:ident)*) => {
        $(#[test]
        fn $id() {
            check(stringify!($id));
        })*

        /// The rules of the tests above.
        const TESTED: &[&str] = &[$(stringify!($id)),*];
    };
}

rules! {
    c01 c02 c03 c04 c05 c06 c07 c08 c09 c10 c11 c12 c13 c14 c15 c16 c17 c18 c19 c20 c21 c22 c23 c24 c25 c26 c27 c28
    c29 c30 c31 c32 c33 c34 c35 c36 c37
    i01 i02 i03 i04 i05 i06 i07 i08 i09 i10 x01 x02 x03
}

#[test]
fn every_rule_has_its_test_and_every_tag_its_rule() {
    let rules = rules();
    let ids: Vec<&str> = rules.rule.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, TESTED);
    for name in names() {
        for expect in read(&text(&name), &[]).expects {
            for id in expect.rules {
                assert!(ids.contains(&id.as_str()), "{name} shows an unknown rule {id}");
            }
        }
    }
}

#[test]
fn the_page_is_what_is_simulated() {
    let page = page::page();
    if blessing() {
        std::fs::write(path(), page).unwrap();
    } else {
        let shown = std::fs::read_to_string(path()).unwrap_or_default();
        let lines = shown.lines().zip(page.lines()).enumerate().find(|(_, (a, b))| a != b);
        assert!(shown == page, "docs/conformance.md is out of date (see CONTRIBUTING.md): {lines:#?}");
    }
}
