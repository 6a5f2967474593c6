//! The command that replays one replication.

use super::args::Inputs;
use zonefall::text::steers;

/// The command that replays `replication` of `variant` of the scenario `file` under `seed`, with the horizon and
/// settings in force.
pub fn command(inputs: &Inputs, file: &str, variant: &str, seed: u64, replication: u64) -> String {
    again(inputs, file, variant, &format!("--seed {seed} --replication {replication}"))
}

/// The command that runs `which` replications of `variant` again (`--replications 20`), and then without what fails most.
pub fn what_if(inputs: &Inputs, file: &str, variant: &str, seed: u64, which: &str) -> String {
    again(inputs, file, variant, &format!("--seed {seed} {which} --what-if={}", quote(variant)))
}

fn again(inputs: &Inputs, file: &str, variant: &str, flags: &str) -> String {
    let mut words = vec!["zonefall".to_string(), "run".into()];
    words.push(self::file(file));
    words.push(format!("--variant={}", quote(variant)));
    words.push(flags.to_string());
    if let Some(horizon) = &inputs.horizon {
        words.push(format!("--horizon={}", quote(horizon)));
    }
    words.extend(inputs.set.iter().map(|set| format!("--set={}", quote(set))));
    words.join(" ")
}

/// The name of a file as a POSIX shell and this program read it.
pub fn file(name: &str) -> String {
    if name.starts_with('-') { quote(&format!("./{name}")) } else { quote(name) }
}

/// A word as a POSIX shell reads it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else if word.contains(steers) {
        // As bash, zsh and newer POSIX shells read it: nothing in it reaches the terminal as it is.
        let escaped = |c: char| if steers(c) { octal(c) } else { c.to_string() };
        let text = word.replace('\\', r"\\").replace('\'', r"\'");
        format!("$'{}'", text.chars().map(escaped).collect::<String>())
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The bytes of a character in the notation of `$'…'`.
fn octal(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::args::{Cli, Command, RunArgs};
    use super::*;
    use clap::Parser;

    fn args(words: &[&str]) -> RunArgs {
        match Cli::parse_from(["zonefall", "run"].iter().chain(words)).command {
            Command::Run(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn settings_and_horizon_are_repeated() {
        let given =
            args(&["a b.toml", "--horizon", "1h 30m", "--set", "fault.x.per_year=2", "--set", "a=\"it's\""]);
        let line = command(&given.options.inputs, &given.options.inputs.files[0], "base", 42, 7);
        let wanted = [
            "zonefall run 'a b.toml' --variant=base --seed 42 --replication 7 --horizon='1h 30m'",
            r#"--set=fault.x.per_year=2 --set='a="it'\''s"'"#,
        ];
        assert_eq!(line, wanted.join(" "));
    }

    #[test]
    fn control_characters_are_not_repeated_as_they_are() {
        assert_eq!(quote("a\u{1b}[31m'\\\n\u{202e}"), r"$'a\033[31m\'\\\012\342\200\256'");
    }

    #[test]
    fn the_command_is_understood() {
        let given = args(&["x.toml", "--horizon", "90d"]);
        let line = command(&given.options.inputs, "x.toml", "strong", 3, 9);
        let words: Vec<&str> = line.split(' ').skip(2).collect();
        let again = args(&words);
        assert_eq!(again.options.inputs.variant, ["strong"]);
        assert_eq!((again.options.inputs.seed, again.replication), (Some(3), Some(9)));
        assert_eq!(again.options.inputs.horizon.as_deref(), Some("90d"));
    }
}
