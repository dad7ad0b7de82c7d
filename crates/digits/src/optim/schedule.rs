//! Share of the steps taken → the factor of the learning rate.

/// How the learning rate changes during training: before each step, [`fit`](crate::train::fit)
/// multiplies the optimiser's learning rate by [`factor`](Self::factor).
///
/// The factor `f` depends on `p`, the share of all steps that have been taken: 0 for the first
/// step, and below 1 for the last.
///
/// ```text
/// Constant    f(p) = 1
/// Linear      f(p) = 1 − p
/// Cosine      f(p) = (1 + cos πp) / 2
/// OneCycle    f(p) = s + (1 − s)·p / w    while p < w
///                    (1 − p) / (1 − w)    from there on
/// ```
///
/// Cosine: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", arXiv
/// 1608.03983, without the restarts. One cycle: Smith and Topin, "Super-convergence: very fast
/// training of neural networks using large learning rates", arXiv 1708.07120; the paper's last
/// phase, in which the rate falls below its first value, is part of the fall here.
///
/// ```
/// use digits::optim::Schedule;
///
/// let cycle = Schedule::OneCycle { warm_up: 0.2, start: 0.1 };
/// let factors = [0.0, 0.1, 0.2, 0.6, 1.0].map(|p| cycle.factor(p));
/// for (factor, expected) in factors.into_iter().zip([0.1, 0.55, 1.0, 0.5, 0.0]) {
///     assert!((factor - expected).abs() < 1e-12);
/// }
/// assert_eq!(Schedule::Linear.factor(0.25), 0.75);
/// assert_eq!(Schedule::Constant.factor(0.25), 1.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Schedule {
    /// The same learning rate in every step.
    #[default]
    Constant,
    /// Falls linearly to zero: the first steps are the largest, the last ones the smallest.
    Linear,
    /// Falls to zero along half a cosine wave: slowly, then fast, then slowly.
    Cosine,
    /// Rises linearly to 1, then falls linearly to zero.
    OneCycle {
        /// `w`, 0 to 1: the share of all steps in which the factor rises.
        warm_up: f64,
        /// `s`, 0 to 1: the factor at the first step.
        start: f64,
    },
}

impl Schedule {
    /// PyTorch's `OneCycleLR` with `anneal_strategy="linear"`: the factor rises from 0.04 to 1 in
    /// the first 30 % of the steps.
    pub fn one_cycle() -> Self {
        Self::OneCycle {
            warm_up: 0.3,
            start: 0.04,
        }
    }

    /// The factor of the learning rate once a share of `progress`, 0 to 1, of all steps has been
    /// taken. Values below 0 count as 0, values above 1 as 1.
    pub fn factor(self, progress: f64) -> f64 {
        let p = progress.clamp(0.0, 1.0);
        match self {
            Self::Constant => 1.0,
            Self::Linear => 1.0 - p,
            Self::Cosine => f64::midpoint(1.0, (std::f64::consts::PI * p).cos()),
            Self::OneCycle { warm_up, start } if p < warm_up => start + (1.0 - start) * p / warm_up,
            Self::OneCycle { warm_up, .. } => (1.0 - p) / (1.0 - warm_up).max(f64::MIN_POSITIVE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CYCLE: Schedule = Schedule::OneCycle {
        warm_up: 0.3,
        start: 0.04,
    };

    #[test]
    fn one_cycle_rises_to_one_and_falls_to_zero() {
        assert_eq!(CYCLE.factor(0.0), 0.04);
        assert!((CYCLE.factor(0.15) - 0.52).abs() < 1e-12);
        assert_eq!(CYCLE.factor(0.3), 1.0);
        assert!((CYCLE.factor(0.65) - 0.5).abs() < 1e-12);
        assert_eq!(CYCLE.factor(1.0), 0.0);
        assert_eq!(CYCLE, Schedule::one_cycle());
    }

    #[test]
    fn one_cycle_has_no_jump() {
        for step in 0..1000 {
            let [before, after] = [step, step + 1].map(|t| CYCLE.factor(f64::from(t) / 1000.0));
            assert!(
                (after - before).abs() < 0.004,
                "at {step}: {before} to {after}"
            );
        }
    }

    #[test]
    fn one_cycle_without_warm_up_is_linear() {
        let falls = Schedule::OneCycle {
            warm_up: 0.0,
            start: 0.5,
        };
        for p in [0.0, 0.1, 0.5, 0.9, 1.0] {
            assert_eq!(falls.factor(p), Schedule::Linear.factor(p));
        }
    }

    #[test]
    fn one_cycle_can_rise_until_the_last_step() {
        let rises = Schedule::OneCycle {
            warm_up: 1.0,
            start: 0.0,
        };
        assert_eq!(rises.factor(0.75), 0.75);
        assert_eq!(rises.factor(1.0), 0.0);
    }

    #[test]
    fn linear_and_cosine_have_the_same_sum_and_meet_half_way() {
        let sum = |schedule: Schedule| {
            (0..1000)
                .map(|t| schedule.factor((f64::from(t) + 0.5) / 1000.0))
                .sum::<f64>()
        };
        for schedule in [Schedule::Linear, Schedule::Cosine] {
            assert!((sum(schedule) - 500.0).abs() < 1e-6);
            assert!((schedule.factor(0.5) - 0.5).abs() < 1e-12);
        }
        assert!(Schedule::Cosine.factor(0.1) > Schedule::Linear.factor(0.1));
        assert!(Schedule::Cosine.factor(0.9) < Schedule::Linear.factor(0.9));
    }
}
