//! Times whole studies, from the start of the process to their results: this program's and its
//! peers', in turn, on the same data. `just bench` makes the peers' environments and calls it.

mod contestant;
mod error;
mod figures;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use contestant::{Contestant, Trainer, floor, peer_study};
use error::Error;
use figures::{Seconds, disagreement};

/// Times the study against Keras and PyTorch.
#[derive(Parser)]
struct Arguments {
    /// Epochs of every variant
    #[arg(long, default_value_t = 50)]
    epochs: usize,
    /// How often each is timed, in turn; the table has the medians
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    repeats: u8,
}

fn main() -> ExitCode {
    let Arguments { epochs, repeats } = Arguments::parse();
    match run(epochs, repeats) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be told to one who does not listen.
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
    side_by_side(&trainer, repeats)
}

/// The whole study against the peers'.
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
            note(&format!("{}, {epochs} epochs", contestant.name));
            contestant.run()?;
        }
        let [ours, peers @ ..] = &contestants;
        for (disagreed, peer) in disagreements.iter_mut().zip(peers) {
            *disagreed = disagreed.take().or_else(|| disagreement(&ours.accuracy, &peer.accuracy));
        }
    }
    say(&format!("The study: 6 variants, {epochs} epochs each; seconds, median of {repeats}\n"))?;
    let [ours, peers @ ..] = &contestants;
    say(&format!("  {:<32} {}\n", ours.name, ours.seconds))?;
    for (peer, disagreed) in peers.iter().zip(disagreements) {
        let ratio = match disagreed {
            None => format!("{:.2} x", peer.seconds.median() / ours.seconds.median()),
            Some(why) => format!("no ratio: {why}"),
        };
        say(&format!("  {:<32} {}  {ratio}\n", peer.name, peer.seconds))?;
    }
    Ok(())
}

/// The study `overfit`, whose batches are of 50 images, against PyTorch: each variant's fit on one core.
fn small_batches(trainer: &Trainer, repeats: u8) -> Result<(), Error> {
    const EPOCHS: usize = 100;
    let mut variants: Vec<(String, Seconds, Seconds)> = Vec::new();
    for _ in 0..repeats {
        note("overfit on one core");
        let ours = trainer.run("overfit", &["jobs=1", "seeds=[0]"])?.rows;
        let theirs = peer_study("pytorch", "overfit", EPOCHS, 1)?;
        for row in ours {
            let seconds = theirs.iter().find_map(|part| part.fit_seconds.get(&row.variant));
            let seconds = seconds.copied().unwrap_or(f64::NAN);
            match variants.iter_mut().find(|(variant, ..)| *variant == row.variant) {
                Some((_, ours, theirs)) => {
                    ours.add(row.fit_seconds);
                    theirs.add(seconds);
                }
                None => variants.push((row.variant, row.fit_seconds.into(), seconds.into())),
            }
        }
    }
    say(
        "\n`overfit`, 100 epochs of 1000 images in batches of 50, on one core; seconds, ours and PyTorch's\n",
    )?;
    for (variant, ours, theirs) in &variants {
        let ratio = theirs.median() / ours.median();
        say(&format!("  {variant:<32} {ours}  {theirs}  {ratio:.2} x\n"))?;
    }
    Ok(())
}

/// Each variant on one core, by the epoch, against its matrix products alone and against `none`.
fn one_core(trainer: &Trainer, repeats: u8) -> Result<(), Error> {
    const EPOCHS: usize = 10;
    let mut products = Seconds::default();
    let mut variants: Vec<(String, Seconds)> = Vec::new();
    for _ in 0..repeats {
        note("every variant on one core");
        products.add(floor()?);
        for row in trainer.run("mnist", &["jobs=1", &format!("fit.epochs={EPOCHS}")])?.rows {
            let seconds = row.fit_seconds / EPOCHS as f64;
            match variants.iter_mut().find(|(variant, _)| *variant == row.variant) {
                Some((_, all)) => all.add(seconds),
                None => variants.push((row.variant, Seconds::from(seconds))),
            }
        }
    }
    say("\nOne epoch on one core; seconds\n")?;
    say(&format!("  {:<32} {products}\n", "the products alone, MKL"))?;
    let none = variants.first().map_or(f64::NAN, |(_, seconds)| seconds.median());
    for (variant, seconds) in &variants {
        let (to_products, to_none) =
            (seconds.median() / products.median(), seconds.median() / none);
        say(&format!(
            "  {variant:<32} {seconds}  {to_products:.2} x the products, {to_none:.2} x none\n"
        ))?;
    }
    Ok(())
}

/// What a second core brings.
fn side_by_side(trainer: &Trainer, repeats: u8) -> Result<(), Error> {
    let (mut one, mut two) = (Seconds::default(), Seconds::default());
    let common = ["fit.epochs=20", "variants=[\"none\"]"];
    for _ in 0..repeats {
        note("runs side by side");
        one.add(
            trainer.run("mnist", &[&common[..], &["jobs=1", "seeds=[0]"]].concat())?.longest_fit(),
        );
        two.add(
            trainer
                .run("mnist", &[&common[..], &["jobs=2", "seeds=[0, 1]"]].concat())?
                .longest_fit(),
        );
    }
    say("\nFits of 20 epochs of `none`; seconds\n")?;
    say(&format!("  {:<32} {one}\n", "one"))?;
    let gain = 2.0 * one.median() / two.median();
    say(&format!("  {:<32} {two}  {gain:.2} x the work of one\n", "two, side by side"))
}

/// Tells on stderr what takes so long.
fn note(what: &str) {
    // Nothing is lost if nobody listens.
    let _ = writeln!(io::stderr(), "timing: {what}");
}

fn say(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout();
    Ok(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())?)
}
