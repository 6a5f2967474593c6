//! What would help most, for the terminal.

use super::figure::difference;
use super::table::Table;
use crate::experiment::WhatIf;

/// The change of time down and of lost writes without each thing left out, what helps most first.
pub fn what_if(list: &[WhatIf]) -> String {
    let mut text = String::new();
    for group in WhatIf::groups(list) {
        let first = &group[0];
        let of = format!("{}: what would help most, {} {}", first.variant, first.subject, first.kind);
        if group.iter().all(WhatIf::changes_nothing) {
            text += &format!("\n{of}: nothing changes it\n");
            continue;
        }
        let mut table = Table::new(&["without", "min/year", "writes lost"]);
        for w in group {
            let (sort, name) = w.without.words();
            let lost = w.writes_lost.as_ref().map_or_else(String::new, difference);
            table.row(vec![format!("{sort} {name}"), difference(&w.down), lost]);
        }
        text += &format!("\n{of}: change of time down\n");
        for line in table.lines() {
            text += &format!("  {line}\n");
        }
    }
    text
}
