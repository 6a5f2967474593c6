//! Random scenarios of two months, with stochastic faults of every effect on every kind of target.

use std::fmt::Write as _;

/// A small generator of its own: the scenarios never change with the program under test.
pub struct Pick(u64);

impl Pick {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// What the parts of one scenario have to know of each other.
pub struct Shape {
    regions: usize,
    level: &'static str,
    /// Whether every region takes writes, where that is possible.
    multi: bool,
    /// Day on which the last region is added to the store.
    added: Option<u64>,
    links: Vec<String>,
    /// Places of a leader-based store; empty: the store has regions.
    pub members: Vec<String>,
}

impl Shape {
    pub fn names(&self) -> &'static [&'static str] {
        &NAMES[..self.regions]
    }

    fn writes_everywhere(&self) -> bool {
        self.multi && self.regions > 1 && self.level != "strong"
    }
}

/// The scenario with this number.
pub fn scenario(case: u64) -> String {
    let pick = &mut Pick(case.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5DEE_CE66);
    pick.below(2);
    let regions = 1 + pick.below(4) as usize;
    let levels = ["bounded-staleness", "session", "consistent-prefix", "eventual", "strong"];
    let level = pick.of(&levels);
    let mut text =
        format!("[scenario]\nname = \"random {case}\"\nhorizon = \"60d\"\nreplications = 1\nseed = {case}\n");
    if pick.chance(20) {
        text += "warmup = \"5d\"\n";
    }
    for name in &NAMES[..regions] {
        writeln!(text, "[[region]]\nname = \"{name}\"\nzones = 3\nnodes_per_zone = 4").unwrap();
    }
    let added = (case % 3 == 2 && regions > 1 && pick.chance(50)).then(|| 1 + pick.below(40));
    let mut shape =
        Shape { regions, level, multi: case % 3 == 1, added, links: Vec::new(), members: Vec::new() };
    for (i, a) in shape.names().iter().enumerate() {
        for b in &shape.names()[i + 1..] {
            writeln!(text, "[[link]]\nbetween = [\"{a}\", \"{b}\"]\nrtt = \"20ms\"").unwrap();
            if pick.chance(30) {
                text += "bandwidth = \"50MB/s\"\n";
            }
            shape.links.push(format!("{a}-{b}"));
        }
    }
    if case % 4 == 3 {
        shape.added = None;
        members(&mut text, pick, &mut shape);
    } else {
        store(&mut text, pick, &shape);
    }
    if pick.chance(40) {
        backup(&mut text, pick, &shape);
    }
    workload(&mut text, pick, &shape);
    for i in 0..2 + pick.below(5) {
        fault(&mut text, pick, &shape, i);
    }
    for _ in 0..pick.below(5) {
        action(&mut text, pick, &shape);
    }
    if let (Some(day), Some(name)) = (shape.added, shape.names().last()) {
        let deed = format!("add-region = \"s\", region = \"{name}\", zones = \"zone-redundant\"");
        writeln!(text, "[[action]]\nat = \"{day}d\"\ndo = {{ {deed} }}").unwrap();
    }
    super::front::add(&mut text, pick, &shape);
    super::people::add(&mut text, pick, &shape);
    text
}

