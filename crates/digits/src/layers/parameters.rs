//! Layers with a weight and a bias: the traits that dfdx requires of each, implemented once.

/// Declares the struct `$name`, the layer as built on a device, and implements what dfdx requires:
/// it is built from the builder of the same name, it is a collection of its two tensors, and it is
/// initialised as in Keras (weight Glorot uniform, bias 0).
///
/// The const parameter `O` is the number of outputs; `$fan_in` and `$fan_out` are the numbers of
/// inputs and outputs of a weight, for the initialiser's limit.
macro_rules! weight_and_bias {
    (
        $(#[$doc:meta])*
        $name:ident<$($n:ident),+> {
            $(#[$of_weight:meta])*
            weight: $weight:ty,
            fans: ($fan_in:expr, $fan_out:expr),
        }
    ) => {
        impl<$(const $n: usize,)+ E, D> ::dfdx::prelude::BuildOnDevice<D, E>
            for builder::$name<$($n),+>
        where
            E: ::dfdx::prelude::Dtype,
            D: ::dfdx::prelude::Device<E>,
            $name<$($n,)+ E, D>: ::dfdx::prelude::BuildModule<D, E>,
        {
            type Built = $name<$($n,)+ E, D>;
        }

        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name<$(const $n: usize,)+
            E: ::dfdx::prelude::Dtype,
            D: ::dfdx::prelude::Storage<E>> {
            $(#[$of_weight])*
            pub weight: ::dfdx::prelude::Tensor<$weight, E, D>,
            /// One number an output, `(O)`.
            pub bias: ::dfdx::prelude::Tensor<::dfdx::prelude::Rank1<O>, E, D>,
        }

        impl<$(const $n: usize,)+
            E: ::dfdx::prelude::Dtype + ::rand::distributions::uniform::SampleUniform,
            D: ::dfdx::prelude::Device<E>> $name<$($n,)+ E, D> {
            /// Draws weight and bias anew as dfdx and PyTorch do: uniform on ±1/√(inputs of a weight).
            ///
            /// # Errors
            /// The device's.
            pub fn reset_as_dfdx(&mut self) -> Result<(), D::Err> {
                $crate::layers::init::uniform(
                    &mut self.weight,
                    $crate::layers::init::fan_in_limit($fan_in)
                )?;
                $crate::layers::init::uniform(
                    &mut self.bias,
                    $crate::layers::init::fan_in_limit($fan_in)
                )
            }
        }

        impl<$(const $n: usize,)+
            E: ::dfdx::prelude::Dtype + ::rand::distributions::uniform::SampleUniform,
            D: ::dfdx::prelude::Device<E>> ::dfdx::nn::tensor_collection::TensorCollection<E, D>
            for $name<$($n,)+ E, D>
        {
            type To<E2: ::dfdx::prelude::Dtype, D2: ::dfdx::prelude::Device<E2>> =
                $name<$($n,)+ E2, D2>;

            fn iter_tensors<V: ::dfdx::nn::tensor_collection::ModuleVisitor<Self, E, D>>(
                visitor: &mut V,
            ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
                let start = ::dfdx::nn::tensor_collection::TensorOptions::reset_with(
                    |t| $crate::layers::init::uniform(
                        t,
                        $crate::layers::init::glorot_limit($fan_in, $fan_out)
                    )
                );
                visitor.visit_fields(
                    (
                        Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, start),
                        Self::tensor(
                            "bias",
                            |s| &s.bias,
                            |s| &mut s.bias,
                            ::dfdx::nn::tensor_collection::TensorOptions::reset_to_zeros()
                        ),
                    ),
                    |(weight, bias)| $name { weight, bias },
                )
            }
        }

        impl<$(const $n: usize,)+
            E: ::dfdx::prelude::Dtype,
            D: ::dfdx::prelude::Storage<E>> ::dfdx::prelude::NonMutableModule
            for $name<$($n,)+ E, D> {}
    };
}
pub(super) use weight_and_bias;
