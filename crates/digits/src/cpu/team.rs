//! Threads that share the parts of a loop, and stay awake between two loops.
//!
//! An operation on a batch takes some tens of microseconds, and waking a sleeping thread about as long. So the helpers of a
//! [`Team`] look out for the next loop for a while before they sleep, and the thread that calls works on its own loop
//! meanwhile: it waits for nobody who has not begun. A neighbour that keeps a core busy costs that core's share, no more.
//!
//! Which parts there are must not depend on the number of threads; each part is worked on by one thread. The results are
//! then the same bits on one thread and on many. Each thread begins with its share of neighbouring parts, so that what it wrote
//! in one loop is still in its own cache in the next, and helps the others when its share is done.
//!
//! The environment variable `DIGITS_THREADS` sets how many threads there are; otherwise, one for each core.
use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

/// Parts that one loop may have at most.
pub const MOST_PARTS: usize = 32;

/// How often a helper looks for work before it sleeps; a look takes about a twentieth of a microsecond.
const LOOKS: u32 = 4000;

/// Looks after which a waiting thread offers its core to another process.
const LOOKS_AT_A_STRETCH: u32 = 64;

type Work<'a> = &'a (dyn Fn(usize) + Sync);

/// The loop that is being shared.
#[derive(Default)]
struct Desk {
    /// Which loop it is (upper half), and which of its parts nobody has taken (lower half: one bit each).
    parts: AtomicU64,
    /// How many parts the loop has, and for how many threads: tells each thread its share.
    shares: AtomicU64,
    /// Parts that are done.
    done: AtomicUsize,
    /// What to do with a part. Only who has taken a part of the present loop may call it.
    work: Mutex<Option<Work<'static>>>,
    /// What a part panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// Helpers that sleep.
    asleep: Mutex<usize>,
    wake: Condvar,
    sleepers: AtomicUsize,
    closed: AtomicUsize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    /// Takes a part for the thread `me`: the first of its share, or else the last of all.
    fn take(&self, me: usize) -> Option<usize> {
        let shares = self.shares.load(SeqCst);
        let (parts, threads) = ((shares >> 32) as usize, (shares as u32).max(1) as usize);
        let before = |me: usize| (1u64 << (me * parts / threads).min(MOST_PARTS)) - 1;
        let share = (before(me + 1) & !before(me)) as u32;
        let mut seen = self.parts.load(SeqCst);
        loop {
            let left = seen as u32;
            if left == 0 {
                return None;
            }
            let part = match left & share {
                0 => u32::BITS - 1 - left.leading_zeros(),
                own => own.trailing_zeros(),
            };
            match self
                .parts
                .compare_exchange(seen, seen & !(1 << part), SeqCst, SeqCst)
            {
                Ok(_) => return Some(part as usize),
                Err(now) => seen = now,
            }
        }
    }

    /// Does parts as the thread `me` until none is left.
    fn work(&self, me: usize) {
        while let Some(part) = self.take(me) {
            let work = *locked(&self.work);
            if let Some(work) = work
                && let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(part)))
            {
                locked(&self.panic).get_or_insert(panic);
            }
            self.done.fetch_add(1, SeqCst);
        }
    }

    /// What a helper does all its life.
    fn help(&self, me: usize) {
        let mut looks = 0;
        while self.closed.load(SeqCst) == 0 {
            if self.parts.load(SeqCst) as u32 != 0 {
                self.work(me);
                looks = 0;
            } else if looks < LOOKS {
                pause(looks);
                looks += 1;
            } else {
                self.sleep();
                looks = 0;
            }
        }
    }

    fn sleep(&self) {
        let mut asleep = locked(&self.asleep);
        *asleep += 1;
        self.sleepers.store(*asleep, SeqCst);
        while self.parts.load(SeqCst) as u32 == 0 && self.closed.load(SeqCst) == 0 {
            asleep = self
                .wake
                .wait(asleep)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *asleep -= 1;
        self.sleepers.store(*asleep, SeqCst);
    }

    fn wake(&self) {
        if self.sleepers.load(SeqCst) > 0 {
            let _asleep = locked(&self.asleep); // whoever is about to sleep has looked, or is waiting, by now
            self.wake.notify_all();
        }
    }
}

