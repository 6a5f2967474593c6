//! Random assets, and runbooks of people who restore them, start a store from nothing, drill and go back.

use super::generate::{Pick, Shape};
use std::fmt::Write as _;

/// Adds assets of two kinds and up to three runbooks about the loss of the first region.
pub fn add(text: &mut String, pick: &mut Pick, shape: &Shape) {
    let names = shape.names();
    if names.len() < 2 || pick.chance(40) {
        return;
    }
    let other = pick.of(&names[1..]);
    let effect = pick.of(&["down", "destroy", "isolate"]);
    let (day, lasts) = (pick.of(&["3d", "20d 7h"]), pick.of(&["10m", "5h", "3d", "20d"]));
    writeln!(
        text,
        "[fault.disaster]\ntarget = \"region:a\"\neffect = \"{effect}\"\nat = \"{day}\"\nevery = \"17d\""
    )
    .unwrap();
    writeln!(text, "duration = {{ law = \"exponential\", mean = \"{lasts}\" }}").unwrap();
    let (every, takes) = (pick.of(&["1h", "1d"]), pick.of(&["0s", "20m"]));
    writeln!(
        text,
        "[asset.x]\nregion = \"a\"\nsize = \"{}\"\nchanges_per_second = 2",
        pick.of(&["0B", "200GB"])
    )
    .unwrap();
    writeln!(
        text,
        "backup = {{ every = \"{every}\", takes = \"{takes}\", keep = 3, fails = 0.2, to = \"{other}\" }}"
    )
    .unwrap();
    if pick.chance(50) {
        text.push_str("restore = { notice = \"1h\", decide = \"2h\", bandwidth = \"50MB/s\" }\n");
    }
    writeln!(text, "[asset.y]\nregion = \"a\"\nchanges_per_second = 3\nsize = \"50GB\"").unwrap();
    writeln!(
        text,
        "sync = {{ to = \"{other}\", lag = \"15m\" }}\nbackup = {{ every = \"4h\", to = \"{other}\" }}"
    )
    .unwrap();
    let hours = pick.of(&["always", "office"]);
    writeln!(
        text,
        "[runbook.move]\non = {{ lost = \"a\" }}\nhours = \"{hours}\"\nrestore_bandwidth = \"100MB/s\""
    )
    .unwrap();
    writeln!(text, "notice = {}", pick.of(&["\"0s\"", "{ law = \"exponential\", mean = \"30m\" }"])).unwrap();
    let into = pick.of(names);
    step(text, pick, "look", "");
    step(text, pick, "x", &format!("restore = \"x\", in = \"{into}\""));
    match pick.below(3) {
        0 => step(text, pick, "y", &format!("restore = \"y\", in = \"{other}\"")),
        1 => step(text, pick, "y", "force-failover = \"y\""),
        _ => step(text, pick, "y", &format!("start-empty = \"y\", in = \"{other}\"")),
    }
    if !text.contains("multi-region") && pick.chance(50) {
        let place = shape.members.last().map_or(other, String::as_str);
        step(text, pick, "s", &format!("start-empty = \"s\", in = \"{place}\""));
    }
    if pick.chance(50) {
        text.push_str("[runbook.return]\non = { back = \"a\" }\nnotice = \"1h\"\n");
        text.push_str("[[runbook.return.step]]\nname = \"go back\"\ntakes = \"2h\"\ndo = { failover = \"x\", to = \"a\" }\n");
    }
}

fn step(text: &mut String, pick: &mut Pick, name: &str, does: &str) {
    writeln!(text, "[[runbook.move.step]]\nname = \"{name}\"\ntakes = \"{}\"", pick.of(&["0s", "1h", "9h"]))
        .unwrap();
    writeln!(text, "fails = {}\nretry = \"10m\"", pick.of(&[0.1, 0.5])).unwrap();
    if pick.chance(40) {
        text.push_str("after = []\n");
    }
    if !does.is_empty() {
        writeln!(text, "do = {{ {does} }}").unwrap();
    }
}
