//! Redundancy blocks.

use super::context::Problem;
use super::diagnostic::code;
use super::reader::{Item, Named, Reader};
use super::selector::{self, Places};
use crate::model::{Block, Member, Target};
use std::collections::{BTreeMap, BTreeSet};

/// Most blocks, and most members of all blocks together.
const MAX_BLOCKS: usize = 10_000;
const MAX_MEMBERS: usize = 1_000_000;

/// A block whose members are other blocks by name.
struct Draft<'a> {
    name: &'a str,
    item: Item<'a>,
    need: u32,
    report: bool,
    targets: Vec<Target>,
    /// Indices of other drafts.
    blocks: BTreeSet<usize>,
}

/// Reads `[block.NAME]`; a block comes after the blocks it counts.
pub(super) fn read(root: &Reader<'_>, places: &Places<'_>) -> Vec<Block> {
    let Some(table) = root.table("block") else { return Vec::new() };
    let named = table.named();
    if named.len() > MAX_BLOCKS {
        table.error(Problem::new(code::LIMIT, "too many blocks", format!("at most {MAX_BLOCKS} are read")));
        return Vec::new();
    }
    let names: BTreeMap<&str, usize> = named.iter().enumerate().map(|(i, n)| (n.name, i)).collect();
    let mut drafts = Vec::new();
    let mut members = 0;
    for Named { name, item, .. } in &named {
        let Some(r) = item.table() else { continue };
        let found = draft(name, item, &r, places, &names);
        r.close();
        members += found.as_ref().map_or(0, |d| d.targets.len());
        if members > MAX_MEMBERS {
            let label = format!("all blocks together may have {MAX_MEMBERS}");
            item.error(Problem::new(code::LIMIT, "too many members", label));
            return Vec::new();
        }
        drafts.extend(found);
    }
    // With a broken block the indices of the others do not fit; its own errors are reported already.
    if drafts.len() < names.len() { Vec::new() } else { ordered(drafts) }
}

fn draft<'a>(
    name: &'a str,
    item: &Item<'a>,
    r: &Reader<'a>,
    places: &Places<'_>,
    names: &BTreeMap<&str, usize>,
) -> Option<Draft<'a>> {
    let of = r.require("of", "[\"node:*\"]");
    let k = r.require("k", "2");
    let report = r.get("report").map_or(Some(true), |i| i.boolean());
    let of = of?;
    let (mut targets, mut blocks) = (Vec::new(), BTreeSet::new());
    let members = of.one_or_many();
    let mut complete = true;
    for member in &members {
        let Some(text) = member.text() else {
            complete = false;
            continue;
        };
        let Some(other) = text.strip_prefix("block:") else {
            let found = selector::targets(places, member);
            complete &= !found.is_empty();
            targets.extend(found);
            continue;
        };
        match names.get(other) {
            Some(&i) if blocks.insert(i) => {}
            Some(_) => super::world::duplicate(member, "block", other),
            None if item.cx.full() => complete = false,
            None => {
                complete = false;
                let names: Vec<&str> = names.keys().copied().collect();
                let problem = Problem::new(code::BLOCK, format!("unknown block `{other}`"), "no such block");
                member.error(problem.did_you_mean(other, &names));
            }
        }
    }
    targets.sort();
    targets.dedup();
    let not_domain = targets.iter().find_map(|t| match t {
        Target::Domain(_) => None,
        Target::Link(_) => Some(("a block counts domains, not links", "names a link")),
        Target::Store { .. } => Some(("a block counts domains, not stores", "names a store")),
    });
    if let Some((message, label)) = not_domain {
        of.error(Problem::new(code::BLOCK, message, label));
        return None;
    }
    let count = targets.len() + blocks.len();
    let k_item = k?;
    let need = k_item.integer(1..=u64::from(u32::MAX))?;
    if complete && need > count as u64 {
        let message = format!("block `{name}` needs {need} of {count} members: it can never be up");
        k_item.error(Problem::new(code::BLOCK, message, format!("`of` has {count} members")));
        return None;
    }
    complete.then_some(())?;
    Some(Draft { name, item: item.clone(), need: need as u32, report: report?, targets, blocks })
}

/// Blocks in an order in which each comes after those it counts, else in that of declaration.
fn ordered(drafts: Vec<Draft<'_>>) -> Vec<Block> {
    let mut place: Vec<Option<u32>> = vec![None; drafts.len()];
    let mut found = Vec::new();
    while found.len() < drafts.len() {
        let next = (0..drafts.len())
            .find(|&i| place[i].is_none() && drafts[i].blocks.iter().all(|&b| place[b].is_some()));
        let Some(i) = next else {
            if let Some(stuck) = (0..drafts.len()).find(|&i| place[i].is_none()) {
                let message = format!("block `{}` contains itself", drafts[stuck].name);
                drafts[stuck].item.error(Problem::new(code::BLOCK, message, "by way of `of`"));
            }
            return Vec::new();
        };
        place[i] = Some(found.len() as u32);
        let draft = &drafts[i];
        let domains = draft.targets.iter().filter_map(|t| match t {
            Target::Domain(id) => Some(Member::Domain(*id)),
            Target::Link(_) | Target::Store { .. } => None,
        });
        let blocks = draft.blocks.iter().filter_map(|&b| place[b].map(Member::Block));
        found.push(Block {
            name: draft.name.to_owned(),
            need: draft.need,
            members: domains.chain(blocks).collect(),
            report: draft.report,
        });
    }
    found
}
