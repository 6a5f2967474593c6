//! Files that a scenario refers to, and what is not UTF-8.

#![cfg(unix)]

use crate::limits::{folder, said, zonefall};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;

fn scenario(file: &str) -> String {
    format!(
        "[scenario]\nname = \"x\"\nhorizon = \"1y\"\n[[region]]\nname = \"a\"\n[fault.f]\ntarget = \"region:*\"\n\
         per_year = 1\nduration = {{ law = \"empirical\", file = '{file}' }}\n[block.b]\nk = 1\nof = [\"region:*\"]\n"
    )
}

/// A scenario reads regular files in its own folder or below, and nothing else of the machine.
#[test]
fn only_files_below_the_scenario_are_read() {
    let outside = folder("files");
    let folder = outside.join("scenarios");
    fs::create_dir_all(folder.join("data")).unwrap();
    fs::write(outside.join("secret.csv"), "1\n").unwrap();
    fs::write(folder.join("data/good.csv"), "1\n").unwrap();
    fs::write(folder.join("data/latin.csv"), b"gr\xfcn\n1\n").unwrap();
    symlink("data/good.csv", folder.join("link.csv")).unwrap();
    symlink("../secret.csv", folder.join("out.csv")).unwrap();
    symlink("/dev/zero", folder.join("zero.csv")).unwrap();
    symlink("..", folder.join("up")).unwrap();
    symlink("loop.csv", folder.join("loop.csv")).unwrap();
    let made = Command::new("mkfifo").arg(folder.join("pipe.csv")).status().expect("mkfifo exists");
    assert!(made.success());
    let downwards = "from the scenario's own folder downwards";
    let link = "leads out of the scenario's folder";
    for (file, why) in [
        ("data/good.csv", ""),
        ("./data/good.csv", ""),
        ("link.csv", ""),
        ("data/latin.csv", "UTF-8"),
        ("../secret.csv", downwards),
        ("data/../../secret.csv", downwards),
        ("/dev/zero", downwards),
        ("/etc/hostname", downwards),
        ("out.csv", link),
        ("zero.csv", link),
        ("up/secret.csv", link),
        ("loop.csv", "ymbolic link"),
        ("pipe.csv", "no regular file"),
        ("data", "no regular file"),
        ("nowhere.csv", "No such file"),
        ("", "no regular file"),
    ] {
        fs::write(folder.join("x.toml"), scenario(file)).unwrap();
        // By its name alone, by a path, and from elsewhere.
        for (place, name) in [(&folder, "x.toml"), (&folder, "./x.toml"), (&outside, "scenarios/x.toml")] {
            let (code, text) = said(&zonefall(place, &["validate", name]));
            assert_eq!(code, Some(if why.is_empty() { 0 } else { 2 }), "{file} by {name}: {text}");
            assert!(text.contains(why), "{file} by {name}: {text}");
            assert!(why.is_empty() || text.contains("ZF0112"), "{file} by {name}: {text}");
        }
    }
}

#[test]
fn what_is_no_text_is_refused() {
    let folder = folder("bytes");
    fs::write(folder.join("latin.toml"), b"name = \"gr\xfcn\"\n").unwrap();
    fs::write(folder.join("nul.toml"), b"a = \"\0\"\n").unwrap();
    for name in ["latin.toml", "nul.toml", "/dev/zero", "."] {
        let (code, text) = said(&zonefall(&folder, &["validate", name]));
        assert!(matches!(code, Some(2 | 74)), "{name}: {code:?} {text}");
        assert!(text.contains("ZF"), "{name}: {text}");
    }
    let argument = OsStr::from_bytes(b"--set=a=\xff");
    let output =
        Command::new(env!("CARGO_BIN_EXE_zonefall")).args([OsStr::new("validate"), argument]).output();
    assert_eq!(output.expect("it starts").status.code(), Some(2));
}
