//! Layers with a weight and a bias: what dfdx asks of every one of them, written once.

/// Declares the layer `$name` as built on a device, and makes it what dfdx expects: buildable from the builder of the same
/// name, a collection of its two tensors, initialised as in Keras (weight Glorot uniform, bias 0).
///
/// The const parameter `O` counts outputs; `$fans` are inputs and outputs of a weight, for the initialiser's limit.
macro_rules! weight_and_bias {
    (
        $(#[$doc:meta])*
        $name:ident<$($n:ident),+> {
            $(#[$of_weight:meta])*
            weight: $weight:ty,
            fans: ($fan_in:expr, $fan_out:expr),
        }
    ) => {
        impl<$(const $n: usize,)+ E, D> BuildOnDevice<D, E> for builder::$name<$($n),+>
        where
            E: Dtype,
            D: Device<E>,
            $name<$($n,)+ E, D>: BuildModule<D, E>,
        {
            type Built = $name<$($n,)+ E, D>;
        }

        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name<$(const $n: usize,)+ E: Dtype, D: Storage<E>> {
            $(#[$of_weight])*
            pub weight: Tensor<$weight, E, D>,
            /// One number an output, `(O)`.
            pub bias: Tensor<Rank1<O>, E, D>,
        }

        impl<$(const $n: usize,)+ E: Dtype + SampleUniform, D: Device<E>> $name<$($n,)+ E, D> {
            /// Draws weight and bias anew as dfdx and PyTorch do: uniform on ±1/√(inputs of a weight).
            ///
            /// # Errors
            /// The device's.
            pub fn reset_as_dfdx(&mut self) -> Result<(), D::Err> {
                uniform(&mut self.weight, fan_in_limit($fan_in))?;
                uniform(&mut self.bias, fan_in_limit($fan_in))
            }
        }

        impl<$(const $n: usize,)+ E: Dtype + SampleUniform, D: Device<E>> TensorCollection<E, D>
            for $name<$($n,)+ E, D>
        {
            type To<E2: Dtype, D2: Device<E2>> = $name<$($n,)+ E2, D2>;

            fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
                visitor: &mut V,
            ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
                let start = TensorOptions::reset_with(|t| uniform(t, glorot_limit($fan_in, $fan_out)));
                visitor.visit_fields(
                    (
                        Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, start),
                        Self::tensor("bias", |s| &s.bias, |s| &mut s.bias, TensorOptions::reset_to_zeros()),
                    ),
                    |(weight, bias)| $name { weight, bias },
                )
            }
        }

        impl<$(const $n: usize,)+ E: Dtype, D: Storage<E>> NonMutableModule for $name<$($n,)+ E, D> {}
    };
}
pub(super) use weight_and_bias;
