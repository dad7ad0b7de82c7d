//! The tests, tested: a gradient that is wrong in any of these ways, in any argument, fails each of them.
use super::{Backward, Operation, central, naive, pytorch};

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The sign is flipped.
    SignFlipped,
    /// Every value lands one place too far.
    IndexOff,
    /// The shares of half the outputs are left out.
    TermMissing,
    /// The gradient is written over the one that was there.
    NotAdded,
}

const FAULTS: [Fault; 4] = [
    Fault::SignFlipped,
    Fault::IndexOff,
    Fault::TermMissing,
    Fault::NotAdded,
];

/// Replaces one gradient of the operation by a broken one.
fn break_gradient(mut operation: Operation, argument: usize, fault: Fault) -> Operation {
    let whole = operation.backward.remove(argument);
    let broken: Backward = Box::new(move |arguments, dy, gradient| {
        let mut added = vec![0.0; gradient.len()];
        let mut dy = dy.to_vec();
        if let Fault::TermMissing = fault {
            let half = dy.len().div_ceil(2); // half: ReLU may have taken any single one already
            dy[..half].fill(0.0);
        }
        whole(arguments, &dy, &mut added);
        if let Fault::IndexOff = fault {
            added.rotate_right(1);
        }
        for (gradient, added) in gradient.iter_mut().zip(added) {
            match fault {
                Fault::SignFlipped => *gradient -= added,
                Fault::NotAdded => *gradient = added,
                Fault::IndexOff | Fault::TermMissing => *gradient += added,
            }
        }
    });
    operation.backward.insert(argument, broken);
    operation
}

/// Asserts that `check` accepts the operation and rejects it once any gradient is broken in any way, naming the argument.
pub fn rejects_every_fault(
    operation: impl Fn() -> Operation,
    check: impl Fn(&Operation) -> super::Verdict,
) {
    check(&operation()).unwrap();
    for (argument, (name, length)) in operation().arguments.iter().enumerate() {
        for fault in FAULTS {
            if *length == 1 && matches!(fault, Fault::IndexOff) {
                continue; // a single value has no other place to go to
            }
            let wrong = check(&break_gradient(operation(), argument, fault));
            let wrong = wrong.expect_err(&format!("{} of {fault:?}", operation().name));
            assert!(
                wrong.contains(name),
                "{fault:?} in {name} was reported as: {wrong}"
            );
        }
    }
}

#[test]
fn central_differences_reject_every_broken_gradient() {
    for i in 0..central::cases().len() {
        rejects_every_fault(|| central::cases().remove(i), central::check);
    }
}

#[test]
fn the_naive_twin_rejects_every_broken_gradient() {
    for i in 0..central::cases().len() {
        rejects_every_fault(
            || central::cases().remove(i),
            |operation| naive::check(operation, 3),
        );
    }
}

#[test]
fn pytorch_rejects_every_broken_gradient() {
    for case in pytorch::cases() {
        rejects_every_fault(
            || case.operation(),
            |operation| pytorch::check(operation, &case),
        );
    }
}

#[test]
fn a_broken_forward_pass_is_rejected() {
    for case in pytorch::cases() {
        let mut operation = case.operation();
        let whole = operation.forward;
        operation.forward = Box::new(move |arguments| {
            let mut y = whole(arguments);
            y.rotate_left(1);
            y
        });
        assert!(
            pytorch::check(&operation, &case).is_err(),
            "{}",
            operation.name
        );
        assert!(naive::check(&operation, 1).is_err(), "{}", operation.name);
    }
}

#[test]
fn the_naive_twin_catches_a_broken_gradient_of_the_dense_layer_with_relu() {
    rejects_every_fault(
        || Operation::linear_relu(9, 6, 5),
        |operation| naive::check(operation, 1),
    );
}
