//! What one process measures, and the medians over the bench's rounds.

use serde::{Deserialize, Serialize};

/// The matrix-product peak of the machine in single precision, by the library that this crate
/// multiplies with; a multiplication and an addition count as two operations.
///
/// A process measures it once; in the file, each number is the median of the bench's rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// The number of threads of `all_threads_gflops`.
    pub threads: usize,
    /// 10⁹ operations a second on one thread.
    pub one_thread_gflops: f64,
    /// The same in each round; empty if measured once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_thread_gflops_all: Vec<f64>,
    /// 10⁹ operations a second on all threads, each with matrices of its own.
    pub all_threads_gflops: f64,
    /// The same in each round; empty if measured once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all_threads_gflops_all: Vec<f64>,
}

/// What one process measured of one model: the last line that each program of the bench prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchRun {
    /// The version of the implementation, with that of the library it runs on.
    pub version: String,
    /// The number of trainable parameters of the model.
    pub parameters: usize,
    /// The number of images in a batch while it trained, B; `None` if the program does not say.
    #[serde(default)]
    pub batch_size: Option<usize>,
    /// The duration of the last epoch of 60,000 images in seconds.
    pub epoch_s: f64,
    /// The processor time of all threads in that epoch in seconds; `None` if the program or the
    /// system does not say.
    #[serde(default)]
    pub cpu_s: Option<f64>,
    /// The share of the test images that were classified correctly after that epoch: 0 to 1.
    pub test_accuracy: f64,
    /// Milliseconds from one image in memory to its class.
    pub latency_ms: f64,
    /// The number of images classified in a second, 200 at a time.
    pub images_per_s: f64,
    /// The most memory that the process held, in units of 10⁶ bytes; `None` where the system does
    /// not say.
    #[serde(default)]
    pub peak_mb: Option<f64>,
}

/// The cost of one model in one implementation. Each number is the median of the bench's rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The version of the implementation, with that of the library it runs on.
    pub version: String,
    /// The number of trainable parameters of the model.
    pub parameters: usize,
    /// The number of images in a batch while it trained, B.
    pub batch_size: usize,
    /// The duration of the second epoch of 60,000 images in seconds: order, batches, both passes,
    /// optimiser, loss and accuracy.
    pub epoch_s: f64,
    /// The same in each round.
    pub epoch_s_all: Vec<f64>,
    /// The share of the test images that were classified correctly after those two epochs: 0 to 1.
    pub test_accuracy: f64,
    /// The same in each round.
    pub test_accuracy_all: Vec<f64>,
    /// Milliseconds from one image in memory to its class.
    pub latency_ms: f64,
    /// The same in each round.
    pub latency_ms_all: Vec<f64>,
    /// The number of images classified in a second, 200 at a time.
    pub images_per_s: f64,
    /// The same in each round.
    pub images_per_s_all: Vec<f64>,
    /// The most memory that the process held, in units of 10⁶ bytes, data set and libraries
    /// included. `None` where the system does not say.
    pub peak_mb: Option<f64>,
    /// The same in each round that has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peak_mb_all: Vec<f64>,
    /// 10⁹ *nominal* operations a second while training: those of the textbook's sums, however they
    /// were computed. Twice the multiply-adds of the forward pass and of the gradients of weights
    /// and inputs, without the gradient of the images.
    pub gflops: f64,
}

/// A point of a [`sweep`](crate::Bench::sweep): this crate's epoch at one value of what was varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The value: a batch size, a width, a number of threads.
    pub at: usize,
    /// The duration of the second epoch of 60,000 images in seconds; the median of the rounds.
    pub epoch_s: f64,
    /// The same in each round.
    pub epoch_s_all: Vec<f64>,
    /// 10⁹ nominal operations a second, as [`Measurement::gflops`].
    pub gflops: f64,
}
