//! Compares the synthetic data set with MNIST: `just synthetic`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, io::Write, path::Path, time::Instant};

use data::{Places, Request, Source, synthetic};
use model::Loss;
use trainer::{
    config::Entries,
    study::{Backend, Study},
};
use training::{Fit, Images, Pixels, State, evaluate};

#[test]
#[ignore = "trains for 50 epochs and needs MNIST"]
fn a_network_trained_on_synthetic_digits_classifies_mnist() {
    let request = Request { sources: vec![Source::Mnist], user_set: None };
    let mnist = data::load(&request, &Places::from_environment(), &|_| {}).unwrap().images;

    let start = Instant::now();
    let digits = synthetic();
    let drawing = start.elapsed();

    let [.., (_, batch_norm), _] = model::presets(&model::NOTEBOOK_HIDDEN);
    let device = Backend::Flex.open().unwrap();
    let images = |split| Images { split, pixels: Pixels::Unit };
    let train = images(&digits.train);
    let entries = Entries::parse("variants = [\"batch_norm\"]", Path::new("")).unwrap();
    let config = Study::read("small", &entries).unwrap().runs[0].fit_config();
    let fit =
        Fit { config: &config, seed: 0, train, validation: None, wrong: None, device: &device };
    let shape = digits.train.shape();
    let network = batch_norm.init(shape.pixels(), shape.classes, 0, &device);
    let start = Instant::now();
    let Ok(State { network, .. }) = fit.run(State::new(network, &config.optimizer), &mut ());
    let training = start.elapsed();
    let accuracy = |split| {
        let Ok(evaluation) =
            evaluate(&network, images(split), Loss::default(), &device, || Ok::<_, Infallible>(()));
        evaluation.metrics.accuracy
    };
    let (own, real) = (accuracy(&digits.test), accuracy(&mnist.test));

    let report = format!(
        "drawn in {drawing:.2?}, trained in {training:.2?}; own test set {own:.4}, MNIST's {real:.4}"
    );
    writeln!(std::io::stderr(), "{report}").unwrap();
    // Drawing must not take longer than ten epochs.
    assert!(drawing < training / 5, "{report}");
    assert!((0.90..=0.995).contains(&own) && real >= 0.70, "{report}");
}
