//! `trainer summary`: a variant as `model.summary()` shows it, with its penalties.

use clap::Args;
use data::Shape;
use model::{DenseConfig, LayerName, SummaryRow};
use training::{EarlyStopping, WeightDecay};

use super::{Error, arguments::ConfigArguments};
use crate::{
    config::values,
    runner::{Progress, load_study},
    study::{Study, Variant, VariantSettings},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// Only this variant
    variant: Option<String>,
}

impl Arguments {
    /// Returns the summaries.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let study = self.config.study()?;
        // The shape of a data set in a folder is known once it is read; that of every source is MNIST's.
        let shape = match study.settings.data.dir {
            None => Shape::MNIST,
            Some(_) => load_study(study.clone(), None, &Progress::new(false))?.splits.shape(),
        };
        text(&study, shape, self.variant.as_deref())
    }
}

/// Summarises all variants of a study, or one.
fn text(study: &Study, shape: Shape, only: Option<&str>) -> Result<String, Error> {
    let asked =
        study.variants.iter().filter(|variant| only.is_none_or(|name| variant.name == name));
    let texts: Vec<String> = asked.map(|variant| variant_text(variant, shape)).collect();
    if let (Some(name), []) = (only, texts.as_slice()) {
        let names: Vec<&String> = study.variants.iter().map(|variant| &variant.name).collect();
        let names = values::listed(&names);
        return Err(Error::Argument(format!("the study has no variant `{name}`, only {names}")));
    }
    let swept =
        if study.sweep.is_empty() { "" } else { "\nSwept settings have their first values.\n" };
    Ok(texts.join("\n") + swept)
}

fn variant_text(variant: &Variant, shape: Shape) -> String {
    let rows = variant.network.summary(shape.pixels(), shape.classes);
    let lines: Vec<String> = rows.iter().map(line).collect();
    let trainable: usize = rows.iter().map(|row| row.trainable).sum();
    let non_trainable: usize = rows.iter().map(|row| row.non_trainable).sum();
    let heading = format!(
        "{:<26} {:<21} {:>12} {:>10}  {}",
        "layer", "kind", "output", "parameters", "penalty, constraint"
    );
    format!(
        "{}\n{}\n{}\n  parameters: {}, trainable {trainable}, not trainable {non_trainable}\n{}",
        variant.name,
        heading.trim_end(),
        lines.join("\n"),
        trainable + non_trainable,
        training_text(variant),
    )
}

/// Formats the regularisation of a variant's training, and PyTorch's equivalents of its penalties.
fn training_text(variant: &Variant) -> String {
    let VariantSettings { early_stopping, weight_decay, label_smoothing, shift, .. } =
        &variant.settings;
    let network = &variant.network;
    let mut lines: Vec<String> =
        network.dense_layers().filter_map(|(name, dense)| l2_note(name, dense)).collect();
    if let Some(WeightDecay { rate, exclude }) = weight_decay {
        let except = if exclude.is_empty() { "none".to_owned() } else { exclude.join(", ") };
        lines.push(format!(
            "weight decay {rate}, excluded: {except}; the same as weight_decay of PyTorch's AdamW, or of its SGD without momentum"
        ));
    }
    if *label_smoothing > 0.0 {
        lines.push(format!("label smoothing {label_smoothing}"));
    }
    if *shift > 0 {
        lines.push(format!("training images are moved by up to {shift} pixels each way"));
    }
    lines.extend(early_stopping.as_ref().map(early_stopping_text));
    lines.into_iter().map(|line| format!("  {line}\n")).collect()
}

/// Formats a kernel's L2 penalty as PyTorch's weight decay: its slope is twice the factor times the weight.
fn l2_note(name: LayerName, dense: &DenseConfig) -> Option<String> {
    let l2 = dense.kernel_regularizer.l2;
    (l2 > 0.0).then(|| {
        format!(
            "{name}.kernel: l2({l2}) is weight_decay={} of PyTorch's SGD for this tensor",
            2.0 * l2
        )
    })
}

fn early_stopping_text(settings: &EarlyStopping) -> String {
    let EarlyStopping { monitor, min_delta, patience, start_from_epoch, restore_best_weights } =
        settings;
    let from = start_from_epoch + 1;
    format!(
        "early stopping: monitor {monitor}, min_delta {min_delta:?}, patience {patience}, from epoch {from}, \
         restore_best_weights {restore_best_weights}"
    )
}

fn line(row: &SummaryRow) -> String {
    let output = format!("(batch, {})", row.units);
    let parameters = row.trainable + row.non_trainable;
    let line = format!(
        "{:<26} {:<21} {output:>12} {parameters:>10}  {}",
        row.name, row.kind, row.penalties
    );
    line.trim_end().to_owned()
}
