//! What goes into a scenario besides its text: settings on top of it, and files.

use crate::units::Duration;

/// Gives the text of a file that a scenario refers to, or says why it cannot.
type Files<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// What else goes into a scenario: settings on top of the text, and the files it refers to.
///
/// ```
/// use zonefall::scenario::{Options, Scenario};
/// use zonefall::units::Duration;
/// let text = "scenario = { name = 'one node', horizon = '1y' }\n[[region]]\nname = 'here'";
/// let options = Options::new().set("scenario.horizon", Duration::DAY).set("scenario.replications", 20u64);
/// let scenario = Scenario::read("one.toml", text, &options).unwrap();
/// assert_eq!(scenario.replications, 20);
/// assert_eq!(scenario.variants[0].model.horizon, Duration::DAY);
/// ```
#[derive(Clone)]
pub struct Options<'a> {
    pub(super) set: Vec<(String, String)>,
    pub(super) files: Files<'a>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options::new()
    }
}

impl<'a> Options<'a> {
    /// No settings, no files.
    pub fn new() -> Options<'a> {
        Options { set: Vec::new(), files: &|_| Err("no files can be read here".into()) }
    }

    /// Sets what stands at a dotted path (`store.orders.consistency`, `store.orders.regions[westeurope].zones`), for every
    /// variant and on top of it. A path that leads nowhere is a problem of the scenario.
    pub fn set(mut self, path: impl Into<String>, value: impl Into<Setting>) -> Self {
        self.set.push((path.into(), value.into().as_toml().into()));
        self
    }

    /// Sets several values as a command line gives them: what is no TOML is a string.
    pub fn settings<P: AsRef<str>, V: AsRef<str>>(mut self, pairs: impl IntoIterator<Item = (P, V)>) -> Self {
        let pairs = pairs.into_iter();
        self.set.extend(pairs.map(|(path, value)| (path.as_ref().to_owned(), value.as_ref().to_owned())));
        self
    }

    /// Where the files come from that the scenario refers to (recorded faults, empirical laws): a function from the name, as
    /// written, to the text.
    pub fn files(mut self, files: &'a dyn Fn(&str) -> Result<String, String>) -> Self {
        self.files = files;
        self
    }
}

/// A typed value for [`Options::set`].
///
/// ```
/// use zonefall::scenario::Setting;
/// use zonefall::units::Duration;
/// assert_eq!(Setting::from("a \"b\"").as_toml(), r#"'a "b"'"#);
/// assert_eq!(Setting::from(0.25).as_toml(), "0.25");
/// assert_eq!(Setting::from(Duration::HOUR).as_toml(), r#""1h""#);
/// assert_eq!(Setting::from(vec!["a", "b"]).as_toml(), r#"["a", "b"]"#);
/// let law = Setting::toml(r#"{ law = "uniform", low = "1m", high = "5m" }"#);
/// assert!(law.as_toml().starts_with('{'));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting(String);

impl Setting {
    /// A value written in TOML, such as an inline table for a law. What is no TOML is taken as a string.
    pub fn toml(text: impl Into<String>) -> Setting {
        Setting(text.into())
    }

    /// The value in TOML.
    pub fn as_toml(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Setting {
    fn from(text: &str) -> Setting {
        Setting(toml::Value::String(text.into()).to_string())
    }
}

impl From<String> for Setting {
    fn from(text: String) -> Setting {
        text.as_str().into()
    }
}

/// As scenarios write it: `"1h 30m"`.
impl From<Duration> for Setting {
    fn from(duration: Duration) -> Setting {
        duration.to_string().into()
    }
}

impl From<f64> for Setting {
    fn from(number: f64) -> Setting {
        Setting(toml::Value::Float(number).to_string())
    }
}

macro_rules! plain {
    ($($of:ty),*) => {$(
        impl From<$of> for Setting {
            fn from(value: $of) -> Setting {
                Setting(value.to_string())
            }
        }
    )*};
}
plain!(bool, u8, u16, u32, u64, usize, i32, i64);

impl<S: Into<Setting>> From<Vec<S>> for Setting {
    fn from(values: Vec<S>) -> Setting {
        let values: Vec<String> = values.into_iter().map(|v| v.into().0).collect();
        Setting(format!("[{}]", values.join(", ")))
    }
}
