//! Work on numbered items in parallel, in blocks, with results in order and bounded memory.
//!
//! Items are split into blocks of a fixed size that does not depend on the number of workers. Workers take blocks
//! in ascending order; what a block yields is handed to the caller's thread in the order of blocks. A worker that
//! is too far ahead of the slowest one waits, so that at most a few blocks per worker are held.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Blocks that may wait for their turn, for each worker.
const AHEAD: u64 = 4;

/// How the items are split and by how many they are worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The items' numbers.
    pub items: Range<u64>,
    /// Items in a block, at least 1 (0 counts as 1).
    pub block: u64,
    /// Workers, at least 1 (0 counts as 1). Results do not depend on it.
    pub jobs: usize,
}

/// Why the work stopped early.
#[derive(Debug)]
pub enum Stop<E, D> {
    /// An item failed. Of several failing items it is always the first, for any number of workers.
    Item {
        /// The item's number.
        item: u64,
        /// What went wrong.
        why: ItemError<E>,
    },
    /// The caller did not want what a block yielded.
    Delivery(D),
    /// The cancel flag was set.
    Cancelled,
}

/// Why an item failed.
#[derive(Debug)]
pub enum ItemError<E> {
    /// The work returned an error.
    Failed(E),
    /// The work panicked, with this message.
    Panicked(String),
}

/// What the workers and the caller's thread share.
struct Desk<R, E> {
    board: Mutex<Board<R, E>>,
    changed: Condvar,
}

struct Board<R, E> {
    /// The next block to be taken.
    next: u64,
    /// Blocks below this one have been delivered.
    delivered: u64,
    /// Blocks done and not delivered.
    ready: BTreeMap<u64, R>,
    /// Workers still running.
    running: usize,
    /// The first item that failed so far.
    failed: Option<(u64, ItemError<E>)>,
    /// No more blocks are to be taken.
    stop: bool,
    /// The cancel flag was seen.
    cancelled: bool,
}

impl<R, E> Board<R, E> {
    fn cancel(&mut self) {
        self.cancelled = true;
        self.stop = true;
    }
}

impl<R, E> Desk<R, E> {
    /// Nothing panics while it holds the lock, so a poisoned lock cannot hide broken data.
    fn lock(&self) -> MutexGuard<'_, Board<R, E>> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, board: MutexGuard<'a, Board<R, E>>) -> MutexGuard<'a, Board<R, E>> {
        self.changed.wait(board).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Split {
    fn blocks(&self) -> u64 {
        (self.items.end.saturating_sub(self.items.start)).div_ceil(self.block.max(1))
    }

    fn range(&self, block: u64) -> Range<u64> {
        let size = self.block.max(1);
        let start = self.items.start + block * size;
        start..start.saturating_add(size).min(self.items.end)
    }
}

/// Does `work` on every item and returns the workers, in no particular order.
///
/// Each thread makes its own worker with `make`. What the items of a block add to an `R` goes to `deliver`, block
/// by block in ascending order, on the caller's thread; `progress` is then told how many items are done.
/// `cancel` is looked at before each item; what has failed by then is no longer told, as it may not be the first.
///
/// # Errors
/// The first failing item, a panic in it included; an error of `deliver`; or that `cancel` was set.
pub fn run<W, R, E, D>(
    split: &Split,
    cancel: &AtomicBool,
    make: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, u64, &mut R) -> Result<(), E> + Sync,
    mut deliver: impl FnMut(R) -> Result<(), D>,
    mut progress: impl FnMut(u64),
) -> Result<Vec<W>, Stop<E, D>>
where
    W: Send,
    R: Default + Send,
    E: Send,
{
    let blocks = split.blocks();
    let jobs = usize::try_from(blocks).unwrap_or(usize::MAX).min(split.jobs.max(1)).max(1);
    let board = Board {
        next: 0,
        delivered: 0,
        ready: BTreeMap::new(),
        running: jobs,
        failed: None,
        stop: false,
        cancelled: false,
    };
    let desk = Desk { board: Mutex::new(board), changed: Condvar::new() };
    let window = AHEAD * jobs as u64;
    let (refused, workers) = std::thread::scope(|scope| {
        let body = || run_worker(&desk, split, window, cancel, &make, &work);
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(body)).collect();
        let refused = collect(&desk, split, &mut deliver, &mut progress);
        let workers: Vec<W> = threads.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect();
        (refused, workers)
    });
    let board = desk.board.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (board.failed, refused) {
        _ if board.cancelled => Err(Stop::Cancelled),
        (Some((item, why)), _) => Err(Stop::Item { item, why }),
        (None, Some(error)) => Err(Stop::Delivery(error)),
        (None, None) => Ok(workers),
    }
}

