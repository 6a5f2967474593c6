//! Where variants of a sweep stand: which settings were varied, and which values a variant has.

use super::outcome::{Outcome, VariantOutcome};

/// A value that a sweep gives a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    /// The setting, as overrides name it: `store.orders.backup.interval`.
    pub path: String,
    /// The value for people, as it is written: `4h`.
    pub label: String,
    /// The value as a number; `None` if it is none.
    pub value: Option<f64>,
    /// Unit of the number: `seconds`, `bytes`, `bytes/s`, or empty.
    pub unit: &'static str,
}

/// A setting that a sweep varies.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The setting, as overrides name it.
    pub path: String,
    /// The end of the path that tells it from the other axes: `interval`.
    pub label: String,
    /// Unit of the values that are numbers.
    pub unit: &'static str,
    /// In order of declaration.
    pub values: Vec<Coordinate>,
}

/// Variants that differ in one setting only: what a line in a plot joins.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve<'a> {
    /// The settings that the sweep varies besides: `consistency = strong`; empty if there are none.
    pub label: String,
    /// The values of the setting, each with its variant; in the order of the sweep.
    pub points: Vec<(&'a Coordinate, &'a VariantOutcome)>,
}

impl Outcome {
    /// The curves along one of the axes.
    pub fn curves(&self, axis: &Axis) -> Vec<Curve<'_>> {
        let mut curves: Vec<Curve<'_>> = Vec::new();
        for variant in &self.variants {
            let Some(here) = variant.point.iter().find(|c| c.path == axis.path) else { continue };
            let others = variant.point.iter().filter(|c| c.path != axis.path);
            let label = self.name_point(others);
            match curves.iter_mut().find(|c| c.label == label) {
                Some(curve) => curve.points.push((here, variant)),
                None => curves.push(Curve { label, points: vec![(here, variant)] }),
            }
        }
        curves
    }

    /// `interval = 4h, consistency = strong`.
    pub(crate) fn name_point<'a>(&self, point: impl Iterator<Item = &'a Coordinate>) -> String {
        let name = |c: &Coordinate| {
            let axis = self.axes.iter().find(|a| a.path == c.path);
            format!("{} = {}", axis.map_or(c.path.as_str(), |a| &a.label), c.label)
        };
        point.map(name).collect::<Vec<_>>().join(", ")
    }
}
