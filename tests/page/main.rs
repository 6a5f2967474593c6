//! The page for people: in a browser, and fact by fact.

mod browser;
mod facts;

use browser::Browser;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Texts that would do harm in HTML, Markdown or a spreadsheet.
pub const HOSTILE: [&str; 5] = [
    "<script>hacked=1</script>",
    "\"><img src=x onerror=hacked=1>",
    "=cmd()|`x`",
    "a|b*c_d[e](f)",
    "'--></style></svg><b>&amp;",
];

/// A scenario with these as its title, its question, its description and its comments: all that can hold any text.
fn scenario(texts: &[&str; 5]) -> String {
    let quoted = |text: &str| format!("\"\"\"{}\"\"\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    format!(
        "# {about}\n# Answer: {about}\n\n[scenario]\nname = {title}\nquestion = {question}\ndescription = {words}\n\
         horizon = \"90d\"\nreplications = 200\n\
         [[region]]\nname = \"west\"\nzones = 3\nnodes_per_zone = 4\n\
         [[region]]\nname = \"north\"\nzones = 3\nnodes_per_zone = 4\n\
         [store.orders]\npreset = \"cosmos-db\"\nfailover = {{ mode = \"service-managed\" }}\n\
         regions = [{{ name = \"west\", zones = \"unzoned\" }}, {{ name = \"north\", zones = \"unzoned\" }}]\n\
         [store.orders.workload]\nwrites_per_second = 100\nreads_per_second = 500\nclients = {{ west = 1.0 }}\n\
         [fault.region]\ntarget = \"region:*\"\nper_year = 6 # assumption {about}\n\
         duration = {{ law = \"lognormal\", median = \"3h\", p95 = \"12h\" }} # {about}\n\
         [variant.strong]\n\"store.orders.consistency\" = \"strong\"\n\
         [variant.zones]\n\"store.orders.regions[north].zones\" = \"zone-redundant\"\n\
         [[expect]]\nmetric = \"orders/rpo_seconds.max\"\nis = \"== 0\"\n",
        title = quoted(texts[0]),
        question = quoted(texts[1]),
        words = quoted(&format!("{} {}", texts[2], texts[3])),
        about = texts[4],
    )
}

/// The folder with the files of a run.
pub fn run(name: &str, text: &str, more: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("page-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("x.toml"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonefall"));
    command.current_dir(&folder).args(["run", "x.toml", "-q", "--out", "out"]).args(more);
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output().expect("the command starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.join("out")
}

/// Files of a scenario with harmless names, made once.
pub fn plain() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        run(
            "plain",
            &scenario(&["Orders", "Which level?", "Two regions.", "One writes.", "known"]),
            &["--rows", "none"],
        )
    })
}

/// The same with hostile ones.
pub fn hostile() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| run("hostile", &scenario(&HOSTILE), &["--rows", "none"]))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|v| v.as_str().expect("a text")).collect()
}

#[test]
fn it_needs_nothing_else_and_complains_about_nothing() {
    let Some(browser) = Browser::start("alone") else { return };
    for folder in [plain(), hostile()] {
        browser.open(&folder.join("report.html"));
        let complaints = browser.log("browser");
        assert!(complaints.is_empty(), "{complaints:?}");
        let log = browser.log("performance");
        let messages = log.iter().filter_map(|entry| entry["message"].as_str());
        let events: Vec<Value> = messages.map(|text| serde_json::from_str(text).unwrap()).collect();
        let sent = events.iter().map(|event| &event["message"]);
        let requests: Vec<&str> = sent
            .filter(|message| message["method"] == "Network.requestWillBeSent")
            // An empty tab makes requests of its own.
            .filter(|message| {
                message["params"]["documentURL"].as_str().is_some_and(|url| url.starts_with("file:"))
            })
            .filter_map(|message| message["params"]["request"]["url"].as_str())
            .collect();
        assert!(requests.iter().any(|url| url.starts_with("file:")), "the log was not kept: {requests:?}");
        let elsewhere: Vec<_> = requests.iter().filter(|url| !is_here(url)).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
    }
}

