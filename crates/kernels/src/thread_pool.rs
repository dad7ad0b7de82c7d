//! A pool of threads that share the parts of a loop, and spin between two loops.
//!
//! An operation on a batch takes some tens of microseconds, and waking a sleeping thread about as
//! long. So the workers of a [`ThreadPool`] spin for a while, waiting for the next loop, before
//! they sleep, and the calling thread works on its own loop: it never waits for a worker that has
//! not begun a part. That is why this is not `rayon`, whose threads sleep between two loops.
//!
//! The parts of a loop must not depend on the number of threads, and each part is worked on by one
//! thread: the results are then the same bits on one thread and on many. Each thread begins with
//! its share of neighbouring parts, so that what it wrote in one loop is still in its own cache in
//! the next, and takes over parts of the others when its share is done.
//!
//! The environment variable `DIGITS_THREADS` sets the number of threads; the default is one per
//! core.
use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

/// The largest number of parts of a loop.
pub const MAX_PARTS: usize = 32;

/// How often a worker looks for work before it sleeps; one look takes about 50 ns.
const SPINS: u32 = 4000;

/// The number of looks after which a spinning thread yields its core to other processes.
const SPINS_PER_YIELD: u32 = 64;

/// The body of a loop: a function of the part's number.
type Work<'a> = &'a (dyn Fn(usize) + Sync);

/// The state of the loop that is being shared.
#[derive(Default)]
struct Shared {
    /// The loop's number (upper half), and the parts that no thread has taken (lower half, a bit
    /// each).
    parts: AtomicU64,
    /// The number of parts (upper half) and of threads (lower half), which give each thread its
    /// share.
    shares: AtomicU64,
    /// The number of parts that are done.
    done: AtomicUsize,
    /// The body of the loop. Only a thread that has taken a part of the present loop may call it.
    work: Mutex<Option<Work<'static>>>,
    /// The payload of a part that panicked.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// The number of workers that sleep.
    asleep: Mutex<usize>,
    wake: Condvar,
    sleepers: AtomicUsize,
    closed: AtomicUsize,
}

/// Locks `mutex`, also after a panic of another thread that held it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Takes a part for the thread `me`: the first left of its share, or else the last left of all.
    fn take(&self, me: usize) -> Option<usize> {
        let shares = self.shares.load(SeqCst);
        let (parts, threads) = ((shares >> 32) as usize, (shares as u32).max(1) as usize);
        let before = |me: usize| (1u64 << (me * parts / threads).min(MAX_PARTS)) - 1;
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

    /// Runs parts as the thread `me` until none is left.
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

    /// The loop of a worker thread.
    fn serve(&self, me: usize) {
        let mut spins = 0;
        while self.closed.load(SeqCst) == 0 {
            if self.parts.load(SeqCst) as u32 != 0 {
                self.work(me);
                spins = 0;
            } else if spins < SPINS {
                pause(spins);
                spins += 1;
            } else {
                self.sleep();
                spins = 0;
            }
        }
    }

    /// Sleeps until there are parts to run or the pool is closed.
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

    /// Wakes the workers that sleep.
    fn wake(&self) {
        if self.sleepers.load(SeqCst) > 0 {
            // A worker that is about to sleep holds this lock: it has seen the new parts, or waits.
            let _asleep = locked(&self.asleep);
            self.wake.notify_all();
        }
    }
}

