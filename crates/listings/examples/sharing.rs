//! Model, data and training step in separate cells. `cargo xtask sharing` runs this program, and
//! its cells as a notebook, and compares what they print bit for bit.
//!
//! dfdx numbers its tensors with a counter. If each cell had its own copy of dfdx, each copy would
//! count from 0, and a gradient could reach the wrong tensor. So the crate `digits` is a `dylib`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // cell
    use digits::dfdx::prelude::*;
    use digits::layers::{Conv2D, Dense, Flatten, MaxPool2D};
    use digits::loss::softmax_cross_entropy;
    use digits::optim::{Adam, AdamConfig, Optimizer};

    type Model = (
        Conv2D<1, 4, 3>,
        ReLU,
        MaxPool2D<2>,
        Flatten<676>,
        Dense<676, 10>,
    );
    let dev: Cpu = Cpu::seed_from_u64(7);
    let mut model = dev.build_module::<Model, f32>();
    // cell
    let x: Tensor<Rank4<8, 1, 28, 28>, f32, Cpu> = dev.sample_uniform(); // (B, C, H, W)
    let y: Tensor<Rank2<8, 10>, f32, Cpu> =
        dev.sample_normal::<Rank2<8, 10>>().softmax::<Axis<1>>(); // (B, 10)
    // cell
    let mut adam: Adam = Adam::new(AdamConfig::default());
    for _ in 0..5 {
        let logits = model.forward_mut(x.clone().traced(model.alloc_grads()));
        let loss = softmax_cross_entropy(logits, y.clone());
        println!("loss bits {:08x}", loss.array().to_bits());
        adam.step(&mut model, &mut loss.backward())?;
    }
    // cell
    let sum: f32 = model.4.weight.as_vec().iter().sum();
    println!("weight bits {:08x}", sum.to_bits());
    Ok(())
}
