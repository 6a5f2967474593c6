//! How single replications went, and how to see them again.

use super::document::{Block, Cell, Section, Table};
use crate::experiment::{Study, Timeline};
use crate::sim::observe::TimelineEntry;
use crate::stats::number::{counted, duration, thousands};
use crate::units::Duration;

/// Most events that are told of one replication.
const MAX_EVENTS: usize = 150;

/// The worst replications of the variants.
pub(super) fn replications(study: &Study) -> Section {
    let mut section = Section::new("worst", "The worst that happened");
    if study.timelines.is_empty() {
        return section;
    }
    section.text(
        "Of each variant the replication in which most requests failed; without one, that which lost most writes. \
         The command shows it again, event by event.",
    );
    let (told, all) = (study.timelines.len(), study.outcome.variants.len());
    if told < all {
        section.text(format!("Told about {told} of {all} variants, the first in which anything failed."));
    }
    for timeline in &study.timelines {
        let mut blocks = vec![Block::Code { text: timeline.replay.clone() }];
        if let Some(block) = events(timeline) {
            blocks.push(block);
        }
        let title = format!("{}, replication {}", timeline.variant, timeline.replication);
        section.blocks.push(Block::Part { title, variant: Some(timeline.variant.clone()), blocks });
    }
    section
}

/// The events around outages, to unfold.
fn events(timeline: &Timeline) -> Option<Block> {
    let all = timeline.entries.len();
    let entries = around_outages(&timeline.entries);
    let caption = format!("{}, replication {}: events", timeline.variant, timeline.replication);
    let mut table = Table::new(caption, &["After#", "What", "Event", "In words"]);
    for entry in entries.iter().take(MAX_EVENTS) {
        let at = entry.at.ns() as f64 / 1e9;
        table.row(
            None,
            vec![
                Cell::number(duration(at), Some(at)),
                Cell::text(&entry.object),
                Cell::text(entry.event),
                Cell::text(&entry.detail),
            ],
        );
    }
    let more = entries.len().saturating_sub(MAX_EVENTS);
    if more > 0 {
        table.note(&format!("{} follow; the command shows them.", counted(more as u64, "more event")));
    }
    let summary = match entries.len() {
        n if n == all => counted(n as u64, "event"),
        n => format!("{} of {all} events: those around outages", thousands(n as u64)),
    };
    let table = table.block("what the command shows")?;
    Some(Block::Details { summary, printed: true, blocks: vec![table] })
}

/// What happened from an hour before an outage until it was over; everything where there was no outage.
fn around_outages(entries: &[TimelineEntry]) -> Vec<&TimelineEntry> {
    let mut open = 0usize;
    let mut times: Vec<(u64, u64)> = Vec::new();
    for entry in entries {
        match entry.event {
            "outage-start" => {
                open += 1;
                if open == 1 {
                    times.push((entry.at.ns().saturating_sub(Duration::HOUR.ns()), u64::MAX));
                }
            }
            "outage-end" => {
                open = open.saturating_sub(1);
                if let (0, Some(last)) = (open, times.last_mut()) {
                    last.1 = entry.at.ns();
                }
            }
            _ => {}
        }
    }
    let told = |entry: &&TimelineEntry| {
        let at = entry.at.ns();
        times.is_empty() || times.iter().any(|(from, to)| (*from..=*to).contains(&at))
    };
    entries.iter().filter(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Time;

    #[test]
    fn only_what_is_around_outages_is_told() {
        let entry = |hours: u64, event: &'static str| TimelineEntry {
            at: Time::ZERO + Duration::from_secs(3_600 * hours),
            object: String::new(),
            event,
            detail: String::new(),
        };
        let hours = |entries: &[TimelineEntry]| -> Vec<u64> {
            around_outages(entries).iter().map(|e| e.at.ns() / Duration::HOUR.ns()).collect()
        };
        let mut story = vec![entry(1, "fault"), entry(2, "repair")];
        assert_eq!(hours(&story), [1, 2]);
        // Two outages that overlap, and one that never ends.
        let more = [
            (4, "fault"),
            (5, "outage-start"),
            (6, "outage-start"),
            (7, "outage-end"),
            (8, "fault"),
            (9, "outage-end"),
            (10, "fault"),
            (12, "outage-start"),
            (20, "fault"),
        ];
        story.extend(more.map(|(at, event)| entry(at, event)));
        assert_eq!(hours(&story), [4, 5, 6, 7, 8, 9, 12, 20]);
    }
}
