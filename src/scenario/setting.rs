//! What a caller sets on top of a scenario's text.

use crate::units::Duration;

/// A typed value for [`Options::set`](super::Options::set).
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
plain!(bool, u8, u16, u32, u64, i32, i64);

impl<S: Into<Setting>> From<Vec<S>> for Setting {
    fn from(values: Vec<S>) -> Setting {
        let values: Vec<String> = values.into_iter().map(|v| v.into().0).collect();
        Setting(format!("[{}]", values.join(", ")))
    }
}
