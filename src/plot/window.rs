//! Which part of a long timeline is worth looking at.

use crate::experiment::worst::Timeline;
use crate::sim::observe::Track;
use crate::units::{Duration, Time};

/// Outages closer to each other than this are one story.
const NEAR: Duration = Duration::from_secs(4 * 3600);

/// A part of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Time,
    pub(crate) to: Time,
    /// What the window is about lies between these.
    pub(crate) begin: Time,
    pub(crate) end: Time,
}

impl Window {
    /// Whether something that lasted has to do with the window.
    pub(crate) fn meets(&self, from: Time, to: Time) -> bool {
        from <= self.to && to >= self.from
    }
}

/// Whether spans of a track are outages.
pub(crate) fn is_outage(track: &Track) -> bool {
    matches!(track.what, "read" | "write" | "block")
}

/// The outage with the most time down (of all subjects together), with some time before it and more after it; without
/// outages the longest fault. `None` if nothing lasted.
pub(crate) fn window(timeline: &Timeline) -> Option<Window> {
    let spans = |wanted: &dyn Fn(&Track) -> bool| {
        let mut spans: Vec<(Time, Time)> = Vec::new();
        for track in timeline.tracks.iter().filter(|t| wanted(t)) {
            spans.extend(track.spans.iter().map(|s| (s.from, s.to)));
        }
        spans.sort();
        spans
    };
    let mut known = spans(&is_outage);
    if known.is_empty() {
        known = spans(&|track| track.what == "fault");
    }
    let (begin, end) = worst(&known)?;
    let length = (end - begin).max(Duration::from_secs(60));
    let part = |of: u64| Duration::from_ns(length.ns() / of);
    // What had struck shortly before and still lasted is part of the story.
    let struck = timeline.tracks.iter().filter(|t| t.what == "fault").flat_map(|t| &t.spans);
    let lasted = struck.filter(|s| s.from <= begin && s.to >= begin).map(|s| s.from);
    let cause = lasted.filter(|&from| begin - from <= part(2)).min();
    let from = cause.unwrap_or(begin).min(begin) - part(12);
    Some(Window { from, to: end + part(4), begin, end })
}

/// The cluster of spans, sorted by start, that adds up to the longest time; the first of equals.
fn worst(spans: &[(Time, Time)]) -> Option<(Time, Time)> {
    let mut best: Option<(u64, Time, Time)> = None;
    let mut now: Option<(u64, Time, Time)> = None;
    for &(from, to) in spans {
        let length = (to - from).ns();
        now = match now {
            Some((sum, begin, end)) if from.since(end) <= NEAR => {
                Some((sum.saturating_add(length), begin, end.max(to)))
            }
            _ => Some((length, from, to)),
        };
        if now.map(|n| n.0) > best.map(|b| b.0) {
            best = now;
        }
    }
    best.map(|(_, begin, end)| (begin, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::observe::Span;

    fn at(secs: u64) -> Time {
        Time::ZERO + Duration::from_secs(secs)
    }

    fn track(what: &'static str, spans: &[(u64, u64)]) -> Track {
        let span = |&(from, to): &(u64, u64)| Span {
            from: at(from),
            to: at(to),
            state: "repair".into(),
            detail: String::new(),
        };
        Track { object: "store:orders".into(), what, spans: spans.iter().map(span).collect() }
    }

    fn timeline(tracks: Vec<Track>) -> Timeline {
        Timeline {
            variant: "base".into(),
            replication: 1,
            replay: String::new(),
            horizon: Duration::YEAR,
            entries: vec![],
            tracks,
            series: vec![],
        }
    }

    #[test]
    fn the_worst_outage_is_chosen() {
        // Two outages an hour apart make one of 2000 s, more than one of 1500 s a day later.
        let write = track("write", &[(100_000, 101_000), (104_600, 105_600), (200_000, 201_500)]);
        let fault = track("fault", &[(99_000, 106_000), (50_000, 51_000)]);
        let window = window(&timeline(vec![write, fault])).unwrap();
        assert_eq!((window.begin, window.end), (at(100_000), at(105_600)));
        // 5600 s long: from the fault, a twelfth before it, to a quarter after it.
        assert_eq!(window.from, Time::from_ns(at(99_000).ns() - 5_600_000_000_000 / 12));
        assert_eq!(window.to, at(107_000));
        assert!(window.meets(at(0), at(99_000)) && !window.meets(at(107_001), at(110_000)));
    }

    #[test]
    fn without_outages_the_longest_fault_is_shown() {
        let fault = track("fault", &[(10, 20), (100_000, 100_600)]);
        let found = window(&timeline(vec![fault])).unwrap();
        assert_eq!((found.begin, found.end), (at(100_000), at(100_600)));
        assert_eq!(window(&timeline(vec![track("write-region", &[(0, 9)])])), None);
        assert_eq!(window(&timeline(vec![])), None);
    }

    #[test]
    fn an_outage_at_the_very_start() {
        let found = window(&timeline(vec![track("block", &[(0, 0)])])).unwrap();
        assert_eq!((found.from, found.to), (at(0), at(15)));
    }
}
