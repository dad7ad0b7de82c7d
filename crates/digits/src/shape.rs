//! Output sizes as types: convolution and pooling compute their output shape in the type system, on
//! stable Rust.
//!
//! A window of side `K`, moved by a stride `S` over a side `N` padded with `P` on both ends, has
//!
//! ```text
//! ⌊(N + 2P − K) / S⌋ + 1
//! ```
//!
//! places (Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv
//! 1603.07285, relationship 6). Stable Rust cannot compute with const generics, so the three steps
//! — pad, fit, stride — are tables of trait implementations: every side up to 64, kernel up to 7,
//! stride up to 3 and padding up to 3.
//!
//! ```
//! use digits::shape::Window;
//! use digits::dfdx::shapes::{Const, ConstDim};
//! fn side<N: Window<3, 1, 0>>() -> usize where N::Out: ConstDim { <N::Out as ConstDim>::SIZE }
//! assert_eq!(side::<Const<28>>(), 26); // 28 − 3 + 1
//! ```
use dfdx::shapes::{Const, ConstDim, Dim, Shape};
use kernels::Window2d;

/// `N` + 2`P`: a side with `P` zeros added at both ends. A table: sides up to 64, padding up to 3.
#[diagnostic::on_unimplemented(
    message = "images with a side of `{Self}` pixels, padded by {P}, are larger than this crate computes with",
    label = "sides reach from 1 to 64 pixels, padding from 0 to 3"
)]
pub trait Pad<const P: usize>: ConstDim {
    /// The padded side.
    type Out: ConstDim;
}

/// `N` − `K` + 1: the number of places that a window of side `K` has on a (padded) side `N`. A
/// table: `K` up to 7.
#[diagnostic::on_unimplemented(
    message = "a window of side {K} does not fit on a side of `{Self}` pixels",
    label = "the window is larger than the (padded) image, or larger than 7",
    note = "there would be {Self} − {K} + 1 places for it: use a smaller kernel, more padding, or one pooling layer less"
)]
pub trait Fit<const K: usize>: ConstDim {
    /// The number of places.
    type Out: ConstDim;
}

/// ⌈`N` / `S`⌉: the number of places out of `N` that a stride of `S` visits. A table: `S` up to 3.
#[diagnostic::on_unimplemented(
    message = "a stride of {S} is not supported on a side of `{Self}`",
    label = "strides reach from 1 to 3 pixels"
)]
pub trait Stride<const S: usize>: ConstDim {
    /// The number of places visited.
    type Out: ConstDim;
}

/// The output side of a window of side `K`, stride `S` and padding `P` on a side of this size:
/// ⌊(`N` + 2`P` − `K`) / `S`⌋ + 1.
pub trait Window<const K: usize, const S: usize, const P: usize>: ConstDim {
    /// The output side.
    type Out: ConstDim;
}

impl<const K: usize, const S: usize, const P: usize, N> Window<K, S, P> for N
where
    N: Pad<P>,
    N::Out: Fit<K>,
    <N::Out as Fit<K>>::Out: Stride<S>,
{
    type Out = <<<N as Pad<P>>::Out as Fit<K>>::Out as Stride<S>>::Out;
}

macro_rules! side {
    ($n:tt) => {
        side!(@pad $n: 0 1 2 3);
        side!(@fit $n);
        side!(@stride $n: 1 2 3);
    };
    (@pad $n:tt: $($p:literal)*) => {
        $(impl Pad<$p> for Const<$n> { type Out = Const<{ $n + 2 * $p }>; })*
    };
    (@stride $n:tt: $($s:literal)*) => {
        $(impl Stride<$s> for Const<$n> { type Out = Const<{ ($n as usize).div_ceil($s) }>; })*
    };
    // A side smaller than the kernel has no implementation: that is the compile error readers see.
    (@fit 1) => { side!(@fits 1: 1); };
    (@fit 2) => { side!(@fits 2: 1 2); };
    (@fit 3) => { side!(@fits 3: 1 2 3); };
    (@fit 4) => { side!(@fits 4: 1 2 3 4); };
    (@fit 5) => { side!(@fits 5: 1 2 3 4 5); };
    (@fit 6) => { side!(@fits 6: 1 2 3 4 5 6); };
    (@fit $n:tt) => { side!(@fits $n: 1 2 3 4 5 6 7); };
    (@fits $n:tt: $($k:literal)*) => {
        $(impl Fit<$k> for Const<$n> { type Out = Const<{ $n + 1 - $k }>; })*
    };
}
macro_rules! sides { ($($n:tt)*) => { $(side!($n);)* }; }
sides! {
    1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
    33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64
}
// Padded sides may exceed 64; windows and strides on them must still be found.
macro_rules! padded { ($($n:tt)*) => { $(side!(@fit $n); side!(@stride $n: 1 2 3);)* }; }
padded! { 65 66 67 68 69 70 }