fn store(text: &mut String, pick: &mut Pick, shape: &Shape) {
    let mut places: Vec<String> = shape
        .names()
        .iter()
        .map(|name| match pick.of(&["zone-redundant", "unzoned", "spread_probability"]) {
            "spread_probability" => format!("{{ name = \"{name}\", spread_probability = 0.4 }}"),
            zones => format!("{{ name = \"{name}\", zones = \"{zones}\" }}"),
        })
        .collect();
    if shape.added.is_some() {
        places.pop();
    }
    writeln!(text, "[store.s]\nregions = [{}]\nconsistency = \"{}\"", places.join(", "), shape.level)
        .unwrap();
    if shape.level == "bounded-staleness" {
        let k = pick.of(&[1_000, 100_000]);
        writeln!(text, "max_lag_writes = {k}\nmax_lag_time = \"{}\"", pick.of(&["5m", "30m"])).unwrap();
    }
    let lag = pick.of(&["\"5s\"", "{ law = \"lognormal\", median = \"5s\", p95 = \"10m\" }"]);
    if shape.regions > 1 && shape.level != "strong" {
        writeln!(text, "lag = {lag}").unwrap();
    }
    writeln!(text, "replicas = 4\nwrite_quorum = 3\npartitions = {}", pick.of(&[1, 7, 100])).unwrap();
    writeln!(text, "reconfigure = \"{}\"", pick.of(&["0s", "30s", "never"])).unwrap();
    writeln!(
        text,
        "data_size = \"10GB\"\nrebuild = {{ bandwidth = \"{}\" }}",
        pick.of(&["1MB/s", "100MB/s"])
    )
    .unwrap();
    if pick.chance(50) {
        text.push_str("outage_threshold = 0.1\n");
    }
    if shape.regions > 1 {
        writeln!(text, "catch_up = {}", pick.of(&[10_000, 100_000])).unwrap();
        failover(text, pick, shape);
    }
    if pick.chance(30) {
        writeln!(text, "throughput = {}\nwrite_cost = 5.0", pick.of(&[6_000, 12_000])).unwrap();
    }
    if shape.regions > 1 {
        let merge = pick.of(&["\"never\"", "\"10m\"", "{ law = \"exponential\", mean = \"1d\" }"]);
        writeln!(text, "on_return = {{ merge_after = {merge}, superseded = {} }}", pick.of(&["0.0", "0.3"]))
            .unwrap();
    }
    if shape.writes_everywhere() {
        let policy = pick.of(&[
            "policy = \"last-writer-wins\"",
            "policy = \"merge\"",
            "policy = \"feed\", handler = \"never\"",
            "policy = \"feed\", handler = { every = \"6h\" }",
        ]);
        let capacity = pick.of(&["\"unlimited\"", "30", "300"]);
        let threshold = pick.of(&["0", "0.02", "0.5"]);
        let conflicts = format!("{policy}, capacity = {capacity}, threshold = {threshold}");
        writeln!(text, "writes = \"multi-region\"\nconflicts = {{ {conflicts} }}").unwrap();
    }
}

