//! Checks of settings that contradict each other.

use model::{Constraint, LayerConfig, MinMaxNorm};
use training::RuleConfig;

use super::{
    FitSettings, Rule, Settings, Variant,
    limits::Refusal,
    schema::variant::{EARLY_STOPPING, WEIGHT_DECAY},
};

/// Returns an error if two settings contradict each other.
pub(super) fn check(settings: &Settings, variants: &[Variant]) -> Result<(), Refusal> {
    check_validation(settings)?;
    check_optimizer(&settings.fit)?;
    for variant in variants {
        check_early_stopping(variant, settings)?;
        check_weight_decay(variant)?;
        check_layers(variant)?;
    }
    Ok(())
}

/// Returns an error if a setting is set that the optimizer does not use, or Nesterov's momentum without momentum.
fn check_optimizer(fit: &FitSettings) -> Result<(), Refusal> {
    let unused = match fit.optimizer {
        Rule::Sgd => [
            ("beta_1", fit.beta_1.is_some()),
            ("beta_2", fit.beta_2.is_some()),
            ("epsilon", fit.epsilon.is_some()),
        ]
        .to_vec(),
        Rule::Adam => {
            let has_momentum = fit.momentum.is_some_and(|momentum| momentum != 0.0);
            [("momentum", has_momentum), ("nesterov", fit.nesterov == Some(true))].to_vec()
        }
    };
    if let Some((key, _)) = unused.iter().find(|(_, is_set)| *is_set) {
        let reason = format!("is not used by fit.optimizer = \"{}\": leave it out", fit.optimizer);
        return Err((format!("fit.{key}"), reason));
    }
    if let RuleConfig::Sgd { momentum: 0.0, nesterov: true } = fit.rule() {
        let reason = "needs momentum: set fit.momentum, for example to 0.9".to_owned();
        return Err(("fit.nesterov".to_owned(), reason));
    }
    Ok(())
}

/// Returns an error if an entry of a variant's `weight_decay.exclude` is part of no tensor's name.
fn check_weight_decay(variant: &Variant) -> Result<(), Refusal> {
    let Some(decay) = &variant.weight_decay else { return Ok(()) };
    // A layer may get either normalisation.
    let mut network = variant.network.clone();
    for block in &mut network.hidden {
        (block.layer.batch_norm, block.layer.layer_norm) = (true, true);
    }
    let names = network.trained_tensors();
    let is_unknown = |part: &&String| !names.iter().any(|name| name.contains(part.as_str()));
    match decay.exclude.iter().find(is_unknown) {
        None => Ok(()),
        Some(part) => {
            let reason = format!(
                "has `{part}`, which is part of no tensor's name, such as `{}` or `{}`",
                names[0], names[2]
            );
            Err((format!("variant.{}.{WEIGHT_DECAY}.exclude", variant.name), reason))
        }
    }
}

/// Returns an error if two settings of a layer contradict each other.
fn check_layers(variant: &Variant) -> Result<(), Refusal> {
    for name in variant.network.layer_names() {
        let Some(layer) = variant.network.layer(name) else { continue };
        check_layer(layer)
            .map_err(|(key, reason)| (format!("variant.{}.{name}.{key}", variant.name), reason))?;
    }
    Ok(())
}

/// Returns an error with a layer's key if two of its settings contradict each other.
fn check_layer(layer: &LayerConfig) -> Result<(), Refusal> {
    let refusal = |key: &str, reason: &str| Err((key.to_owned(), reason.to_owned()));
    if layer.batch_norm && layer.layer_norm {
        return refusal("layer_norm", "stands beside batch_norm: a layer takes one of the two");
    }
    let kernel = &layer.kernel_regularizer;
    if kernel.orthogonal > 0.0 && (kernel.l1 > 0.0 || kernel.l2 > 0.0) {
        let reason = "stands beside l1 or l2: a kernel takes one or the other";
        return refusal("kernel_regularizer.orthogonal", reason);
    }
    for (key, regularizer) in [
        ("bias_regularizer.orthogonal", &layer.bias_regularizer),
        ("activity_regularizer.orthogonal", &layer.activity_regularizer),
    ] {
        if regularizer.orthogonal > 0.0 {
            return refusal(key, "is for kernels: set it in kernel_regularizer");
        }
    }
    check_constraint("kernel_constraint", &layer.kernel_constraint)?;
    check_constraint("bias_constraint", &layer.bias_constraint)
}

/// Returns an error with a layer's key if its constraint is of two kinds, or of an empty range.
fn check_constraint(key: &str, constraint: &Constraint) -> Result<(), Refusal> {
    let Constraint { max_norm, unit_norm, min_max_norm, .. } = constraint;
    if constraint.count() > 1 {
        let one = match (max_norm, unit_norm) {
            (Some(_), _) => "max_norm",
            (None, true) => "unit_norm",
            (None, false) => "non_neg",
        };
        let reason = "stands beside another constraint: a tensor takes one".to_owned();
        return Err((format!("{key}.{one}"), reason));
    }
    match min_max_norm {
        Some(MinMaxNorm { min_value, max_value, .. }) if min_value > max_value => Err((
            format!("{key}.min_max_norm.max_value"),
            format!("is {max_value}, below min_value = {min_value}"),
        )),
        _ => Ok(()),
    }
}

/// Returns an error if a variant's early stopping monitors held-out images and there are none.
fn check_early_stopping(variant: &Variant, settings: &Settings) -> Result<(), Refusal> {
    let Some(early_stopping) = variant.early_stopping else { return Ok(()) };
    let monitor = early_stopping.monitor;
    if !monitor.is_validation() || settings.data.is_validated() {
        return Ok(());
    }
    let reason = format!(
        "is `{monitor}`, but no images are held out: set data.validation, or monitor `loss` or `accuracy`"
    );
    Err((format!("variant.{}.{EARLY_STOPPING}.monitor", variant.name), reason))
}

/// Returns an error if two settings hold out validation images.
fn check_validation(settings: &Settings) -> Result<(), Refusal> {
    let data = &settings.data;
    if data.validation.is_none() || data.validation_split == 0.0 {
        return Ok(());
    }
    let split = data.validation_split;
    let reason =
        format!("holds out images beside data.validation_split = {split}: set one of the two");
    Err(("data.validation".to_owned(), reason))
}
