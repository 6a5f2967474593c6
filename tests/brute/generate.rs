//! Random scenarios, as text in the scenario language.

use std::fmt::Write as _;

/// A small generator of its own: the scenarios never change with the program under test.
pub struct Lcg(u64);

impl Lcg {
    pub fn new(seed: u64) -> Lcg {
        let mut rng = Lcg(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66_D1CE_5EED);
        rng.below(2);
        rng
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(self.0 >> 11) * u128::from(n)) >> 53) as u64
    }

    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

const NAMES: [&str; 3] = ["a", "b", "c"];

/// What the parts of one scenario have to know of each other.
struct Shape {
    regions: usize,
    zones: u64,
    nodes: u64,
    zoned: Vec<bool>,
    partitions: u64,
    horizon: u64,
}

/// The scenario with this number.
pub fn scenario(seed: u64) -> String {
    let rng = &mut Lcg::new(seed);
    let regions = rng.between(1, 3) as usize;
    let (zones, nodes) = rng.pick(&[(3, 3), (3, 4), (1, 3), (1, 4)]);
    let zoned: Vec<bool> = (0..regions).map(|_| zones == 3 && rng.chance(60)).collect();
    let starts = if zoned.contains(&true) { zones * nodes } else { nodes };
    let partitions = starts * if starts < 5 { rng.between(1, 2) * 2 } else { rng.between(1, 2) };
    let shape = Shape { regions, zones, nodes, zoned, partitions, horizon: rng.between(10, 25) * 60 };
    let mut text = format!("[scenario]\nname = \"random {seed}\"\nhorizon = \"{}s\"\n", shape.horizon);
    if rng.chance(20) {
        text += "warmup = \"97s\"\n";
    }
    for name in &NAMES[..regions] {
        writeln!(text, "[[region]]\nname = \"{name}\"\nzones = {zones}\nnodes_per_zone = {nodes}").unwrap();
    }
    let mut links = Vec::new();
    for (i, a) in NAMES[..regions].iter().enumerate() {
        for b in &NAMES[i + 1..regions] {
            text += &format!("[[link]]\nbetween = [\"{a}\", \"{b}\"]\n");
            if rng.chance(30) {
                text += &format!("bandwidth = \"{}kB/s\"\n", rng.between(300, 900));
            }
            links.push(format!("link:{a}-{b}"));
        }
    }
    store(&mut text, rng, &shape);
    for i in 0..rng.between(1, 5) {
        fault(&mut text, rng, &shape, &links, i);
    }
    actions(&mut text, rng, &shape);
    text
}

fn store(text: &mut String, rng: &mut Lcg, shape: &Shape) {
    let replicas = shape.nodes.min(rng.between(3, 4));
    let quorum = if replicas == 4 { 3 } else { 2 };
    let level = rng.pick(&["strong", "bounded-staleness", "session", "eventual"]);
    let names: Vec<String> = (0..shape.regions)
        .map(|r| {
            let mode = if shape.zoned[r] { "zone-redundant" } else { "unzoned" };
            format!("{{ name = \"{}\", zones = \"{mode}\" }}", NAMES[r])
        })
        .collect();
    let lag = if level == "strong" { 0 } else { rng.between(0, 12) };
    writeln!(text, "[store.s]\nregions = [{}]", names.join(", ")).unwrap();
    writeln!(text, "consistency = \"{level}\"\nlag = \"{lag}s\"\npartitions = {}", shape.partitions).unwrap();
    writeln!(text, "replicas = {replicas}\nwrite_quorum = {quorum}\nread_quorum = {}", rng.between(1, 2))
        .unwrap();
    let reconfigure = rng.pick(&["0s", "0s", "4s", "35s", "never"]);
    writeln!(text, "reconfigure = \"{reconfigure}\"\ncatch_up = {}", rng.between(400, 1500)).unwrap();
    if shape.zones == 3 && rng.chance(50) {
        text.push_str("min_zones = 2\n");
    }
    if rng.chance(80) {
        let data = rng.between(1, 9) * 100 * shape.partitions;
        writeln!(text, "data_size = \"{data}kB\"\nrebuild = {{ bandwidth = \"50kB/s\" }}").unwrap();
    }
    if level == "bounded-staleness" {
        let most = rng.between(20, 400);
        writeln!(text, "max_lag_writes = {most}\nmax_lag_time = \"{}s\"", rng.between(15, 120)).unwrap();
    }
    writeln!(text, "evict = \"{}s\"", rng.pick(&[0, 7, 40])).unwrap();
    let mode = rng.pick(&["none", "service-managed", "service-managed"]);
    writeln!(
        text,
        "failover = {{ mode = \"{mode}\", detect = \"{}.3s\", decide = \"{}s\", promote = \"{}.2s\", redirect = \"{}.1s\" }}",
        rng.between(0, 30),
        rng.between(0, 60),
        rng.between(0, 20),
        rng.between(0, 20),
    )
    .unwrap();
    if rng.chance(70) {
        let share = rng.pick(&["0.0", "0.25", "1.0"]);
        writeln!(text, "on_return = {{ merge_after = \"{}.7s\", superseded = {share} }}", rng.between(0, 90))
            .unwrap();
    }
    if rng.chance(40) {
        let limit = rng.between(20, 150);
        writeln!(text, "throughput = {limit}\nread_cost = 1.0\nwrite_cost = {}.5", rng.between(0, 2))
            .unwrap();
    }
    workload(text, rng, shape);
}

