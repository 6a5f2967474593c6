//! From what the command line names to validated scenarios.

use super::exit::{Code, Failure};
use super::{catalogue, say};
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use zonefall::harness::unknown_figures;
use zonefall::scenario::{self, Diagnostic, Options, Scenario, Severity, Source};

/// Most bytes of a file that a scenario refers to.
const MAX_DATA_BYTES: u64 = 100_000_000;

/// A text somebody named.
pub struct Text {
    /// As named; what replay commands repeat and diagnostics show.
    pub name: String,
    text: String,
    /// Whether it is a file (and not one that comes with the program).
    is_file: bool,
}

/// Finds a file, or a shipped scenario where there is no such file.
///
/// # Errors
/// There is neither, or the file cannot be read.
pub fn find(name: &str) -> Result<Text, Failure> {
    let path = Path::new(name);
    match read(path, scenario::MAX_BYTES as u64) {
        Ok(text) => Ok(Text { name: name.to_string(), text, is_file: true }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match catalogue::find(name) {
            Some(shipped) => {
                Ok(Text { name: name.to_string(), text: shipped.text.to_string(), is_file: false })
            }
            None => {
                let names: Vec<&str> = catalogue::SCENARIOS.iter().map(|s| s.name).collect();
                let near = scenario::nearest(name, &names);
                let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let text = format!(
                    "no file and no shipped scenario is called {name}{near}\n  `zonefall scenario list` shows the \
                     shipped ones, `zonefall new` writes a file to start from"
                );
                Err(Failure::new(Code::NoSuchScenario, text))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(Failure::new(Code::NotText, format!("cannot read {name}: {error}")))
        }
        Err(error) => Err(Failure::new(Code::Unreadable, format!("cannot read {name}: {error}"))),
    }
}

/// Reads a text file, at most `limit` bytes and one: who gets more than the limit can say so.
pub fn read(path: &Path, limit: u64) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// The path of a file that a scenario in `folder` refers to: a regular file in that folder or below it, whatever links lie
/// on the way. Scenarios come from anywhere, and are not to read the rest of the machine.
fn inside(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let down = |c| matches!(c, Component::Normal(_) | Component::CurDir);
    if !Path::new(name).components().all(down) {
        return Err("a path from the scenario's own folder downwards is wanted, without `..`".into());
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let real = |path: &Path| path.canonicalize().map_err(|error| error.to_string());
    let path = real(&folder.join(name))?;
    if !path.starts_with(real(folder)?) {
        return Err("a link leads out of the scenario's folder".into());
    }
    // Devices and pipes may have no end.
    if !path.is_file() {
        return Err("this is no regular file".into());
    }
    Ok(path)
}

/// Each `KEY=VALUE` as a pair, and the horizon as another.
///
/// # Errors
/// There is no `=`, or nothing before it.
pub fn settings(set: &[String], horizon: Option<&str>) -> Result<Vec<(String, String)>, Failure> {
    let horizon = horizon.map(|horizon| Ok(("scenario.horizon".to_string(), horizon.to_string())));
    set.iter()
        .map(|text| match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok((key.trim().to_string(), value.trim().to_string()))
            }
            _ => Err(Failure::new(
                Code::Setting,
                format!("--set {text}: expected KEY=VALUE, as in --set store.orders.consistency=strong"),
            )),
        })
        .chain(horizon)
        .collect()
}

/// How many problems a scenario has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// That keep it from running.
    pub errors: usize,
    /// That do not.
    pub warnings: usize,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let Problems { errors, warnings } = *self;
        write!(f, "{errors} error{}, {warnings} warning{}", plural(errors), plural(warnings))
    }
}

/// Loads a scenario and shows its problems on standard error; warnings only if asked for.
pub fn load(text: &Text, set: &[(String, String)], warn: bool) -> (Option<Scenario>, Problems) {
    let folder = Path::new(&text.name).parent().unwrap_or(Path::new(""));
    let loader = |name: &str| {
        if !text.is_file {
            return Err("a shipped scenario refers to no files".to_string());
        }
        let path = inside(folder, name)?;
        let data = read(&path, MAX_DATA_BYTES).map_err(|error| error.to_string())?;
        if data.len() as u64 > MAX_DATA_BYTES {
            return Err(format!("the file has more than {MAX_DATA_BYTES} bytes"));
        }
        Ok(data)
    };
    let source = Source { name: &text.name, text: &text.text };
    let loaded = scenario::load(source, &Options::new().settings(set.iter().cloned()).files(&loader));
    let mut problems = Problems::default();
    let unknown = loaded.scenario.iter().flat_map(|s| unknown_metrics(source, s));
    for diagnostic in &loaded.diagnostics.iter().cloned().chain(unknown).collect::<Vec<_>>() {
        let error = diagnostic.severity == Severity::Error;
        *if error { &mut problems.errors } else { &mut problems.warnings } += 1;
        if error || warn {
            // The stream takes the colours out again where they are not wanted.
            say(&format!("{}\n", scenario::render(source, diagnostic, true)));
        }
    }
    (loaded.scenario.filter(|_| problems.errors == 0), problems)
}

/// Promises about figures that do not exist.
fn unknown_metrics(source: Source<'_>, scenario: &Scenario) -> Vec<Diagnostic> {
    let unknown = unknown_figures(scenario).into_iter();
    unknown
        .map(|(promise, close)| {
            let close: Vec<&str> = close.iter().map(String::as_str).collect();
            scenario::unknown_metric(source, promise, &close)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_split_at_the_first_equals_sign() {
        let pair = |k: &str, v: &str| (k.to_string(), v.to_string());
        let read = settings(&["a.b = \"x=y\"".into(), "c=".into()], Some("1y")).unwrap();
        assert_eq!(read, [pair("a.b", "\"x=y\""), pair("c", ""), pair("scenario.horizon", "1y")]);
        for bad in ["a", "=1", " =1"] {
            assert_eq!(settings(&[bad.into()], None).unwrap_err().exit(), 2);
        }
    }
}