/// Waits a moment; now and then yields the core to other processes.
fn pause(spins: u32) {
    if spins % SPINS_PER_YIELD == SPINS_PER_YIELD - 1 {
        thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}

/// Threads that share loops: the calling thread, and workers.
///
/// ```
/// use kernels::thread_pool::{ThreadPool, map};
/// let pool = std::sync::Arc::new(ThreadPool::new(2));
/// assert_eq!(pool.install(|| map([1, 2, 3], |_, x| 10 * x)), [10, 20, 30]);
/// ```
pub struct ThreadPool {
    shared: Arc<Shared>,
    workers: Vec<thread::JoinHandle<()>>,
    /// Locked while a loop is being shared.
    busy: Mutex<()>,
}

impl ThreadPool {
    /// A pool of `threads` threads, including the calling one.
    pub fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let workers = (1..threads)
            .filter_map(|me| {
                let shared = Arc::clone(&shared);
                let worker = thread::Builder::new().name(format!("digits-{me}"));
                // If it fails, the other threads take its parts.
                worker.spawn(move || shared.serve(me)).ok()
            })
            .collect();
        Self {
            shared,
            workers,
            busy: Mutex::new(()),
        }
    }

    /// The number of threads, including the calling one.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `work` once for each part from 0 to `parts` − 1, on several threads.
    ///
    /// If the pool is busy with another loop, the calling thread runs all parts itself.
    ///
    /// # Panics
    /// If `parts` is more than [`MAX_PARTS`]. If `work` panics, once all other parts are done.
    pub fn run(&self, parts: usize, work: impl Fn(usize) + Sync) {
        assert!(
            parts <= MAX_PARTS,
            "expected at most {MAX_PARTS} parts, found {parts}"
        );
        let alone = self.workers.is_empty() || parts < 2;
        let Some(_busy) = (!alone).then(|| self.busy.try_lock().ok()).flatten() else {
            return (0..parts).for_each(work);
        };
        let work: Work<'_> = &work;
        // SAFETY: only the lifetime changes. The reference is called by threads that have taken a
        // part, `run` returns after all parts are done, and no part can be taken from then on until
        // the next `run` has replaced the reference.
        let work = unsafe { std::mem::transmute::<Work<'_>, Work<'static>>(work) };
        *locked(&self.shared.work) = Some(work);
        self.shared.done.store(0, SeqCst);
        let shares = (parts as u64) << 32 | self.threads() as u64;
        self.shared.shares.store(shares, SeqCst);
        let before = self.shared.parts.load(SeqCst) >> 32;
        let all = (1u64 << parts) - 1;
        self.shared.parts.store((before + 1) << 32 | all, SeqCst);
        self.shared.wake();
        self.shared.work(0);
        let mut spins = 0;
        while self.shared.done.load(SeqCst) < parts {
            pause(spins);
            spins += 1;
        }
        *locked(&self.shared.work) = None;
        if let Some(panic) = locked(&self.shared.panic).take() {
            resume_unwind(panic);
        }
    }

    /// Calls `f`; the loops that it shares from this thread run on this pool.
    pub fn install<R>(self: &Arc<Self>, f: impl FnOnce() -> R) -> R {
        struct Back(Option<Arc<ThreadPool>>);
        impl Drop for Back {
            fn drop(&mut self) {
                INSTALLED.replace(self.0.take());
            }
        }
        let _back = Back(INSTALLED.replace(Some(Arc::clone(self))));
        f()
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.shared.closed.store(1, SeqCst);
        {
            let _asleep = locked(&self.shared.asleep);
            self.shared.wake.notify_all();
        }
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

thread_local! {
    static INSTALLED: RefCell<Option<Arc<ThreadPool>>> = const { RefCell::new(None) };
}

/// The pool that a thread uses if it has not installed another.
fn global() -> &'static ThreadPool {
    static GLOBAL: OnceLock<ThreadPool> = OnceLock::new();
    GLOBAL.get_or_init(|| ThreadPool::new(threads_wanted(std::env::var("DIGITS_THREADS").ok())))
}

/// The number in `DIGITS_THREADS`, or the number of cores.
fn threads_wanted(variable: Option<String>) -> usize {
    let wanted = variable.and_then(|text| text.trim().parse().ok());
    wanted
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
        .clamp(1, MAX_PARTS)
}

/// Calls `work` once for each part from 0 to `parts` − 1, on several threads: see
/// [`ThreadPool::run`].
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// let sum = AtomicUsize::new(0);
/// kernels::thread_pool::run(4, |part| {
///     sum.fetch_add(part, Ordering::Relaxed);
/// });
/// assert_eq!(sum.into_inner(), 0 + 1 + 2 + 3);
/// ```
pub fn run(parts: usize, work: impl Fn(usize) + Sync) {
    match INSTALLED.with_borrow(Option::clone) {
        Some(pool) => pool.run(parts, work),
        None => global().run(parts, work),
    }
}

/// Calls `work` with each item and its index, on several threads; returns the results in the items'
/// order.
///
/// Each item is typically what one thread writes to, such as a chunk of a slice; at most
/// [`MAX_PARTS`].
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

/// [`map`] without results.
pub fn for_each<T: Send>(items: impl IntoIterator<Item = T>, work: impl Fn(usize, T) + Sync) {
    map(items, work);
}

#[cfg(test)]
mod tests;
