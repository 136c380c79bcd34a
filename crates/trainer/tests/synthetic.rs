//! Whether the digits that the program draws are like MNIST's: `just synthetic`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{io::Write, time::Instant};

use data::{Places, Request, Source, synthetic};
use trainer::{
    batches::Images,
    device::Backend,
    evaluate::evaluate,
    fit::{Fit, State},
    study::{Pixels, Run},
};

#[test]
#[ignore = "trains for 50 epochs and needs MNIST"]
fn a_network_that_only_knows_synthetic_digits_reads_mnist() {
    let request = Request { sources: vec![Source::Mnist], dir: None };
    let mnist = data::load(&request, &Places::from_environment(), &|_| {}).unwrap().digits;

    let start = Instant::now();
    let digits = synthetic();
    let drawn = start.elapsed().as_secs_f64();

    let [.., batch_norm, _] = model::presets();
    let run = Run::new(batch_norm, 0);
    let device = Backend::Flex.open().unwrap();
    let images = |split| Images { split, pixels: Pixels::Unit };
    let train = images(&digits.train);
    let fit =
        Fit { run: &run, train, validation: None, device: &device, memory: Backend::Flex.memory() };
    let config = &run.variant.network;
    let start = State::new(config.init(run.seed, &device));
    let network = fit.train(start, &mut ()).unwrap().network;
    let accuracy = |split| evaluate(&network, config, images(split), &device, fit.memory).accuracy;
    let (own, real) = (accuracy(&digits.test), accuracy(&mnist.test));

    let report = format!("drawn in {drawn:.2} s; own test set {own:.4}, MNIST's {real:.4}");
    writeln!(std::io::stderr(), "{report}").unwrap();
    assert!(drawn < 3.0 && (0.90..=0.995).contains(&own) && real >= 0.70, "{report}");
}
