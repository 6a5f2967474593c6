//! What the two files say, without a browser.

use super::{HOSTILE, hostile, plain, run};
use std::fs;
use std::path::Path;

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The cells of the rows of a Markdown table below a caption.
fn table<'a>(page: &'a str, caption: &str) -> Vec<Vec<&'a str>> {
    let at = page.find(&format!("\n{caption}\n")).unwrap_or_else(|| panic!("no table {caption}"));
    let lines = page[at..].lines().skip_while(|l| !l.starts_with('|')).take_while(|l| l.starts_with('|'));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// Estimate and bounds of a figure in summary.csv.
fn figure(csv: &str, variant: &str, metric: &str) -> [Option<f64>; 3] {
    let start = format!("{variant},orders,{metric},");
    let line = csv.lines().find(|l| l.starts_with(&start)).unwrap_or_else(|| panic!("no {start}"));
    let fields: Vec<&str> = line.split(',').collect();
    [4, 5, 6].map(|i| fields[i].parse().ok())
}

/// A number as the page writes it.
fn number(text: &str) -> f64 {
    text.replace([' ', '\u{a0}'], "").parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

#[test]
fn the_page_says_what_the_files_say() {
    let (page, csv) = (read(plain(), "report.md"), read(plain(), "summary.csv"));
    let rows = table(&page, "orders: what each variant gives");
    assert_eq!(rows.len(), 2 + 3);
    for row in &rows[2..] {
        let variant = row[0];
        let [x, ..] = figure(&csv, variant, "availability.write");
        let shown = number(row[2].trim_end_matches(" %")) / 100.0;
        let lack = 1.0 - x.unwrap();
        assert!((shown - x.unwrap()).abs() <= 0.06 * lack, "{variant}: {shown} for {x:?}");
        let [x, low, high] = figure(&csv, variant, "failed_minutes_per_year.write");
        let (mean, half) = row[4].split_once(" ± ").expect("an interval");
        let decimals = half.rsplit_once('.').map_or(0, |(_, digits)| digits.len());
        let step: f64 = format!("1e-{decimals}").parse().unwrap();
        assert!((number(mean) - x.unwrap()).abs() <= 0.501 * step, "{variant}: {mean} for {x:?}");
        let widest = (high.unwrap() - x.unwrap()).max(x.unwrap() - low.unwrap());
        assert!((number(half) - widest).abs() <= 0.501 * step, "{variant}: {half} for {widest}");
    }
    // The same cells are in the HTML.
    let html = read(plain(), "report.html").replace('\u{a0}', " ");
    let cells: Vec<&str> = rows[2..].iter().flat_map(|row| &row[1..10]).copied().collect();
    for cell in cells {
        let mark = |rest: &str| rest.strip_suffix(')').is_some_and(|m| m.len() == 1);
        let words = cell.rsplit_once(" (").filter(|(_, rest)| mark(rest)).map_or(cell, |(words, _)| words);
        assert!(html.contains(&format!(">{words}<")), "{words}");
    }
}

#[test]
fn undefined_is_a_dash_with_a_reason() {
    // One replication without faults: no outage, so no RTO, no takeover, so no RPO.
    let text = fs::read_to_string(plain().parent().unwrap().join("x.toml")).unwrap();
    let folder = run("calm", &text.replace("per_year = 6", "per_year = 0.000001"), &["--replications", "1"]);
    let page = read(&folder, "report.md");
    let rows = table(&page, "orders: what each variant gives");
    assert_eq!(rows[2][6..10], ["– (1)"; 4], "{page}");
    assert!(page.contains("(1) no event"), "{page}");
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn hostile_names_are_escaped() {
    let html = read(hostile(), "report.html");
    for part in ["<script>hacked", "<img", "<b>", "</svg><b>"] {
        assert!(!html.contains(part), "{part}");
    }
    let page = read(hostile(), "report.md");
    for line in page.lines().filter(|line| !line.contains("details>")) {
        assert!(!line.contains('<'), "{line}");
    }
    assert!(page.contains("=cmd()\\|\\`x\\`"), "{page}");
    assert!(
        page.contains(
            &HOSTILE[3]
                .replace('|', "\\|")
                .replace('*', "\\*")
                .replace('_', "\\_")
                .replace('[', "\\[")
                .replace(']', "\\]")
        )
    );
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let html = read(plain(), "report.html");
    for part in ["http:", "https:", "url(", "@import", "src=", "<link rel=\"stylesheet"] {
        let found = html.find(part).map(|at| &html[at..(at + 80).min(html.len())]);
        // Names of XML vocabularies are no addresses to load.
        assert!(found.is_none_or(|f| f.starts_with("http://www.w3.org/")), "{found:?}");
    }
    assert!(html.contains("default-src 'none'"));
}

/// Every element that is opened is closed, in order.
#[test]
fn the_html_is_well_formed() {
    for folder in [plain(), hostile()] {
        let html = read(folder, "report.html");
        let mut open: Vec<&str> = Vec::new();
        let mut rest = html.as_str();
        while let Some(at) = rest.find('<') {
            let end = at + rest[at..].find('>').expect("a tag ends");
            let tag = &rest[at + 1..end];
            rest = &rest[end + 1..];
            let name = tag.split_whitespace().next().unwrap_or_default().trim_end_matches('/');
            match name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "closed: {tag}"),
                None if tag.starts_with('!') || tag.ends_with('/') => {}
                None if ["meta", "link", "input", "br", "hr"].contains(&name) => {}
                None => open.push(name),
            }
            if name == "script" || name == "style" {
                rest = &rest[rest.find("</").expect("it is closed")..];
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn many_variants_stay_readable_and_bounded() {
    let text = fs::read_to_string(plain().parent().unwrap().join("x.toml")).unwrap();
    let more: String = (0..200)
        .map(|i| {
            format!("[variant.v{i}-with-a-name-that-takes-room]\n\"store.orders.partitions\" = {}\n", i + 1)
        })
        .collect();
    let folder = run("many", &format!("{text}{more}"), &["--replications", "2", "--rows", "none"]);
    let page = read(&folder, "report.md");
    assert!(page.len() <= 64_000, "{}", page.len());
    assert!(page.contains("## Where this comes from") && page.contains("it is in report.html"), "{page}");
    let html = read(&folder, "report.html");
    assert!(html.len() < 3_000_000, "{}", html.len());
    assert!(html.contains("v199-with-a-name"));
}
