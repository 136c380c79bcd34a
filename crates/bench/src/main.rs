//! Times whole studies, from the start of the process to the results, of this program and its peers in turn, on the
//! same data. `just bench` creates the peers' Python environments and runs it.

mod contestant;
mod error;
mod figures;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use contestant::{Contestant, Trainer, matrix_products, peer_study};
use error::Error;
use figures::{Seconds, disagreement};

/// Times the study against Keras and PyTorch.
#[derive(Parser)]
struct Arguments {
    /// Epochs of every variant
    #[arg(long, default_value_t = 50)]
    epochs: usize,
    /// Timed runs of each program, in turn; the tables show the medians
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    repeats: u8,
}

fn main() -> ExitCode {
    let Arguments { epochs, repeats } = Arguments::parse();
    match run(epochs, repeats) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is closed, the exit code still reports the failure.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(epochs: usize, repeats: u8) -> Result<(), Error> {
    let trainer = Trainer::new()?;
    compare(&trainer, epochs, repeats)?;
    small_batches(&trainer, repeats)?;
    one_core(&trainer, repeats)?;
    concurrent_runs(&trainer, repeats)
}

/// Times the whole study of this program and of its peers.
fn compare(trainer: &Trainer, epochs: usize, repeats: u8) -> Result<(), Error> {
    let mut contestants = [
        Contestant::trainer(trainer, epochs),
        Contestant::peer("pytorch", 1, epochs),
        Contestant::peer("pytorch", 2, epochs),
        Contestant::peer("keras", 1, epochs),
    ];
    let mut disagreements: [Option<String>; 3] = [None, None, None];
    for _ in 0..repeats {
        for contestant in &mut contestants {
            log_progress(&format!("{}, {epochs} epochs", contestant.name));
            contestant.run()?;
        }
        let [ours, peers @ ..] = &contestants;
        for (disagreed, peer) in disagreements.iter_mut().zip(peers) {
            *disagreed = disagreed.take().or_else(|| disagreement(&ours.accuracy, &peer.accuracy));
        }
    }
    print(&format!("The study: 6 variants, {epochs} epochs each; seconds, median of {repeats}\n"))?;
    let [ours, peers @ ..] = &contestants;
    print(&format!("  {:<32} {}\n", ours.name, ours.seconds))?;
    for (peer, disagreed) in peers.iter().zip(disagreements) {
        let ratio = match disagreed {
            None => format!("{:.2} x", peer.seconds.median() / ours.seconds.median()),
            Some(reason) => format!("no ratio: {reason}"),
        };
        print(&format!("  {:<32} {}  {ratio}\n", peer.name, peer.seconds))?;
    }
    Ok(())
}

/// Times each variant of the study `overfit`, whose batches have 50 images, on one core: this program and PyTorch.
fn small_batches(trainer: &Trainer, repeats: u8) -> Result<(), Error> {
    const EPOCHS: usize = 100;
    let mut variants: Vec<(String, Seconds, Seconds)> = Vec::new();
    for _ in 0..repeats {
        log_progress("overfit on one core");
        // Without evaluations on held-out images, which PyTorch's study has none of.
        let settings = ["jobs=1", "seeds=[0]", "data.sample=first", "fit.validate_every=1000"];
        let ours = trainer.run("overfit", &settings)?.rows;
        let theirs = peer_study("pytorch", "overfit", EPOCHS, 1)?;
        for row in ours {
            // Shifted images are this program's alone.
            let seconds = theirs.iter().find_map(|output| output.fit_seconds.get(&row.variant));
            let Some(&seconds) = seconds else { continue };
            match variants.iter_mut().find(|(variant, ..)| *variant == row.variant) {
                Some((_, ours, theirs)) => {
                    ours.add(row.fit_seconds);
                    theirs.add(seconds);
                }
                None => variants.push((row.variant, row.fit_seconds.into(), seconds.into())),
            }
        }
    }
    print(
        "\n`overfit`, 100 epochs of 1000 images in batches of 50, on one core; seconds, this program and PyTorch\n",
    )?;
    for (variant, ours, theirs) in &variants {
        let ratio = theirs.median() / ours.median();
        print(&format!("  {variant:<32} {ours}  {theirs}  {ratio:.2} x\n"))?;
    }
    Ok(())
}

/// Times an epoch of each variant on one core, relative to the matrix products alone and to `none`.
fn one_core(trainer: &Trainer, repeats: u8) -> Result<(), Error> {
    const EPOCHS: usize = 10;
    let mut products = Seconds::default();
    let mut variants: Vec<(String, Seconds)> = Vec::new();
    for _ in 0..repeats {
        log_progress("every variant on one core");
        products.add(matrix_products()?);
        for row in trainer.run("mnist", &["jobs=1", &format!("fit.epochs={EPOCHS}")])?.rows {
            let seconds = row.fit_seconds / EPOCHS as f64;
            match variants.iter_mut().find(|(variant, _)| *variant == row.variant) {
                Some((_, all)) => all.add(seconds),
                None => variants.push((row.variant, Seconds::from(seconds))),
            }
        }
    }
    print("\nOne epoch on one core; seconds\n")?;
    print(&format!("  {:<32} {products}\n", "matrix products alone, MKL"))?;
    let none = variants.first().map_or(f64::NAN, |(_, seconds)| seconds.median());
    for (variant, seconds) in &variants {
        let (to_products, to_none) =
            (seconds.median() / products.median(), seconds.median() / none);
        print(&format!(
            "  {variant:<32} {seconds}  {to_products:.2} x the matrix products, {to_none:.2} x `none`\n"
        ))?;
    }
    Ok(())
}

/// Measures the throughput of two concurrent runs relative to one.
fn concurrent_runs(trainer: &Trainer, repeats: u8) -> Result<(), Error> {
    let (mut one, mut two) = (Seconds::default(), Seconds::default());
    let common = ["fit.epochs=20", "variants=[\"none\"]"];
    for _ in 0..repeats {
        log_progress("concurrent runs");
        one.add(
            trainer.run("mnist", &[&common[..], &["jobs=1", "seeds=[0]"]].concat())?.longest_fit(),
        );
        two.add(
            trainer
                .run("mnist", &[&common[..], &["jobs=2", "seeds=[0, 1]"]].concat())?
                .longest_fit(),
        );
    }
    print("\nConcurrent fits of `none`, 20 epochs each; seconds\n")?;
    print(&format!("  {:<32} {one}\n", "one fit"))?;
    let gain = 2.0 * one.median() / two.median();
    print(&format!("  {:<32} {two}  {gain:.2} x the work of one\n", "two fits"))
}

/// Writes progress to stderr.
fn log_progress(step: &str) {
    // A closed stderr must not end the benchmark.
    let _ = writeln!(io::stderr(), "timing: {step}");
}

fn print(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout();
    Ok(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())?)
}