/// A leader-based store of any kind, its members in zones and regions.
fn members(text: &mut String, pick: &mut Pick, shape: &mut Shape) {
    let mut places = Vec::new();
    for name in shape.names() {
        match pick.chance(30) && shape.regions > 1 {
            true => places.push(name.to_string()),
            false => places.extend((1..=3).map(|z| format!("{name}/{z}"))),
        }
    }
    while places.len() > 2 && pick.chance(40) {
        places.remove(pick.below(places.len() as u64) as usize);
    }
    let replication = pick.of(&["asynchronous", "synchronous", "majority"]);
    let least = if replication == "synchronous" { 2 } else { 1 };
    let in_use = (1 + pick.below(places.len() as u64)).max(least);
    let quoted: Vec<String> = places.iter().map(|p| format!("\"{p}\"")).collect();
    writeln!(text, "[store.s]\nmembers = [{}]\nreplication = \"{replication}\"", quoted.join(", ")).unwrap();
    writeln!(text, "in_use = {in_use}\nreads = \"{}\"", pick.of(&["leader", "any"])).unwrap();
    match replication {
        "asynchronous" => {
            let lag = pick.of(&["\"5s\"", "{ law = \"lognormal\", median = \"5s\", p95 = \"10m\" }"]);
            writeln!(text, "lag = {lag}").unwrap();
            let cap = pick.of(&[
                "",
                "lag_cap = { bytes = \"16MB\" }\n",
                "lag_cap = { time = \"6s\", bytes = \"1GB\" }\n",
            ]);
            text.push_str(cap);
        }
        "synchronous" => {
            let alone = pick.of(&["block", "continue"]);
            writeln!(text, "evict = \"{}\"\nwithout_standby = \"{alone}\"", pick.of(&["0s", "30s"])).unwrap();
        }
        _ => {}
    }
    if pick.chance(60) {
        let after = pick.of(&["\"10m\"", "{ law = \"exponential\", mean = \"2h\" }", "\"0s\""]);
        writeln!(text, "replace = {after}").unwrap();
    }
    writeln!(text, "partitions = {}\ncatch_up = {}", pick.of(&[1, 7]), pick.of(&[10_000, 100_000])).unwrap();
    let bandwidth = pick.of(&["1MB/s", "100MB/s"]);
    writeln!(text, "data_size = \"10GB\"\nrebuild = {{ bandwidth = \"{bandwidth}\" }}").unwrap();
    if pick.chance(30) {
        writeln!(text, "replicas = 3\nreconfigure = \"30s\"").unwrap();
    }
    let mode = if replication == "majority" {
        "automatic"
    } else {
        pick.of(&["automatic", "none", "customer", "automatic"])
    };
    writeln!(
        text,
        "failover = {{ mode = \"{mode}\", detect = \"{}\", promote = \"{}\", redirect = \"{}\"{} }}",
        pick.of(&["0s", "90s"]),
        pick.of(&["0s", "1m", "30m"]),
        pick.of(&["0s", "30s"]),
        pick.of(&["", ", gray = 0.6", ", fence = \"none\""]),
    )
    .unwrap();
    let merge = pick.of(&["\"never\"", "\"10m\""]);
    writeln!(text, "on_return = {{ merge_after = {merge}, superseded = {} }}", pick.of(&["0.0", "0.3"]))
        .unwrap();
    shape.members = places;
}

fn failover(text: &mut String, pick: &mut Pick, shape: &Shape) {
    let modes = ["service-managed", "none", "customer", "service-managed", "per-partition"];
    // Partitions fail over by themselves with one write region only, and not at bounded staleness.
    let alone = !shape.writes_everywhere() && shape.level != "bounded-staleness";
    let mode = pick.of(&modes[..if alone { 5 } else { 4 }]);
    let gray = pick.of(&["", ", gray = 0.6", ", gray = 0.95"]);
    let decide = pick.of(&[
        "\"0s\"",
        "\"1h\"",
        "{ law = \"lognormal\", shift = \"10m\", median = \"20m\", p95 = \"1d\" }",
    ]);
    let fence = pick.of(&["lease", "lease", "none"]);
    writeln!(
        text,
        "failover = {{ mode = \"{mode}\", detect = \"{}\", decide = {decide}, promote = \"{}\", redirect = \"{}\", \
         fence = \"{fence}\"{gray} }}",
        pick.of(&["0s", "90s"]),
        pick.of(&["0s", "1m", "30m"]),
        pick.of(&["0s", "30s"]),
    )
    .unwrap();
}