/// The life of one worker; `None` if it could not even be made (a panic, told on the board).
fn run_worker<W, R: Default, E>(
    desk: &Desk<R, E>,
    split: &Split,
    window: u64,
    cancel: &AtomicBool,
    make: &(impl Fn() -> W + Sync),
    work: &(impl Fn(&mut W, u64, &mut R) -> Result<(), E> + Sync),
) -> Option<W> {
    let made = catch_unwind(AssertUnwindSafe(make));
    let mut failed = None;
    let worker = match made {
        Ok(mut worker) => {
            while failed.is_none()
                && let Some(block) = take(desk, split, window, cancel)
            {
                match run_block(&mut worker, split.range(block), cancel, work) {
                    Ok(Some(result)) => {
                        desk.lock().ready.insert(block, result);
                        desk.changed.notify_all();
                    }
                    Ok(None) => desk.lock().cancel(),
                    Err(failure) => failed = Some(failure),
                }
            }
            Some(worker)
        }
        Err(panic) => {
            failed = Some((split.items.start, ItemError::Panicked(message(&*panic))));
            None
        }
    };
    let mut board = desk.lock();
    board.running -= 1;
    if let Some((item, why)) = failed {
        // Blocks are taken in ascending order and finished once taken, so every item before a failing one has
        // been tried when the last worker leaves: the smallest number is the same for any number of workers.
        board.stop = true;
        if board.failed.as_ref().is_none_or(|(first, _)| item < *first) {
            board.failed = Some((item, why));
        }
    }
    drop(board);
    desk.changed.notify_all();
    worker
}

/// What a block yields; `None` if it was cancelled.
fn run_block<W, R: Default, E>(
    worker: &mut W,
    items: Range<u64>,
    cancel: &AtomicBool,
    work: &(impl Fn(&mut W, u64, &mut R) -> Result<(), E> + Sync),
) -> Result<Option<R>, (u64, ItemError<E>)> {
    let mut result = R::default();
    for item in items {
        if cancel.load(Ordering::Relaxed) {
            return Ok(None);
        }
        // A worker is never used again after a panic, so that a torn state cannot be seen.
        match catch_unwind(AssertUnwindSafe(|| work(worker, item, &mut result))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err((item, ItemError::Failed(error))),
            Err(panic) => return Err((item, ItemError::Panicked(message(&*panic)))),
        }
    }
    Ok(Some(result))
}

/// The next block to work on; `None` when there is none or the work is to stop.
fn take<R, E>(desk: &Desk<R, E>, split: &Split, window: u64, cancel: &AtomicBool) -> Option<u64> {
    let mut board = desk.lock();
    // Looked at only where there is something left to cut short.
    if board.next < split.blocks() && cancel.load(Ordering::Relaxed) {
        board.cancel();
    }
    if board.stop || board.next >= split.blocks() {
        return None;
    }
    let block = board.next;
    board.next += 1;
    while block >= board.delivered + window {
        // A failing block is never delivered. It lies below every block that has to wait, so nothing is missed
        // when those are given up.
        if board.stop {
            return None;
        }
        board = desk.wait(board);
    }
    Some(block)
}

/// Lets all workers leave should the caller's own code panic: they could otherwise wait for ever.
struct Release<'a, R, E>(&'a Desk<R, E>);

impl<R, E> Drop for Release<'_, R, E> {
    fn drop(&mut self) {
        self.0.lock().stop = true;
        self.0.changed.notify_all();
    }
}

/// Delivers blocks in order until all workers have left. Returns the error of `deliver`, if any.
fn collect<R, E, D>(
    desk: &Desk<R, E>,
    split: &Split,
    deliver: &mut impl FnMut(R) -> Result<(), D>,
    progress: &mut impl FnMut(u64),
) -> Option<D> {
    let _release = Release(desk);
    let mut refused = None;
    let mut board = desk.lock();
    loop {
        let next = board.delivered;
        if let Some(result) = board.ready.remove(&next) {
            drop(board);
            if refused.is_none() {
                refused = deliver(result).err();
                progress(split.range(next).end - split.items.start);
            }
            board = desk.lock();
            board.delivered += 1;
            board.stop |= refused.is_some();
            desk.changed.notify_all();
        } else if board.running == 0 {
            break;
        } else {
            board = desk.wait(board);
        }
    }
    drop(board); // before `_release`, which takes the lock
    refused
}