fn workload(text: &mut String, rng: &mut Lcg, shape: &Shape) {
    let shares: &[&str] = match shape.regions {
        1 => &["1.0"],
        2 => &["0.6", "0.4"],
        _ => &["0.5", "0.3", "0.2"],
    };
    let (writes, reads) = (rng.between(20, 45), rng.between(20, 50));
    let head = "[store.s.workload]\nwrites_per_second";
    writeln!(text, "{head} = {writes}\nreads_per_second = {reads}\n[store.s.workload.clients]").unwrap();
    for (name, share) in NAMES.iter().zip(shares) {
        let redirect = match rng.below(4) {
            0 => "\"never\"".to_owned(),
            1 => "\"0s\"".to_owned(),
            2 => format!("\"{}s\"", rng.between(1, 30)),
            _ => format!("{{ by = \"service\", after = \"{}s\" }}", rng.between(0, 10)),
        };
        writeln!(text, "{name} = {{ share = {share}, redirect = {redirect} }}").unwrap();
    }
}

fn fault(text: &mut String, rng: &mut Lcg, shape: &Shape, links: &[String], number: u64) {
    let region = rng.below(shape.regions as u64) as usize;
    let region = if rng.chance(40) { NAMES[0] } else { NAMES[region] };
    let zone = format!("zone:{region}/{}", rng.between(1, shape.zones));
    let node = format!("node:{region}/{}/{}", rng.between(1, shape.zones), rng.between(1, shape.nodes));
    let whole = format!("region:{region}");
    let place = rng.pick(&[&node, &zone, &whole]).clone();
    let even =
        shape.partitions.is_multiple_of(2 * shape.nodes * if shape.zoned.contains(&true) { 3 } else { 1 });
    let (target, effect) = match rng.below(12) {
        0..=3 => (place, "effect = \"down\"".to_owned()),
        4..=5 => (place, "effect = \"destroy\"".to_owned()),
        6 => (place, "effect = \"maintenance\"".to_owned()),
        7 => (place, format!("effect = \"degrade\"\ncapacity = 0.{}", rng.between(1, 9))),
        8 => (whole, "effect = \"isolate\"".to_owned()),
        9 if even => (whole, "effect = \"partial\"\nshare = 0.5".to_owned()),
        9 => (whole, "effect = \"partial\"\nshare = 1.0".to_owned()),
        _ => match links.len() {
            0 => (place, "effect = \"down\"".to_owned()),
            n => (links[rng.below(n as u64) as usize].clone(), "effect = \"down\"".to_owned()),
        },
    };
    let count = rng.between(1, 3);
    let at: Vec<String> = (0..count).map(|_| format!("\"{}s\"", rng.between(20, shape.horizon))).collect();
    let length = rng.pick(&[5, 40, 120, 300]) + rng.below(30);
    writeln!(text, "[fault.f{number}]\ntarget = \"{target}\"\n{effect}").unwrap();
    writeln!(text, "at = [{}]\nduration = \"{length}s\"", at.join(", ")).unwrap();
}

fn actions(text: &mut String, rng: &mut Lcg, shape: &Shape) {
    for _ in 0..rng.below(3) {
        let to = NAMES[rng.below(shape.regions as u64) as usize];
        let what = match rng.below(4) {
            0 | 1 if shape.regions > 1 => format!("failover = \"s\", to = \"{to}\""),
            2 if shape.regions > 1 => format!("force-failover = \"s\", to = \"{to}\""),
            _ => format!("set-throughput = \"s\", value = {}", rng.between(20, 200)),
        };
        let at = rng.between(30, shape.horizon - 1);
        writeln!(text, "[[action]]\nat = \"{at}s\"\ndo = {{ {what} }}").unwrap();
    }
}
