use super::*;
use crate::{Epoch, Machine, Run};

fn runs(accuracies: [f64; 2], seconds: [f64; 2]) -> Runs {
    let run = |i: usize| Run {
        version: "x 1".into(),
        parameters: 10,
        seed: i as u64,
        epochs: vec![Epoch {
            loss: 0.5,
            accuracy: 0.5,
            val_loss: None,
            val_accuracy: None,
            seconds: seconds[i],
        }],
        test_loss: 0.1,
        test_accuracy: accuracies[i],
        load: Some(0.5),
    };
    Runs {
        runs: vec![run(0), run(1)],
        mean: (accuracies[0] + accuracies[1]) / 2.0,
        std: 0.001,
    }
}

fn comparison() -> Comparison {
    Comparison {
        origin: Origin {
            experiment: "example".into(),
            machine: Machine {
                cpu: "Some CPU".into(),
                cores: 2,
            },
            date: "2026-11-21".into(),
            command: "cargo xtask experiments example".into(),
        },
        keras: runs([0.990, 0.992], [9.0, 11.0]),
        digits: runs([0.989, 0.991], [2.0, 2.0]),
        difference: MeanDifference {
            mean: -0.001,
            degrees_of_freedom: 2.0,
            interval_95: [-0.007, 0.005],
            comparisons: 7,
            interval_95_corrected: [-0.020, 0.018],
        },
    }
}

#[test]
fn what_is_written_is_read() {
    let text = comparison().to_text().unwrap();
    let read: Comparison = serde_json::from_str(&text).unwrap();
    assert_eq!(read, comparison());
    assert_eq!(read.keras().test_accuracies(), [0.990, 0.992]);
    assert_eq!(read.keras().epoch_seconds(), 10.0);
    assert!(read.interval().contains(&0.0) && !read.interval().contains(&0.006));
    assert_eq!(read.corrected_interval(), -0.020..=0.018);
}

#[test]
fn the_table_has_a_line_for_each_seed_and_the_difference() {
    let table = comparison().to_string();
    assert!(
        table.starts_with("x 1\nSome CPU, 2 cores, 2026-11-21: cargo xtask experiments example\n"),
        "{table}"
    );
    assert!(
        table.contains("\nparameters           10       10\n"),
        "{table}"
    );
    assert!(
        table.contains("\nseed 1          99.20 %   99.10 %\n"),
        "{table}"
    );
    assert!(
        table.ends_with(
            "\nhere − Keras: -0.10 points, 95 % interval -0.70 to +0.50; \
             corrected for 7 comparisons, -2.00 to +1.80"
        ),
        "{table}"
    );
}
