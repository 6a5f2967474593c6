//! The `zonefall` command.

fn main() {}
