//! Completions, manual pages, and what is read from the environment.

use crate::cli::{expect, folder, with_orders};
use crate::source;
use std::fs;
use std::process::Command;

/// Commands, as the program lists them.
fn commands() -> Vec<String> {
    let (help, _) = expect(&folder("help"), &["--help"], 0);
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
    let first = |line: &str| line.trim().split(' ').next().unwrap().to_string();
    let starts = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    starts.map(first).filter(|name| name != "help").collect()
}

#[test]
fn completions_know_every_command() {
    let folder = folder("completions");
    let commands = commands();
    assert!(commands.len() >= 9, "{commands:?}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (text, _) = expect(&folder, &["completions", shell], 0);
        for command in &commands {
            assert!(text.contains(command.as_str()), "{shell}: {command}");
        }
        assert!(text.contains("what-if"), "{shell}");
    }
    let (text, _) = expect(&folder, &["completions", "bash"], 0);
    fs::write(folder.join("zonefall.bash"), text).unwrap();
    if let Ok(output) = Command::new("bash").arg("-n").arg(folder.join("zonefall.bash")).output() {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn manual_pages_know_every_option() {
    let folder = folder("man");
    let (page, _) = expect(&folder, &["man"], 0);
    for command in commands() {
        let dashed = format!("zonefall\\-{command}(1)");
        assert!(page.contains(&dashed), "{dashed} in {page}");
        let (page, _) = expect(&folder, &["man", &command], 0);
        assert!(page.contains(".SH NAME") && page.contains(&command), "{page}");
    }
    assert!(expect(&folder, &["man", "run"], 0).0.contains("\\-\\-what\\-if"));
    assert!(expect(&folder, &["man", "fly"], 2).1.contains("error[ZF1001]: there is no command fly"));
}

/// The variables that the grammar names are the only ones, and no code asks for others.
#[test]
fn two_variables_are_read() {
    let mut named = Vec::new();
    for (path, text) in source::files("src", "rs") {
        let text = source::without_tests(&path, &text);
        named.extend(text.split("env = \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_string()));
        let code = source::code_only(text);
        assert!(!code.contains("std::env") && !code.contains("env::var"), "{path} reads the environment");
    }
    named.sort();
    assert_eq!(named, ["ZONEFALL_COLOR", "ZONEFALL_JOBS"]);
}

#[test]
fn colours_are_as_asked_for() {
    let folder = with_orders("colour");
    let run = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zonefall"));
        command.current_dir(&folder).args(args).env_clear().envs(variables.iter().copied());
        let output = command.output().unwrap();
        [output.stdout, output.stderr].map(|bytes| bytes.contains(&0x1b))
    };
    let good = ["run", "orders.toml", "--replications", "5"];
    let asked = |word| [&good[..], &["--color", word]].concat();
    let [plain, coloured] = [[false, false], [true, false]];
    assert_eq!(run(&good, &[]), plain);
    assert_eq!(run(&asked("always"), &[]), coloured);
    assert_eq!(run(&good, &[("ZONEFALL_COLOR", "always")]), coloured);
    // The option before the variable, the variable before those of others.
    assert_eq!(run(&asked("never"), &[("ZONEFALL_COLOR", "always")]), plain);
    assert_eq!(run(&asked("always"), &[("NO_COLOR", "1")]), coloured);
    assert_eq!(run(&good, &[("ZONEFALL_COLOR", "never"), ("CLICOLOR_FORCE", "1")]), plain);
    assert_eq!(run(&asked("auto"), &[("CLICOLOR_FORCE", "1")]), coloured);
    // Errors too, also those about the command line itself.
    for bad in [&["run", "nothing"][..], &["run", "orders.toml", "--sed", "1"], &["--sed"]] {
        assert_eq!(run(bad, &[]), plain, "{bad:?}");
        assert_eq!(run(bad, &[("ZONEFALL_COLOR", "always")]), [false, true], "{bad:?}");
        let told = [&["--color=never"], bad].concat();
        assert_eq!(run(&told, &[("ZONEFALL_COLOR", "always")]), plain, "{bad:?}");
    }
}