fn backup(text: &mut String, pick: &mut Pick, shape: &Shape) {
    let time = |pick: &mut Pick| {
        pick.of(&["\"0s\"", "\"1h\"", "{ law = \"lognormal\", median = \"1h\", p95 = \"2d\" }"])
    };
    if pick.chance(50) {
        let (period, step) = (pick.of(&["100s", "1h"]), pick.of(&["1s", "7m"]));
        let retention = pick.of(&["2d", "7d", "30d"]);
        writeln!(
            text,
            "[store.s.backup]\nmode = \"continuous\"\nperiod = \"{period}\"\ngranularity = \"{step}\"\n\
             retention = \"{retention}\""
        )
        .unwrap();
    } else {
        let (interval, copies) = (pick.of(&["1h", "4h", "1d"]), 1 + pick.below(5));
        writeln!(text, "[store.s.backup]\nmode = \"periodic\"\ninterval = \"{interval}\"\ncopies = {copies}")
            .unwrap();
        writeln!(text, "fails = {}\nduration = \"50m\"", pick.of(&["0.0", "0.3"])).unwrap();
        writeln!(text, "skew = \"{}\"", pick.of(&["0s", "33m"])).unwrap();
        if pick.chance(60) {
            writeln!(text, "copy_to = \"{}\"", pick.of(shape.names())).unwrap();
        }
    }
    if pick.chance(50) {
        writeln!(text, "redundancy = \"{}\"", pick.of(&["zone", "local"])).unwrap();
    }
    let (notice, decide, request, copy) = (time(pick), time(pick), time(pick), time(pick));
    writeln!(
        text,
        "[store.s.restore]\nnotice = {notice}\ndecide = {decide}\nrequest = {request}\nper_tb = {copy}\n\
         unusable = {}\nreapply = {}\nwhile_restoring = \"{}\"",
        pick.of(&["0.0", "0.3"]),
        pick.of(&["0.0", "0.3", "1.0"]),
        pick.of(&["serve", "down"]),
    )
    .unwrap();
    if pick.chance(30) {
        let there = shape.regions - usize::from(shape.added.is_some());
        let place = match &shape.members[..] {
            [] => pick.of(&shape.names()[..there]),
            places => places[pick.below(places.len() as u64) as usize].as_str(),
        };
        writeln!(text, "into = \"{place}\"").unwrap();
    }
}

fn workload(text: &mut String, pick: &mut Pick, shape: &Shape) {
    let shares: &[&str] = match shape.regions {
        1 => &["1.0"],
        2 => &["0.6", "0.4"],
        3 => &["0.5", "0.3", "0.2"],
        _ => &["0.4", "0.3", "0.2", "0.1"],
    };
    text.push_str("[store.s.workload]\nwrites_per_second = 1_000\nreads_per_second = 3_000\n");
    if pick.chance(20) {
        text.push_str("profile = { weekly = [1, 1, 1, 1, 1, 0.5, 0.1] }\n");
    }
    if pick.chance(40) {
        let items = pick.of(&[1, 100, 100_000]);
        writeln!(text, "hot = {{ share = {}, items = {items} }}", pick.of(&["0.05", "0.5", "1"])).unwrap();
    }
    text.push_str("[store.s.workload.clients]\n");
    for (name, share) in shape.names().iter().zip(shares) {
        let redirect = pick.of(&["\"0s\"", "\"30s\"", "\"never\"", "{ by = \"service\", after = \"30s\" }"]);
        if !shape.members.is_empty() {
            writeln!(text, "{name} = {{ share = {share}, redirect = {redirect} }}").unwrap();
            continue;
        }
        let other = pick.of(shape.names());
        let routing = match pick.below(8) {
            0 => "\"all-regions\"".to_owned(),
            1 => "\"random-per-request\"".to_owned(),
            2 => "\"round-robin\"".to_owned(),
            3 => format!("{{ write = \"{name}\", read = \"{other}\" }}"),
            _ => "\"local\"".to_owned(),
        };
        let tokens = pick.of(&["none", "reads", "reads-and-writes"]);
        let there = if shape.writes_everywhere() && routing == "\"local\"" && pick.chance(30) {
            format!(", writes_to = [\"{}\"]", pick.of(shape.names()))
        } else {
            String::new()
        };
        let more = format!("routing = {routing}, tokens = \"{tokens}\"");
        writeln!(text, "{name} = {{ share = {share}, redirect = {redirect}, {more}{there} }}").unwrap();
    }
}

