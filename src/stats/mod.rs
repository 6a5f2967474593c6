//! Statistics over integers: sums that merge exactly and in any order (rule R5), intervals, quantiles.
//!
//! Nothing here knows the simulation. Accumulated state is integers only; floating point appears when a figure is
//! read out, by functions of that state.

pub mod histogram;
pub mod interval;
pub mod moments;
pub mod number;
pub mod pair;
pub mod wide;

pub use histogram::{Histogram, QuantileEstimate};
pub use interval::{Confidence, Interval};
pub use moments::{Moments, Ratio};
pub use pair::{Pair, RatioPair};
pub use wide::U256;
