//! What would help most, for the terminal.

use super::figure::difference;
use super::table::Table;
use crate::experiment::WhatIf;

/// The change of time down and of lost writes without each thing left out, what helps most first.
pub fn what_if(list: &[WhatIf]) -> String {
    let mut text = String::new();
    for group in list.chunk_by(|a, b| (&a.variant, &a.subject, a.kind) == (&b.variant, &b.subject, b.kind)) {
        let first = &group[0];
        let mut table = Table::new(&["without", "min/year", "writes lost"]);
        for w in group {
            let (sort, name) = w.without.words();
            let lost = w.writes_lost.as_ref().map_or_else(String::new, difference);
            table.row(vec![format!("{sort} {name}"), difference(&w.down), lost]);
        }
        text += &format!(
            "\n{}: what would help most, {} {}: change of time down\n",
            first.variant, first.subject, first.kind
        );
        for line in table.lines() {
            text += &format!("  {line}\n");
        }
    }
    text
}