fn fault(text: &mut String, pick: &mut Pick, shape: &Shape, number: u64) {
    let name = pick.of(shape.names());
    let place = match pick.below(5) {
        0 => "node:*".to_owned(),
        1 => format!("node:{name}/1/*"),
        2 => format!("zone:{name}/{}", 1 + pick.below(3)),
        3 => "zone:*".to_owned(),
        _ => format!("region:{name}"),
    };
    let region = format!("region:{name}");
    let store = pick.of(&["store:s".to_owned(), format!("store:s/{name}")].each_ref()).clone();
    let part = if pick.chance(50) { &store } else { &region };
    let link = match &shape.links[..] {
        [] => region.clone(),
        links => format!("link:{}", pick.of(links.iter().map(String::as_str).collect::<Vec<_>>().as_slice())),
    };
    let share = pick.of(&["0.1", "0.5", "1.0"]);
    let (target, effect) = match pick.below(16) {
        0..3 => (&place, "effect = \"down\"".to_owned()),
        3..5 => (&place, "effect = \"destroy\"".to_owned()),
        5 => (&place, "effect = \"maintenance\"".to_owned()),
        6 => (&place, format!("effect = \"degrade\"\ncapacity = 0.{}", pick.below(10))),
        7 => (part, format!("effect = \"degrade\"\nerrors = {}", pick.of(&["0.02", "0.3", "1"]))),
        8 => (part, format!("effect = \"partial\"\nshare = {share}")),
        9 => (&store, "effect = \"down\"".to_owned()),
        10 => (&link, "effect = \"isolate\"".to_owned()),
        11 => (&region, "effect = \"isolate\"".to_owned()),
        12 => (&link, "effect = \"lag\"\nextra = \"20m\"".to_owned()),
        13 => {
            (&region, format!("effect = \"lag\"\nextra = \"{}\"\nshare = {share}", pick.of(&["30s", "3h"])))
        }
        _ => (
            part,
            format!("effect = \"corrupt\"\nshare = {share}\ndamages = \"{}\"", pick.of(&["data", "writes"])),
        ),
    };
    writeln!(text, "[fault.f{number}]\ntarget = \"{target}\"\n{effect}").unwrap();
    writeln!(text, "mtbf = \"{}\"", pick.of(&["4d", "12d", "40d"])).unwrap();
    let lasts = pick.of(&[
        "\"10m\"",
        "{ law = \"exponential\", mean = \"2h\" }",
        "{ law = \"exponential\", mean = \"12h\" }",
    ]);
    writeln!(text, "duration = {lasts}").unwrap();
    if pick.chance(20) {
        text.push_str("together = 0.4\n");
    }
    if pick.chance(20) {
        text.push_str("party = \"customer\"\n");
    }
}

fn action(text: &mut String, pick: &mut Pick, shape: &Shape) {
    if !shape.members.is_empty() {
        let members: Vec<&str> = shape.members.iter().map(String::as_str).collect();
        let to = pick.of(&members);
        let what = match pick.below(5) {
            0 => format!("failover = \"s\", to = \"{to}\""),
            1 => format!("force-failover = \"s\", to = \"{to}\""),
            2 => "force-failover = \"s\"".to_owned(),
            3 => format!("offline = \"s\", region = \"{to}\""),
            _ => format!("online = \"s\", region = \"{to}\""),
        };
        writeln!(text, "[[action]]\nat = \"{}h\"\ndo = {{ {what} }}", 1 + pick.below(1400)).unwrap();
        return;
    }
    let name = pick.of(shape.names());
    let what = match pick.below(6) {
        0 if shape.regions > 1 => format!("failover = \"s\", to = \"{name}\""),
        1 if shape.regions > 1 => format!("force-failover = \"s\", to = \"{name}\""),
        2 if shape.regions > 1 => format!("offline = \"s\", region = \"{name}\""),
        3 if shape.regions > 1 => format!("online = \"s\", region = \"{name}\""),
        4 => format!("set-failover = \"s\", mode = \"{}\"", pick.of(&["none", "service-managed"])),
        _ => format!("set-throughput = \"s\", value = {}", pick.of(&["4_000", "20_000", "\"unlimited\""])),
    };
    writeln!(text, "[[action]]\nat = \"{}h\"\ndo = {{ {what} }}", 1 + pick.below(1400)).unwrap();
}
