use super::*;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

#[test]
fn every_part_is_done_once_however_often_and_however_many_threads() {
    for threads in [1, 2, 5] {
        let pool = Arc::new(ThreadPool::new(threads));
        assert_eq!(pool.threads(), threads);
        pool.install(|| {
            for round in 0..2000 {
                let parts = round % (MAX_PARTS + 1);
                let counts = [const { AtomicU32::new(0) }; MAX_PARTS];
                run(parts, |part| {
                    counts[part].fetch_add(1, SeqCst);
                });
                let counts = counts.map(AtomicU32::into_inner);
                assert!(counts[..parts].iter().all(|n| *n == 1), "{counts:?}");
                assert!(counts[parts..].iter().all(|n| *n == 0), "{counts:?}");
            }
        });
    }
}

#[test]
fn a_helper_that_has_fallen_asleep_is_woken() {
    let pool = ThreadPool::new(2);
    for _ in 0..3 {
        while pool.shared.sleepers.load(SeqCst) == 0 {
            thread::yield_now();
        }
        let (mine, met) = (thread::current().id(), AtomicU32::new(0));
        pool.run(2, |_| {
            if thread::current().id() != mine {
                met.store(1, SeqCst);
            }
            while met.load(SeqCst) == 0 {
                thread::sleep(Duration::from_micros(50)); // until the worker is here
            }
        });
    }
}

#[test]
fn several_threads_may_share_their_loops_at_once_and_within_each_other() {
    let pool = Arc::new(ThreadPool::new(3));
    let total = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                pool.install(|| {
                    for _ in 0..200 {
                        run(5, |_| {
                            run(2, |_| {
                                total.fetch_add(1, SeqCst);
                            })
                        });
                    }
                });
            });
        }
    });
    assert_eq!(total.into_inner(), 4 * 200 * 5 * 2);
}

#[test]
fn a_panic_reaches_the_caller_after_the_other_parts_and_the_team_lives_on() {
    let (pool, done) = (ThreadPool::new(2), AtomicU32::new(0));
    let caught = catch_unwind(AssertUnwindSafe(|| {
        pool.run(8, |part| {
            assert!(part != 3, "part {part}");
            done.fetch_add(1, SeqCst);
        });
    }));
    let message = *caught.unwrap_err().downcast::<String>().unwrap();
    assert_eq!((message.as_str(), done.load(SeqCst)), ("part 3", 7));
    pool.run(2, |_| {
        done.fetch_add(1, SeqCst);
    });
    assert_eq!(done.into_inner(), 9);
}

#[test]
fn results_stand_in_the_order_of_the_items() {
    assert_eq!(map([3, 1, 2], |i, item| i * 10 + item), [3, 11, 22]);
}

#[test]
fn the_variable_counts_threads_and_nonsense_is_ignored() {
    assert_eq!(threads_wanted(Some(" 3 ".into())), 3);
    assert_eq!(threads_wanted(Some("0".into())), 1);
    assert_eq!(threads_wanted(Some("many".into())), threads_wanted(None));
}