fn message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_string()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "panic without a message".to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    type Never = std::convert::Infallible;

    fn split(items: Range<u64>, jobs: usize) -> Split {
        Split { items, block: 7, jobs }
    }

    #[test]
    fn every_item_once_and_blocks_in_order() {
        for jobs in [0, 1, 2, 8, 40] {
            let cancel = AtomicBool::new(false);
            let mut seen: Vec<u64> = Vec::new();
            let mut done = Vec::new();
            let workers = run(
                &split(3..103, jobs),
                &cancel,
                || 0u64,
                |sum, item, rows: &mut Vec<u64>| -> Result<(), Never> {
                    *sum += item;
                    rows.push(item);
                    if item % 14 == 3 {
                        std::thread::yield_now(); // stir the order
                    }
                    Ok(())
                },
                |rows| -> Result<(), Never> {
                    seen.extend(rows);
                    Ok(())
                },
                |n| done.push(n),
            )
            .unwrap();
            assert_eq!(seen, (3..103).collect::<Vec<u64>>(), "jobs {jobs}");
            assert_eq!(workers.iter().sum::<u64>(), (3..103).sum::<u64>());
            assert_eq!(done.last(), Some(&100));
            assert!(done.is_sorted());
        }
    }

    #[test]
    fn the_first_failure_wins_for_any_number_of_workers() {
        for jobs in [1, 2, 3, 8] {
            let result = run(
                &split(0..10_000, jobs),
                &AtomicBool::new(false),
                || (),
                |(), item, _: &mut ()| match item {
                    // The later one fails at once, the earlier one takes its time.
                    41 => {
                        std::thread::sleep(std::time::Duration::from_millis(5));
                        panic!("at {item}")
                    }
                    50 | 9_000 => Err(item),
                    _ => Ok(()),
                },
                |()| -> Result<(), Never> { Ok(()) },
                |_| {},
            );
            let Err(Stop::Item { item: 41, why: ItemError::Panicked(text) }) = result else {
                panic!("jobs {jobs}: {result:?}")
            };
            assert_eq!(text, "at 41");
        }
    }

    #[test]
    fn few_blocks_wait_for_a_slow_one() {
        let held = AtomicUsize::new(0);
        let most = AtomicUsize::new(0);
        let jobs = 4;
        run(
            &Split { items: 0..400, block: 1, jobs },
            &AtomicBool::new(false),
            || (),
            |(), item, _: &mut ()| -> Result<(), Never> {
                if item == 0 {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                most.fetch_max(held.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                Ok(())
            },
            |()| -> Result<(), Never> {
                held.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            },
            |_| {},
        )
        .unwrap();
        // Items done and not delivered: the window, and at most one delivery under way.
        assert!(most.load(Ordering::SeqCst) <= AHEAD as usize * jobs + 1, "{most:?}");
    }

    #[test]
    fn cancelling_and_refusing_stop_the_work() {
        let run = |cancel: &AtomicBool, refuse: bool| {
            run(
                &split(0..1_000_000_000, 2),
                cancel,
                || (),
                |(), item, _: &mut ()| -> Result<(), Never> {
                    if item == 1000 && !refuse {
                        cancel.store(true, Ordering::Relaxed);
                    }
                    Ok(())
                },
                |()| if refuse { Err("full") } else { Ok(()) },
                |_| {},
            )
        };
        assert!(matches!(run(&AtomicBool::new(false), false), Err(Stop::Cancelled)));
        assert!(matches!(run(&AtomicBool::new(true), false), Err(Stop::Cancelled)));
        assert!(matches!(run(&AtomicBool::new(false), true), Err(Stop::Delivery("full"))));
    }

    #[test]
    fn one_long_block_is_cancelled_too() {
        for jobs in [1, 3] {
            let cancel = AtomicBool::new(false);
            let last = AtomicUsize::new(0);
            let work = |(): &mut (), item: u64, (): &mut ()| -> Result<(), Never> {
                last.fetch_max(usize::try_from(item).unwrap(), Ordering::Relaxed);
                cancel.store(item == 5, Ordering::Relaxed);
                Ok(())
            };
            let split = Split { items: 0..1_000_000, block: 1_000_000, jobs };
            let result = run(&split, &cancel, || (), work, |()| Ok::<(), Never>(()), |_| {});
            assert!(matches!(result, Err(Stop::Cancelled)), "{result:?}");
            assert_eq!(last.into_inner(), 5);
        }
    }

    #[test]
    fn cancelling_when_all_is_done_changes_nothing() {
        let cancel = AtomicBool::new(false);
        let work = |(): &mut (), item: u64, (): &mut ()| -> Result<(), Never> {
            cancel.store(item == 6, Ordering::Relaxed);
            Ok(())
        };
        let result = run(&split(0..7, 2), &cancel, || (), work, |()| Ok::<(), Never>(()), |_| {});
        assert!(result.is_ok(), "{result:?}");
    }

    #[test]
    fn a_panic_while_making_a_worker_is_told() {
        let result = run(
            &split(5..100, 2),
            &AtomicBool::new(false),
            || panic!("no worker"),
            |(), _, _: &mut ()| -> Result<(), Never> { Ok(()) },
            |()| -> Result<(), Never> { Ok(()) },
            |_| {},
        );
        assert!(matches!(result, Err(Stop::Item { item: 5, why: ItemError::Panicked(_) })));
    }
}