/// A shape that a convolution or pooling window can move over: `(C, H, W)` or `(B, C, H, W)`.
///
/// `C` is the number of channels the layer expects.
#[diagnostic::on_unimplemented(
    message = "this layer expects images of {C} channel(s), not a tensor of shape `{Self}`",
    label = "expected `(C, H, W)` or `(B, C, H, W)` with C = {C}",
    note = "the first layer takes digits, `(B, 1, 28, 28)`: C = 1; every other takes what the layer before gives: C is that layer's O"
)]
pub trait ImagesOf<const C: usize>: Shape {}
impl<const C: usize, H: Dim, W: Dim> ImagesOf<C> for (Const<C>, H, W) {}
impl<const C: usize, B: Dim, H: Dim, W: Dim> ImagesOf<C> for (B, Const<C>, H, W) {}

/// A shape of images with any number of channels: `(C, H, W)` or `(B, C, H, W)`.
#[diagnostic::on_unimplemented(
    message = "pooling moves over images, not over a tensor of shape `{Self}`",
    label = "expected `(C, H, W)` or `(B, C, H, W)`"
)]
pub trait Channels: Shape {
    /// The dimension of the channels.
    type C: Dim;
    /// The number of channels.
    fn channels(&self) -> Self::C;
}
impl<C: Dim, H: Dim, W: Dim> Channels for (C, H, W) {
    type C = C;
    fn channels(&self) -> C {
        self.0
    }
}
impl<B: Dim, C: Dim, H: Dim, W: Dim> Channels for (B, C, H, W) {
    type C = C;
    fn channels(&self) -> C {
        self.1
    }
}

/// A shape of images, `(C, H, W)` or `(B, C, H, W)`, over which a window of side `K`, stride `S`
/// and padding `P` moves; the result has `O` channels.
#[diagnostic::on_unimplemented(
    message = "a window moves over images, not over a tensor of shape `{Self}`",
    label = "expected `(C, H, W)` or `(B, C, H, W)`"
)]
pub trait Windowed<O: Dim, const K: usize, const S: usize, const P: usize>: Shape {
    /// The shape after the operation: `(O, H', W')` or `(B, O, H', W')`.
    type Out: Shape;
    /// The shape of the output, with the batch size of `self`.
    fn out(&self, channels: O) -> Self::Out;
    /// All sizes as values; for a single image, the batch size is 1.
    fn window(&self) -> Window2d;
}

impl<C: Dim, O: Dim, const K: usize, const S: usize, const P: usize, H, W> Windowed<O, K, S, P>
    for (C, H, W)
where
    H: Window<K, S, P>,
    W: Window<K, S, P>,
{
    type Out = (O, H::Out, W::Out);
    fn out(&self, channels: O) -> Self::Out {
        (channels, Default::default(), Default::default())
    }
    fn window(&self) -> Window2d {
        Window2d {
            batch: 1,
            channels: self.0.size(),
            input: [H::SIZE, W::SIZE],
            output: [<H::Out as ConstDim>::SIZE, <W::Out as ConstDim>::SIZE],
            kernel: K,
            stride: S,
            padding: P,
        }
    }
}

impl<B: Dim, C: Dim, O: Dim, const K: usize, const S: usize, const P: usize, H, W>
    Windowed<O, K, S, P> for (B, C, H, W)
where
    H: Window<K, S, P>,
    W: Window<K, S, P>,
{
    type Out = (B, O, H::Out, W::Out);
    fn out(&self, channels: O) -> Self::Out {
        (self.0, channels, Default::default(), Default::default())
    }
    fn window(&self) -> Window2d {
        let (batch, c, h, w) = *self;
        Window2d {
            batch: batch.size(),
            ..Windowed::<O, K, S, P>::window(&(c, h, w))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side<N: Window<K, S, P>, const K: usize, const S: usize, const P: usize>() -> usize {
        <N::Out as ConstDim>::SIZE
    }

    #[test]
    fn the_table_agrees_with_the_formula_at_its_corners() {
        let formula = |n: usize, k: usize, s: usize, p: usize| (n + 2 * p - k) / s + 1;
        assert_eq!(side::<Const<28>, 3, 1, 0>(), formula(28, 3, 1, 0));
        assert_eq!(side::<Const<28>, 3, 1, 1>(), formula(28, 3, 1, 1));
        assert_eq!(side::<Const<28>, 5, 2, 2>(), formula(28, 5, 2, 2));
        assert_eq!(side::<Const<11>, 2, 2, 0>(), formula(11, 2, 2, 0));
        assert_eq!(side::<Const<64>, 7, 3, 3>(), formula(64, 7, 3, 3));
        assert_eq!(side::<Const<64>, 1, 1, 3>(), formula(64, 1, 1, 3));
        assert_eq!(side::<Const<1>, 7, 1, 3>(), formula(1, 7, 1, 3));
        assert_eq!(side::<Const<1>, 1, 1, 0>(), formula(1, 1, 1, 0));
        assert_eq!(side::<Const<7>, 7, 3, 0>(), formula(7, 7, 3, 0));
    }

    #[test]
    fn a_single_image_keeps_no_batch_axis() {
        let image = (Const::<3>, Const::<9>, Const::<5>);
        let out = Windowed::<Const<8>, 3, 2, 1>::out(&image, Const);
        assert_eq!(out, (Const::<8>, Const::<5>, Const::<3>));
        let batch = (4usize, Const::<3>, Const::<9>, Const::<5>);
        assert_eq!(Windowed::<Const<8>, 3, 2, 1>::window(&batch).batch, 4);
    }
}