fn is_here(url: &str) -> bool {
    url.starts_with("data:") || (url.starts_with("file:") && url.ends_with("/report.html"))
}

const FIRST_COLUMN: &str = "return [...document.querySelectorAll('#figures tbody tr:not([hidden])')].map(r => r.cells[0].textContent)";

#[test]
fn columns_sort_by_mouse_and_by_keyboard() {
    let Some(browser) = Browser::start("sort") else { return };
    browser.open(&plain().join("report.html"));
    let order = || browser.script(FIRST_COLUMN);
    let sorted = || {
        browser.script("return document.querySelector('#figures th[aria-sort]')?.getAttribute('aria-sort')")
    };
    assert_eq!(texts(&order()), ["base", "strong", "zones"]);
    assert_eq!(sorted(), Value::Null);
    // Column 5: minutes a year in which writes fail. Strong consistency fails longest.
    let head = "#figures tr.columns th:nth-child(5) button";
    let minutes = "return [...document.querySelectorAll('#figures tbody tr')].map(r => Number(r.cells[4].dataset.sort))";
    browser.click(head);
    let up: Vec<f64> = serde_json::from_value(browser.script(minutes)).unwrap();
    assert!(up.is_sorted() && up[0] < up[2], "{up:?}");
    assert_eq!(sorted(), "ascending");
    assert_eq!(texts(&order())[2], "strong");
    browser.keys(head, "\u{e007}");
    assert_eq!(sorted(), "descending");
    assert_eq!(texts(&order())[0], "strong");
    // By words, and only one column is marked.
    browser.click("#figures tr.columns th:nth-child(1) button");
    assert_eq!(texts(&order()), ["base", "strong", "zones"]);
    assert_eq!(browser.script("return document.querySelectorAll('#figures th[aria-sort]').length"), 1);
    // Undefined values stay at the end, whichever way.
    browser.script(
        "const c = document.querySelector('#figures tbody tr').cells[4]; delete c.dataset.sort; c.textContent = '–'",
    );
    for _ in 0..2 {
        browser.click(head);
        assert_eq!(texts(&order())[2], "base");
    }
}

#[test]
fn variants_can_be_hidden() {
    let Some(browser) = Browser::start("hide") else { return };
    browser.open(&plain().join("report.html"));
    assert_eq!(texts(&browser.script(FIRST_COLUMN)), ["base", "strong", "zones"]);
    browser.click("#filter label:nth-of-type(2) input");
    assert_eq!(texts(&browser.script(FIRST_COLUMN)), ["base", "zones"]);
    browser.keys("#filter label:nth-of-type(1) input", " ");
    assert_eq!(texts(&browser.script(FIRST_COLUMN)), ["zones"]);
    browser.click("#filter label:nth-of-type(2) input");
    assert_eq!(texts(&browser.script(FIRST_COLUMN)), ["strong", "zones"]);
}

#[test]
fn names_are_words_and_nothing_else() {
    let Some(browser) = Browser::start("names") else { return };
    browser.open(&hostile().join("report.html"));
    assert_eq!(browser.script("return typeof hacked"), "undefined");
    assert_eq!(browser.script("return document.querySelectorAll('script').length"), 1);
    assert_eq!(browser.script("return document.querySelectorAll('img, b, iframe, object').length"), 0);
    assert_eq!(browser.script("return document.title"), HOSTILE[0]);
    let text = browser.script("return document.body.textContent");
    for name in HOSTILE {
        assert!(text.as_str().unwrap().contains(name), "{name} is not on the page as written");
    }
}

#[test]
fn it_fits_every_width() {
    let Some(browser) = Browser::start("width") else { return };
    for folder in [plain(), hostile()] {
        browser.open(&folder.join("report.html"));
        browser.script("document.querySelectorAll('details').forEach(d => d.open = true)");
        for width in [320, 360, 768, 1280] {
            browser.width(width);
            let wide = "return [...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, pre, .skip, nav') \
                        && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 120))";
            assert_eq!(browser.script("return innerWidth"), width);
            assert_eq!(browser.script("return document.documentElement.scrollWidth"), width);
            assert_eq!(browser.script(wide), json!([]), "{width}");
        }
    }
}

