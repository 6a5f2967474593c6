//! The replicas of one partition in one region.

use crate::Ms;
use crate::faults::Env;
use zonefall::model::Store;

/// One replica.
#[derive(Clone, Debug)]
struct Replica {
    node: usize,
    up: bool,
    data: bool,
    member: bool,
    /// Since when it is down or empty.
    gone: Option<Ms>,
    /// It left in an announced way.
    drained: bool,
    /// When its rebuild is done.
    rebuilt: Option<Ms>,
}

/// A partition's replicas in one region and what they can do.
#[derive(Clone, Debug)]
pub struct Copy {
    replicas: Vec<Replica>,
    /// Too few members hold data.
    pub lost: bool,
    pub commits: bool,
    pub reads: bool,
    /// Time to rebuild a replica; `None`: never.
    rebuild: Option<Ms>,
}

/// What the copy needs to know about its surroundings.
pub struct Around<'a> {
    pub env: &'a Env,
    pub store: &'a Store,
    /// Enough zones live, and no partial fault hits this partition.
    pub whole: bool,
    pub now: Ms,
}

impl Copy {
    pub fn new(nodes: &[usize], rebuild: Option<Ms>) -> Copy {
        let replica = |&node| Replica {
            node,
            up: true,
            data: true,
            member: true,
            gone: None,
            drained: false,
            rebuilt: None,
        };
        Copy {
            replicas: nodes.iter().map(replica).collect(),
            lost: false,
            commits: true,
            reads: true,
            rebuild,
        }
    }

    fn count(&self, wanted: impl Fn(&Replica) -> bool) -> usize {
        self.replicas.iter().filter(|r| wanted(r)).count()
    }

    fn members(&self) -> usize {
        self.count(|r| r.member)
    }

    fn alive(&self) -> usize {
        self.count(|r| r.member && r.up && r.data)
    }

    pub fn up(&self) -> usize {
        self.count(|r| r.up)
    }

    fn quorum(&self, store: &Store) -> usize {
        let n = self.members();
        if n == self.replicas.len() { usize::from(store.write_quorum) } else { n / 2 + 1 }
    }

    /// So many members are sure to include every acknowledged write.
    fn safe(&self, store: &Store) -> usize {
        self.members() + 1 - self.quorum(store)
    }

    /// Brings the copy to this instant; returns whether it was lost just now.
    pub fn update(&mut self, around: &Around<'_>) -> bool {
        let (env, now) = (around.env, around.now);
        for r in &mut self.replicas {
            r.up = !env.down[r.node];
            r.data &= !env.destroyed[r.node];
            if r.up && r.data {
                r.gone = None;
                r.drained = false;
            } else if r.gone.is_none() {
                r.gone = Some(now);
                r.drained = env.drained[r.node];
            }
            if !r.up {
                r.rebuilt = None;
            }
        }
        if self.lost {
            return false;
        }
        if self.count(|r| r.member && r.data) < self.safe(around.store) {
            self.lose();
            return true;
        }
        self.settle(around);
        self.rebuild(around);
        false
    }

    fn lose(&mut self) {
        for r in &mut self.replicas {
            r.data = false;
            r.member = false;
            r.rebuilt = None;
        }
        (self.lost, self.commits, self.reads) = (true, false, false);
    }

    /// Drops and takes in members until nothing changes.
    fn settle(&mut self, around: &Around<'_>) {
        let (store, now) = (around.store, around.now);
        let wait = store.reconfigure.map(crate::ms);
        loop {
            let due = |r: &Replica| {
                r.member && r.gone.is_some_and(|at| wait.is_some_and(|d| r.drained || now >= at + d))
            };
            if self.count(due) > 0 && self.alive() >= self.safe(store) {
                for r in &mut self.replicas {
                    if due(r) {
                        r.member = false;
                    }
                }
            }
            self.commits = around.whole && self.alive() >= self.quorum(store);
            let mut joined = false;
            for r in self.replicas.iter_mut().filter(|r| self.commits && !r.member && r.up && r.data) {
                r.member = true;
                joined = true;
            }
            if !joined {
                break;
            }
        }
        self.reads = around.whole && self.alive() >= usize::from(store.read_quorum);
    }

    /// Fills empty replicas from their peers.
    fn rebuild(&mut self, around: &Around<'_>) {
        // Peers that are sure to have everything; they need not be enough to commit.
        let whole = self.alive() >= self.safe(around.store);
        let Some(length) = self.rebuild.filter(|_| whole) else { return };
        let mut done = false;
        for r in self.replicas.iter_mut().filter(|r| r.up && !r.data) {
            let at = *r.rebuilt.get_or_insert(around.now + length);
            if around.now >= at {
                (r.data, r.gone, r.rebuilt) = (true, None, None);
                done = true;
            }
        }
        if done {
            self.settle(around);
        }
    }

    /// The copy is there again on all replicas that are up.
    pub fn refill(&mut self, around: &Around<'_>) {
        for r in self.replicas.iter_mut().filter(|r| r.up) {
            (r.data, r.member, r.gone, r.rebuilt) = (true, true, None, None);
        }
        self.lost = false;
        self.settle(around);
    }
}