/// Waits a moment; now and then lets another process have the core.
fn pause(looks: u32) {
    if looks % LOOKS_AT_A_STRETCH == LOOKS_AT_A_STRETCH - 1 {
        thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}

/// Some threads that share loops: the one that calls, and helpers.
pub struct Team {
    desk: Arc<Desk>,
    helpers: Vec<thread::JoinHandle<()>>,
    /// Held by the one loop that is being shared.
    busy: Mutex<()>,
}

impl Team {
    /// A team of that many threads, the caller counted; with one, it has no helper.
    pub fn new(threads: usize) -> Self {
        let desk = Arc::new(Desk::default());
        let helpers = (1..threads)
            .filter_map(|me| {
                let desk = Arc::clone(&desk);
                let helper = thread::Builder::new().name(format!("digits-{me}"));
                helper.spawn(move || desk.help(me)).ok() // without, the caller does all parts itself
            })
            .collect();
        Self {
            desk,
            helpers,
            busy: Mutex::new(()),
        }
    }

    /// How many threads there are, the caller counted.
    pub fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Calls `work` once for each part from 0 to `parts` − 1, on several threads.
    ///
    /// If the team is busy with another thread's loop (or this one's own), the caller does all parts itself.
    ///
    /// # Panics
    /// If there are more than [`MOST_PARTS`]; and if `work` panics, once all other parts are done.
    pub fn run(&self, parts: usize, work: impl Fn(usize) + Sync) {
        assert!(
            parts <= MOST_PARTS,
            "expected at most {MOST_PARTS} parts, found {parts}"
        );
        let alone = self.helpers.is_empty() || parts < 2;
        let Some(_busy) = (!alone).then(|| self.busy.try_lock().ok()).flatten() else {
            return (0..parts).for_each(work);
        };
        let work: Work<'_> = &work;
        // SAFETY: only the lifetime changes. The reference is called by threads that have taken a part, `run` returns after
        // all parts are done, and no part can be taken from then on until the next `run` has replaced the reference.
        let work = unsafe { std::mem::transmute::<Work<'_>, Work<'static>>(work) };
        *locked(&self.desk.work) = Some(work);
        self.desk.done.store(0, SeqCst);
        let shares = (parts as u64) << 32 | self.threads() as u64;
        self.desk.shares.store(shares, SeqCst);
        let before = self.desk.parts.load(SeqCst) >> 32;
        let all = (1u64 << parts) - 1;
        self.desk.parts.store((before + 1) << 32 | all, SeqCst);
        self.desk.wake();
        self.desk.work(0);
        let mut looks = 0;
        while self.desk.done.load(SeqCst) < parts {
            pause(looks);
            looks += 1;
        }
        *locked(&self.desk.work) = None;
        if let Some(panic) = locked(&self.desk.panic).take() {
            resume_unwind(panic);
        }
    }

    /// Calls `f`; loops that it shares from this thread are shared with this team.
    pub fn install<R>(self: &Arc<Self>, f: impl FnOnce() -> R) -> R {
        struct Back(Option<Arc<Team>>);
        impl Drop for Back {
            fn drop(&mut self) {
                INSTALLED.replace(self.0.take());
            }
        }
        let _back = Back(INSTALLED.replace(Some(Arc::clone(self))));
        f()
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.desk.closed.store(1, SeqCst);
        {
            let _asleep = locked(&self.desk.asleep);
            self.desk.wake.notify_all();
        }
        for helper in self.helpers.drain(..) {
            let _ = helper.join();
        }
    }
}

thread_local! {
    static INSTALLED: RefCell<Option<Arc<Team>>> = const { RefCell::new(None) };
}

/// The team of everybody who has installed none.
fn everybody() -> &'static Team {
    static EVERYBODY: OnceLock<Team> = OnceLock::new();
    EVERYBODY.get_or_init(|| Team::new(threads_wanted(std::env::var("DIGITS_THREADS").ok())))
}

/// The number in `DIGITS_THREADS`, or that of the cores.
fn threads_wanted(variable: Option<String>) -> usize {
    let told = variable.and_then(|text| text.trim().parse().ok());
    told.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
        .clamp(1, MOST_PARTS)
}

/// Calls `work` once for each part from 0 to `parts` − 1, on several threads: see [`Team::run`].
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// let sum = AtomicUsize::new(0);
/// digits::cpu::team::run(4, |part| {
///     sum.fetch_add(part, Ordering::Relaxed);
/// });
/// assert_eq!(sum.into_inner(), 0 + 1 + 2 + 3);
/// ```
pub fn run(parts: usize, work: impl Fn(usize) + Sync) {
    match INSTALLED.with_borrow(Option::clone) {
        Some(team) => team.run(parts, work),
        None => everybody().run(parts, work),
    }
}

/// Hands each of the items to `work`, with its number, on several threads; returns what it gives, in order.
///
/// The items are what a thread may change: typically chunks of slices, at most [`MOST_PARTS`].
pub fn map<T: Send, R: Send>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(usize, T) -> R + Sync,
) -> Vec<R> {
    let items: Vec<Mutex<(Option<T>, Option<R>)>> = items
        .into_iter()
        .map(|item| Mutex::new((Some(item), None)))
        .collect();
    run(items.len(), |part| {
        let mut item = locked(&items[part]);
        if let Some(input) = item.0.take() {
            item.1 = Some(work(part, input));
        }
    });
    let results = items.into_iter();
    results
        .filter_map(|item| item.into_inner().unwrap_or_else(PoisonError::into_inner).1)
        .collect()
}

/// [`map`] for work that gives nothing back.
pub fn for_each<T: Send>(items: impl IntoIterator<Item = T>, work: impl Fn(usize, T) + Sync) {
    map(items, work);
}

#[cfg(test)]
mod tests;
