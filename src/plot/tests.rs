//! Every drawing of made-up studies: well-formed, escaped, the same twice, nothing cut off, no text on another.

use super::scene::{Area, Shape};
use super::*;
use crate::experiment::fixture;
use crate::experiment::sweep::{Axis, Coordinate};
use crate::experiment::worst::Timeline;
use crate::experiment::{About, Metric, Outcome, VariantOutcome};
use crate::sim::observe::{Series, Span, Track};
use crate::units::{Duration, Time};

/// A made-up year: a region is lost, writes fail until another takes over, some are missing until they come back.
fn timeline(name: &str) -> Timeline {
    let at = |secs: u64| Time::ZERO + Duration::from_secs(1_000_000 + secs);
    let span = |from, to, state: &str, detail: &str| Span {
        from: at(from),
        to: at(to),
        state: state.into(),
        detail: detail.into(),
    };
    let track = |object: &str, what, spans| Track { object: object.into(), what, spans };
    let mut tracks = vec![
        track("region:west", "fault", vec![span(0, 9000, "down", "region-lost #0")]),
        track(
            &format!("store:{name}"),
            "write-region",
            vec![span(0, 400, "west", ""), span(400, 90_000, "north", "")],
        ),
        track(
            &format!("store:{name}"),
            "write",
            vec![span(1, 60, "detect", ""), span(60, 61, "decide", ""), span(61, 400, "promote", "")],
        ),
        track("block:quorum", "block", vec![span(1, 400, "down", "")]),
    ];
    tracks.extend(
        (0..20).map(|i| track(&format!("node:west/1/{i}"), "fault", vec![span(10 * i, 5000, "destroy", "")])),
    );
    let series = |what, unit| Series {
        object: format!("store:{name}"),
        what,
        unit,
        points: vec![(at(1), 0), (at(1), 1_000_000), (at(400), 500), (at(9500), 0)],
    };
    Timeline {
        variant: name.into(),
        replication: 7,
        replay: String::new(),
        horizon: Duration::YEAR,
        entries: vec![],
        tracks,
        series: vec![
            series("failing-write", "ppm"),
            series("missing", "writes"),
            series("backlog", "writes"),
        ],
    }
}

fn study(outcome: Outcome) -> Study {
    Study {
        about: About::default(),
        outcome,
        promises: vec![],
        comparison: None,
        what_if: vec![],
        timelines: vec![timeline("orders")],
    }
}

/// Variants whose figures are those of the first, the second with other names.
fn variants(n: u64, names: &[&str]) -> Study {
    let mut outcome = fixture::outcome(n);
    let first = outcome.variants[0].clone();
    outcome.variants =
        names.iter().map(|name| VariantOutcome { name: name.to_string(), ..first.clone() }).collect();
    for (i, variant) in outcome.variants.iter_mut().enumerate() {
        for metric in variant.metrics.iter_mut().filter(|m| m.unit == "fraction" || m.unit == "minutes/year")
        {
            let factor = 1.0 / (1.0 + i as f64);
            for x in [&mut metric.estimate, &mut metric.low, &mut metric.high] {
                *x = x.map(|x| x * factor);
            }
        }
        let price = Metric {
            id: "price_factor".into(),
            subject: "orders".into(),
            unit: "factor",
            note: String::new(),
            n: 0,
            estimate: Some(1.0 + 0.25 * (i % 9) as f64),
            low: None,
            high: None,
        };
        variant.metrics.push(price);
    }
    study(outcome)
}

/// Four intervals times two modes.
fn sweep() -> Study {
    let coordinate = |path: &str, label: &str, value| Coordinate {
        path: path.into(),
        label: label.into(),
        value,
        unit: if value.is_some() { "seconds" } else { "" },
    };
    let intervals: Vec<Coordinate> = [1, 2, 8, 24]
        .iter()
        .map(|h| coordinate("a.interval", &format!("{h}h"), Some(3600.0 * f64::from(*h))))
        .collect();
    let modes: Vec<Coordinate> =
        ["session", EVIL].iter().map(|word| coordinate("a.mode", word, None)).collect();
    let names: Vec<String> = (0..8).map(|i| format!("point {i}")).collect();
    let mut study = variants(48, &names.iter().map(String::as_str).collect::<Vec<_>>());
    for (i, variant) in study.outcome.variants.iter_mut().enumerate() {
        variant.point = vec![intervals[i % 4].clone(), modes[i / 4].clone()];
    }
    let axis =
        |path: &str, label: &str, unit, values| Axis { path: path.into(), label: label.into(), unit, values };
    study.outcome.axes =
        vec![axis("a.interval", "interval", "seconds", intervals), axis("a.mode", "mode", "", modes)];
    study
}

