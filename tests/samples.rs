//! reports/sample holds reports as the program writes them today. Write them anew with
//! `ZONEFALL_BLESS=1 cargo test --test samples`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folder and command of each sample; reports/sample/README.md says what they show.
const SAMPLES: [(&str, &[&str]); 5] = [
    (
        "tiers",
        &[
            "compare",
            "cosmos-db/tiers",
            "--variant=T1",
            "--variant=T2",
            "--variant=T3",
            "--variant=T4",
            "--variant=T5",
        ],
    ),
    ("backup-interval", &["compare", "questions/backup-interval"]),
    ("region-lost-for-ever", &["compare", "questions/region-lost-for-ever"]),
    (
        "designs",
        &[
            "compare",
            "designs/single-zone",
            "designs/two-zones",
            "designs/three-zones",
            "designs/backup-restore",
            "designs/pilot-light",
            "designs/warm-standby",
            "designs/active-passive",
            "designs/active-active",
            "designs/three-region-quorum",
        ],
    ),
    ("disaster-plan", &["compare", "openscale/region-destroyed"]),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample")
}

/// Name and bytes of every file of a report.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// What must be equal on every machine: numbers and words. Pictures are equal for equal builds only, so that of them,
/// alone or in the page, only what they are called counts.
fn comparable(name: &str, bytes: &[u8]) -> Vec<u8> {
    if name.ends_with(".svg") {
        return Vec::new();
    }
    let mut rest = std::str::from_utf8(bytes).expect("text");
    let mut kept = String::new();
    while let Some((before, picture)) = rest.split_once("<svg") {
        kept += before;
        rest = picture.split_once("</svg>").expect("a picture ends").1;
    }
    (kept + rest).into_bytes()
}

#[expect(clippy::disallowed_methods, reason = "a switch for developers, not for results")]
fn bless() -> bool {
    std::env::var_os("ZONEFALL_BLESS").is_some()
}

#[test]
fn samples_are_what_the_program_writes() {
    let bless = bless();
    for (name, command) in SAMPLES {
        let committed = folder().join(name);
        let scratch = std::env::temp_dir().join(format!("zonefall-sample-{}-{name}", std::process::id()));
        let out = if bless { &committed } else { &scratch };
        let _ = fs::remove_dir_all(out);
        let run = Command::new(env!("CARGO_BIN_EXE_zonefall"))
            .args(command)
            .args(["--rows=none", "--quiet", "--out"])
            .arg(out)
            .output()
            .unwrap();
        assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
        // The same drawings as the SVGs, and large: they are not kept.
        for png in files(out).keys().filter(|file| file.ends_with(".png")) {
            fs::remove_file(out.join(png)).unwrap();
        }
        if bless {
            continue;
        }
        let (old, new) = (files(&committed), files(&scratch));
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&old), names(&new), "files of reports/sample/{name}");
        for (file, bytes) in &new {
            assert!(
                comparable(file, bytes) == comparable(file, &old[file]),
                "reports/sample/{name}/{file} is stale: ZONEFALL_BLESS=1 cargo test --test samples"
            );
        }
        fs::remove_dir_all(&scratch).unwrap();
    }
}

/// The index names every sample with the command that makes it.
#[test]
fn the_index_names_every_sample() {
    let index = fs::read_to_string(folder().join("README.md")).unwrap();
    for (name, command) in SAMPLES {
        let line = format!(
            "zonefall {} --rows none --out {name}",
            command.join(" ").replace("--variant=", "--variant ")
        );
        assert!(index.contains(&line), "reports/sample/README.md lacks: {line}");
        assert!(
            index.contains(&format!("({name}/report.html)")),
            "reports/sample/README.md lacks a link to {name}"
        );
    }
    let folders = fs::read_dir(folder()).unwrap().filter(|e| e.as_ref().unwrap().path().is_dir()).count();
    assert_eq!(folders, SAMPLES.len(), "reports/sample holds what no test makes");
}