/// What is on the page is there without scripts, which only add buttons and the choice of variants.
#[test]
fn it_is_whole_without_javascript() {
    let Some(browser) = Browser::start("noscript") else { return };
    let text = "return document.querySelector('main').innerText.replace(/\\s+/g, ' ')";
    browser.open(&plain().join("report.html"));
    browser.script("document.getElementById('filter').hidden = true");
    browser.script("document.querySelectorAll('th button').forEach(b => b.replaceWith(...b.childNodes))");
    let with = browser.script(text);
    browser.tools("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.open(&plain().join("report.html"));
    assert_eq!(browser.script("return document.querySelectorAll('th button').length"), 0, "scripts ran");
    assert_eq!(browser.script("return document.getElementById('filter').checkVisibility()"), false);
    assert_eq!(browser.script(text), with);
    assert!(with.as_str().unwrap().len() > 2_000);
}

#[test]
fn structure_serves_those_who_do_not_see_it() {
    let Some(browser) = Browser::start("structure") else { return };
    browser.open(&plain().join("report.html"));
    let levels: Vec<i64> = serde_json::from_value(browser.script(
        "return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(h => Number(h.tagName[1]))",
    ))
    .unwrap();
    assert_eq!(levels.iter().filter(|l| **l == 1).count(), 1);
    assert!(levels[0] == 1 && levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    for (what, selector) in [
        ("a language", "html:not([lang])"),
        ("a caption", "table:not(:has(> caption))"),
        ("a scope", "th:not([scope])"),
        ("a name", ".scroll:not([aria-label])"),
        ("a title", "section:not([aria-labelledby])"),
        ("a caption", "figure:not(:has(> figcaption))"),
    ] {
        let count = browser.script(&format!("return document.querySelectorAll(`{selector}`).length"));
        assert_eq!(count, 0, "something lacks {what}: {selector}");
    }
    for landmark in ["header", "nav", "main", "footer"] {
        let count = browser.script(&format!("return document.querySelectorAll('body {landmark}').length"));
        assert_eq!(count, 1, "{landmark}");
    }
    let twice = "const ids = [...document.querySelectorAll('[id]')].map(e => e.id); \
                 return ids.filter((id, i) => ids.indexOf(id) !== i)";
    assert_eq!(browser.script(twice), json!([]));
    let dead =
        "return [...document.querySelectorAll('a')].filter(a => !document.querySelector(a.hash)).length";
    assert_eq!(browser.script(dead), 0);
}

/// Every text against what is behind it, by the formula of WCAG 2.
const CONTRAST: &str = r#"
const parse = c => c.match(/[\d.]+/g).map(Number);
const light = c => { const [r, g, b] = c.map(x => { x /= 255; return x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4 }); return .2126 * r + .7152 * g + .0722 * b };
const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c } return [255, 255, 255] };
document.querySelectorAll('details').forEach(d => d.open = true);
return [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('svg, script') && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .map(e => { const a = light(parse(getComputedStyle(e).color)), b = light(behind(e)); return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.tagName + '.' + e.className + ': ' + e.textContent.trim().slice(0, 40)] })
  .filter(x => x[0] < 4.5)"#;

#[test]
fn text_stands_out() {
    let Some(browser) = Browser::start("contrast") else { return };
    browser.open(&plain().join("report.html"));
    for scheme in ["light", "dark"] {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        browser.tools("Emulation.setEmulatedMedia", json!({ "features": features }));
        let paper = browser.script("return getComputedStyle(document.body).backgroundColor");
        assert_eq!(paper.as_str().unwrap().starts_with("rgb(2"), scheme == "light", "{scheme}: {paper}");
        assert_eq!(browser.script(CONTRAST), json!([]), "{scheme}");
    }
}