const EVIL: &str =
    "<script>alert(1)</script>&\"'=\u{1}\u{202e}日本語 and a name that is far too long to fit anywhere";

/// Studies of every shape that could break a drawing.
fn studies() -> Vec<(&'static str, Study)> {
    let many: Vec<String> = (0..25).map(|i| format!("variant with a rather long name number {i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut undefined = variants(12, &["a", "b"]);
    for metric in undefined.outcome.variants.iter_mut().flat_map(|v| &mut v.metrics) {
        (metric.estimate, metric.low, metric.high) = (None, None, None);
    }
    let mut blocks = variants(12, &["a", "b"]);
    for variant in &mut blocks.outcome.variants {
        variant.metrics.retain(|m| m.subject != "orders");
        variant.attribution.retain(|r| r.kind == "block");
        variant.distributions.retain(|d| d.subject != "orders");
    }
    let mut quiet = variants(12, &["a", "b"]);
    quiet.timelines = vec![];
    let mut evil = variants(12, &[EVIL, "b"]);
    evil.outcome.scenario = EVIL.into();
    evil.timelines = vec![timeline(EVIL)];
    for variant in &mut evil.outcome.variants {
        variant.metrics.iter_mut().filter(|m| m.subject == "orders").for_each(|m| m.subject = EVIL.into());
        for row in &mut variant.attribution {
            (row.subject, row.cause) = (EVIL.into(), EVIL.into());
        }
        variant.distributions.iter_mut().for_each(|d| d.subject = EVIL.into());
    }
    vec![
        ("one variant", variants(12, &["base"])),
        ("some variants", variants(48, &["T1", "T2", "T3", "T4", "T5"])),
        ("many variants", variants(48, &many)),
        ("nothing happened", variants(0, &["base"])),
        ("one replication", variants(1, &["base", "other"])),
        ("undefined", undefined),
        ("blocks only", blocks),
        ("no timeline", quiet),
        ("sweep", sweep()),
        ("evil names", evil),
    ]
}

/// Checks that elements nest and attributes are quoted; gives the texts between them.
fn well_formed(svg: &str) -> Vec<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut texts = Vec::new();
    let mut rest = svg;
    while let Some(at) = rest.find('<') {
        let text = &rest[..at];
        assert!(!text.contains('>'), "a stray > in {text}");
        for (i, _) in text.match_indices('&') {
            let known = ["&lt;", "&gt;", "&amp;", "&quot;", "&apos;"];
            assert!(known.iter().any(|entity| text[i..].starts_with(entity)), "{text}");
        }
        texts.push(text.trim().to_string());
        let end = rest[at..].find('>').expect("every tag ends") + at;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).expect("a name");
        match tag {
            t if t.starts_with('/') => assert_eq!(open.pop(), Some(name)),
            t => {
                let quotes = t.matches('"').count();
                assert!(quotes % 2 == 0 && quotes / 2 == t.matches("=\"").count(), "{t}");
                if !t.ends_with('/') {
                    open.push(name);
                }
            }
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} are open");
    texts
}

#[test]
fn every_drawing_of_every_study() {
    for (what, study) in studies() {
        let drawings = svg(&study);
        assert_eq!(drawings, svg(&study), "{what}");
        for drawing in &drawings {
            let what = format!("{what}: {}", drawing.name);
            well_formed(&drawing.svg);
            for word in ["<script", "href", "url(", "@import", "\u{1}"] {
                assert!(!drawing.svg.contains(word), "{what}: {word}");
            }
            for part in ["role=\"img\"", "viewBox=", &format!("id=\"plot-{}-title\"", drawing.name)] {
                assert!(drawing.svg.contains(part), "{what}: {part}");
            }
            for word in ["NaN", "inf", "Infinity"] {
                assert!(!drawing.svg.contains(word), "{what}: {word}");
            }
            assert!(!drawing.title.is_empty() && drawing.alt.ends_with('.'), "{what}");
            assert!(drawing.title.starts_with(|c: char| !c.is_whitespace()), "{what}");
            inside(&what, &drawing.scene);
        }
    }
}

/// Every shape is on the sheet, and no text lies on another.
fn inside(what: &str, scene: &Scene) {
    let sheet = Area { left: 0.0, top: 0.0, right: scene.width, bottom: scene.height };
    let mut texts: Vec<(Area, &str)> = Vec::new();
    let on =
        |&(x, y): &(f64, f64)| x >= sheet.left && x <= sheet.right && y >= sheet.top && y <= sheet.bottom;
    for shape in &scene.shapes {
        match shape {
            Shape::Line { points, .. } | Shape::Fill { points, .. } => {
                assert!(points.iter().all(on), "{what}: {shape:?}")
            }
            Shape::Disc { at, .. } => assert!(on(at), "{what}: {shape:?}"),
            Shape::Text { at, text, of } => {
                let area = of.covers(text, *at);
                assert!(area.left >= 0.0 && area.right <= sheet.right, "{what}: {text:?} at {area:?}");
                assert!(area.top >= 0.0 && area.bottom <= sheet.bottom, "{what}: {text:?} at {area:?}");
                if let Some((_, other)) = texts.iter().find(|(other, _)| other.meets(&area)) {
                    panic!("{what}: {text:?} lies on {other:?}");
                }
                texts.push((area, text));
            }
        }
    }
}

#[test]
fn names_are_escaped_and_kept() {
    let (_, evil) = studies().pop().expect("the last one");
    let drawing = svg(&evil).into_iter().find(|d| d.name == "availability").expect("drawn");
    assert!(drawing.alt.contains(EVIL));
    assert!(drawing.svg.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&apos;= \u{202e}日本語"));
}

#[test]
fn pictures_are_the_same_twice() {
    let study = variants(12, &["T1", EVIL]);
    for drawing in svg(&study) {
        let png = drawing.png();
        assert_eq!(png, drawing.png());
        let mut reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().expect("a PNG file");
        let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
        let info = reader.next_frame(&mut pixels).expect("whole");
        assert_eq!((info.width, info.height), (1520, drawing.scene.height as u32 * 2));
        // Letters and signs are there: some ink on mostly white paper.
        let dark = pixels.iter().filter(|&&p| p < 100).count();
        assert!(dark > 5000 && dark < pixels.len() / 4, "{}: {dark}", drawing.name);
    }
}

#[test]
fn every_drawing_has_names_for_its_files() {
    for (_, study) in studies() {
        for (name, bytes) in crate::report::files::files(&study) {
            assert!(crate::report::files::NAMES.contains(&name) && !bytes.is_empty());
        }
    }
}

#[test]
fn colours_go_round() {
    use super::theme::{SERIES, coloured};
    assert_eq!(coloured(3), [Some(0), Some(1), Some(2)]);
    let many = coloured(25);
    assert_eq!((many[0], many[24]), (Some(0), Some(6)));
    assert_eq!(many.iter().flatten().count(), SERIES.len());
}

#[test]
fn what_there_is_to_draw_is_drawn() {
    let names = |study: &Study| svg(study).into_iter().map(|d| d.name).collect::<Vec<_>>();
    let all = studies();
    let of = |wanted: &str| names(&all.iter().find(|(what, _)| *what == wanted).expect("there").1);
    assert_eq!(of("some variants"), ["availability", "rto", "rpo", "price", "attribution", "timeline"]);
    assert_eq!(of("sweep").last(), Some(&"sweep"));
    assert_eq!(of("blocks only"), ["availability", "rto", "attribution", "timeline"]);
    assert_eq!(of("nothing happened"), ["timeline"]);
    assert_eq!(of("no timeline"), ["availability", "rto", "rpo", "price", "attribution"]);
}
