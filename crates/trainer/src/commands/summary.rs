//! `trainer summary`: a variant as `model.summary()` shows it, with its penalties.

use clap::Args;
use data::Shape;
use model::SummaryRow;
use training::EarlyStopping;

use super::{Error, arguments::ConfigArguments};
use crate::{
    config::values,
    study::{Study, Variant},
};

/// Arguments of `trainer summary`.
#[derive(Debug, Args)]
pub(crate) struct Summary {
    #[command(flatten)]
    config: ConfigArguments,
    /// Only this variant
    variant: Option<String>,
}

impl Summary {
    /// Returns the summaries.
    pub(crate) fn execute(self) -> Result<String, Error> {
        text(&self.config.study()?, self.variant.as_deref())
    }
}

/// Summarises all variants of a study, or one.
fn text(study: &Study, only: Option<&str>) -> Result<String, Error> {
    let asked = |variant: &&Variant| only.is_none_or(|name| variant.name == name);
    let texts: Vec<String> = study.variants.iter().filter(asked).map(variant_text).collect();
    if let (Some(name), []) = (only, texts.as_slice()) {
        let names: Vec<&String> = study.variants.iter().map(|variant| &variant.name).collect();
        let names = values::listed(&names);
        return Err(Error::Argument(format!("the study has no variant `{name}`, only {names}")));
    }
    let swept =
        if study.sweep.is_empty() { "" } else { "\nWhat is swept is shown at its first values.\n" };
    Ok(texts.join("\n") + swept)
}

fn variant_text(variant: &Variant) -> String {
    let rows = variant.network.summary(Shape::MNIST.pixels(), Shape::MNIST.classes);
    let lines: Vec<String> = rows.iter().map(line).collect();
    let trainable: usize = rows.iter().map(|row| row.trainable).sum();
    let non_trainable: usize = rows.iter().map(|row| row.non_trainable).sum();
    let heading = format!(
        "{:<20} {:<18} {:>12} {:>10}  {}",
        "layer", "kind", "output", "parameters", "penalty"
    );
    let stopping = variant.early_stopping.as_ref().map_or(String::new(), early_stopping_text);
    format!(
        "{}\n{}\n{}\n  parameters: {}, trainable {trainable}, not trainable {non_trainable}\n{stopping}",
        variant.name,
        heading.trim_end(),
        lines.join("\n"),
        trainable + non_trainable,
    )
}

fn early_stopping_text(settings: &EarlyStopping) -> String {
    let EarlyStopping { monitor, min_delta, patience, start_from_epoch, restore_best_weights } =
        settings;
    let from = start_from_epoch + 1;
    format!(
        "  early stopping: monitor {monitor}, min_delta {min_delta}, patience {patience}, from epoch {from}, \
         restore_best_weights {restore_best_weights}\n"
    )
}

fn line(row: &SummaryRow) -> String {
    let output = format!("(batch, {})", row.units);
    let parameters = row.trainable + row.non_trainable;
    let line = format!(
        "{:<20} {:<18} {output:>12} {parameters:>10}  {}",
        row.name, row.kind, row.penalties
    );
    line.trim_end().to_owned()
}
