use super::fixture::{HOSTILE, entry, hostile, with_baseline};
use super::*;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const PLAIN: Style = Style { colour: false };

/// The text as it was agreed on.
#[expect(clippy::disallowed_methods, reason = "a switch for developers, not for results")]
fn agreed(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/check/golden").join(name);
    if std::env::var_os("ZONEFALL_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap();
    assert!(
        text == wanted,
        "{} has another text; ZONEFALL_BLESS=1 cargo test puts this in:\n{text}",
        path.display()
    );
}

/// Whether XML is as the schema wants it.
#[expect(clippy::disallowed_methods, reason = "a switch for developers, not for results")]
fn validate(xml: &str) {
    if std::env::var_os("ZONEFALL_NO_XMLLINT").is_some() {
        return;
    }
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/junit.xsd");
    let mut lint = Command::new("xmllint");
    let lint = lint.args(["--noout", "--nonet", "--schema"]).arg(schema).arg("-");
    let lint = lint.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut lint = lint.expect("xmllint (Debian: libxml2-utils), or ZONEFALL_NO_XMLLINT=1 to go without");
    lint.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
    let said = lint.wait_with_output().unwrap();
    assert!(said.status.success(), "{}\n{xml}", String::from_utf8_lossy(&said.stderr));
}

/// All formats of some entries.
fn all(entries: &[Entry], strict: bool) -> [(&'static str, String); 5] {
    [
        ("human.txt", human(entries, strict, PLAIN)),
        ("github.txt", github(entries, strict, PLAIN)),
        ("junit.xml", junit(entries, strict)),
        ("markdown.md", markdown(entries, strict)),
        ("json.json", json(entries, strict)),
    ]
}

#[test]
fn every_format_says_what_was_agreed_on() {
    let entries = [entry("plain.toml"), with_baseline("scenarios/orders.toml")];
    for (name, text) in all(&entries, false) {
        agreed(name, &text);
    }
    validate(&junit(&entries, false));
}

#[test]
fn lines_for_people_fit() {
    let text = human(&[with_baseline("orders.toml"), entry("b.toml")], true, PLAIN);
    for line in text.lines().filter(|l| !l.contains("zonefall run")) {
        assert!(line.chars().count() <= 100 && line.trim_end() == line, "{line}");
    }
    let coloured = human(&[entry("orders.toml")], false, Style { colour: true });
    assert!(coloured.contains("\x1b[31mbroken\x1b[0m") && coloured.contains("\x1b[1;31mFAILED\x1b[0m"));
}

#[test]
fn what_is_undecided_fails_on_request() {
    let mut entry = entry("orders.toml");
    entry.checked.judged.remove(1);
    entry.replays.remove(1);
    let entries = [entry];
    let [lenient, strict] = [false, true].map(|strict| all(&entries, strict).map(|(_, text)| text));
    assert!(
        lenient[0].contains("\npassed: 2 promises undecided and 1 met") && strict[0].contains("\nFAILED: ")
    );
    assert_eq!((lenient[1].matches("::warning ").count(), lenient[1].matches("::error ").count()), (2, 0));
    assert_eq!((strict[1].matches("::warning ").count(), strict[1].matches("::error ").count()), (0, 2));
    assert!(lenient[2].contains("failures=\"0\" errors=\"0\" skipped=\"2\""));
    assert!(strict[2].contains("failures=\"2\" errors=\"0\" skipped=\"0\""));
    assert!(lenient[4].contains("\"passed\": true") && strict[4].contains("\"passed\": false"));
    strict[2].lines().chain(lenient[2].lines()).for_each(|line| assert!(!line.ends_with(' ')));
    [&lenient[2], &strict[2]].into_iter().for_each(|xml| validate(xml));
}

#[test]
fn nothing_that_was_read_steers_what_reads_it() {
    let entries = [hostile()];
    let [human, github, junit, markdown, json] = all(&entries, false).map(|(_, text)| text);
    let steers = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    assert!(!human.contains(steers), "{human:?}");
    validate(&junit);
    // Nothing but the annotations themselves is a command, and no property ends early.
    let commands: Vec<&str> = github.lines().filter(|l| l.trim_start().starts_with("::")).collect();
    assert_eq!(commands.len(), 6, "{commands:#?}");
    assert!(commands.iter().all(|l| l.matches(",title=").count() == 1 + l.matches("%250A,title=").count()));
    assert!(!github.contains("##["), "{github}");
    // Commands stand as they are, between fences.
    for line in markdown.lines().filter(|l| !l.starts_with("zonefall run ")) {
        assert!(!["<b>", "[31m<", "'|`"].iter().any(|raw| line.contains(raw)), "{line}");
    }
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["checks"][0]["file"], HOSTILE);
}

#[test]
fn the_host_shows_ten_annotations_of_a_kind() {
    let mut entry = entry("orders.toml");
    let broken = entry.checked.judged[1].clone();
    entry.checked.judged = vec![broken; 14];
    let text = github(&[entry], false, PLAIN);
    assert_eq!(text.matches("\n::error ").count() + 1, 10);
    assert!(text.contains("title=5 more::all of them"), "{text}");
}

#[test]
fn what_has_no_bound_is_null() {
    let mut entry = entry("orders.toml");
    entry.checked.judged[1].low = Some(f64::NEG_INFINITY);
    let read: serde_json::Value = serde_json::from_str(&json(&[entry], false)).unwrap();
    let promises = &read["checks"][0]["promises"];
    assert!(
        promises[1]["low"].is_null() && promises[2]["estimate"].is_null() && promises[2]["line"].is_null()
    );
}
