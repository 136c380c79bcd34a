//! The table of settings: a row for each. All else about settings is derived from it.

use std::{path::Path, sync::LazyLock};

use data::Source;
use model::{LayerName, MinMaxNorm, NOTEBOOK_HIDDEN, Regularizer, presets};
use training::{EarlyStopping, WeightDecay};

use super::{
    kinds::{boolean, byte, fraction, hidden, jobs, list, magnitude, name, not_negative, optional},
    kinds::{path, positive, size, text, up_to_one, whole, word},
    setting::{Rows, Setting, row, rows},
    settings::{
        ConstraintSettings, DataSettings, FitSettings, LayerSettings, Settings, VariantSettings,
    },
};

/// Settings outside variants.
pub(crate) static STUDY: LazyLock<Vec<Setting<Settings>>> = LazyLock::new(Settings::rows);
/// Settings of a variant outside its layers.
pub(crate) static VARIANT: LazyLock<Vec<Setting<VariantSettings>>> =
    LazyLock::new(VariantSettings::rows);
/// Settings of layers: of Dense layers, normalisations, noise.
static LAYER: LazyLock<[Vec<Setting<LayerSettings>>; 3]> =
    LazyLock::new(|| [LayerSettings::dense(), LayerSettings::norm(), LayerSettings::noise()]);

/// Returns the settings that a layer takes.
pub(crate) fn layer(name: LayerName) -> impl Iterator<Item = &'static Setting<LayerSettings>> {
    let parts = match name {
        LayerName::Input => &LAYER[2..],
        LayerName::Hidden(_) => &LAYER[..],
        LayerName::Output => &LAYER[..1],
    };
    parts.iter().flatten()
}

impl Settings {
    /// Creates settings at their defaults.
    pub fn new() -> Self {
        let mut settings = Self::default();
        for Setting { row, set, .. } in STUDY.iter() {
            // Each default is in its range.
            row.default.iter().for_each(|default| drop(set(&mut settings, default, Path::new(""))));
        }
        settings
    }
}

fn preset_names() -> Vec<String> {
    presets(&[]).map(|(name, _)| name.to_owned()).to_vec()
}

impl Rows for Settings {
    fn rows() -> Vec<Setting<Self>> {
        let mut rows = vec![
            row!(backend, word(), "Burn backend to train on").not_swept().kept(),
            row!(variants, list(1, name()), "compared variants", preset_names()).no_input(),
            row!(seeds, list(1, whole(0)), "one run of each variant per seed", vec![0]).no_input(),
            row!(jobs, jobs(), "runs at a time; auto: one per core, one on a GPU").no_input(),
            row!("network.hidden", hidden, hidden(), "units per layer", NOTEBOOK_HIDDEN.to_vec()),
            row!("output.tensorboard", tensorboard, boolean(), "write event files", false)
                .no_input(),
        ];
        rows.extend(rows!(data));
        rows.extend(rows!(fit));
        rows
    }
}

impl Rows for DataSettings {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            row!(sources, list(1, word()), "data sets, tried in order", Source::DEFAULT.to_vec())
                .no_input(),
            row!(pixels, word(), "range of the inputs; unit: 0 to 1, raw: 0 to 255"),
            row!(dir, path(), "folder, file or beginning of files' names, instead of sources")
                .no_input(),
            row!(
                transposed,
                boolean(),
                "images of data.dir are stored transposed, as EMNIST's are"
            )
            .no_input(),
            row!(size, size(), "height and width of the images of data.dir, for CSV and pictures")
                .no_input(),
            row!(
                test_split,
                fraction(),
                "share of each class held out for testing, if data.dir has no test images"
            )
            .no_input(),
            row!(validation_split, fraction(), "share of the images in use, held out from the end"),
            row!(limit, optional(whole(1)), "number of training images; unset: all"),
            row!(
                sample,
                word(),
                "images that data.limit selects: the first, or random ones by seed"
            ),
            row!(label_noise, fraction(), "share of training labels replaced by wrong ones"),
            row!(validation, optional(whole(1)), "images held out, from the end").not_swept(),
        ]
    }
}

impl Rows for FitSettings {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            row!(epochs, whole(1), "passes over the training images", 50).kept(),
            row!(batch_size, whole(1), "images per optimizer step", 1000),
            row!(learning_rate, positive(), "learning rate", 0.01),
            row!(optimizer, word(), "rule that updates the weights"),
            row!(momentum, fraction(), "momentum of sgd").quiet(),
            row!(nesterov, boolean(), "Nesterov's momentum of sgd").quiet(),
            row!(beta_1, fraction(), "adam's decay of the gradients' mean", 0.9).quiet(),
            row!(beta_2, fraction(), "adam's decay of the squared gradients' mean", 0.999).quiet(),
            row!(epsilon, positive(), "adam's epsilon", 1e-7).quiet(),
            row!(shuffle, boolean(), "shuffle the training images for each epoch", true),
            row!(validate_every, whole(1), "epochs per held-out evaluation", 1).not_swept(),
            row!(weights, path(), "file of start weights, instead of random ones").no_input(),
            row!(checkpoint_every, optional(whole(1)), "epochs per checkpoint; unset: every 10 s")
                .no_input(),
        ]
    }
}

impl Rows for VariantSettings {
    fn rows() -> Vec<Setting<Self>> {
        let mut rows = vec![
            row!(
                label,
                optional(text()),
                "name in tables and the report; unset: the variant's own"
            )
            .no_input(),
            row!(label_smoothing, fraction(), "share of a label that is spread over all classes"),
            row!(shift, byte(), "largest shift of a training image, in pixels"),
        ];
        rows.extend(rows!(early_stopping?));
        rows.extend(rows!(weight_decay?));
        rows
    }
}

impl Rows for EarlyStopping {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            row!(monitor, word(), "value that has to improve").kept(),
            row!(min_delta, magnitude(), "smallest change that counts as an improvement"),
            row!(patience, whole(0), "epochs without improvement before training ends"),
            row!(start_from_epoch, whole(0), "number of first epochs that are not monitored"),
            row!(restore_best_weights, boolean(), "restore the best epoch's weights at the end"),
        ]
    }
}

impl Rows for WeightDecay {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            row!(rate, not_negative(), "rate of decoupled weight decay; 0: none").kept(),
            row!(exclude, list(0, name()), "tensors without decay, by parts of their names"),
        ]
    }
}

impl LayerSettings {
    fn dense() -> Vec<Setting<Self>> {
        let mut rows = rows!(kernel_regularizer);
        let others = rows!(bias_regularizer).into_iter().chain(rows!(activity_regularizer));
        // `orthogonal` compares the rows of a matrix; biases and activities are none.
        rows.extend(others.filter(|setting| !setting.row.key.ends_with(".orthogonal")));
        rows.extend(rows!(kernel_constraint));
        rows.extend(rows!(bias_constraint));
        rows
    }

    fn norm() -> Vec<Setting<Self>> {
        vec![
            row!(batch_norm, boolean(), "batch normalisation after ReLU"),
            row!(layer_norm, boolean(), "layer normalisation after ReLU"),
        ]
    }

    fn noise() -> Vec<Setting<Self>> {
        vec![
            row!(
                "gaussian_noise",
                noise.gaussian_noise,
                up_to_one(),
                "standard deviation of the added noise",
                0.0
            ),
            row!(
                "gaussian_dropout",
                noise.gaussian_dropout,
                fraction(),
                "rate of Gaussian dropout",
                0.0
            ),
            row!("dropout", noise.dropout, fraction(), "rate of dropout", 0.0),
        ]
    }
}

impl Rows for Regularizer {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            row!(l1, not_negative(), "factor of the sum of absolute values"),
            row!(l2, not_negative(), "factor of the sum of squares"),
            row!(orthogonal, not_negative(), "factor of rows' mean |cosine|"),
        ]
    }
}

impl Rows for ConstraintSettings {
    fn rows() -> Vec<Setting<Self>> {
        let mut rows = vec![
            row!(max_norm, not_negative(), "largest norm; 0: none"),
            row!(unit_norm, boolean(), "sets norms to 1"),
            row!(non_neg, boolean(), "sets negative weights to 0"),
        ];
        rows.extend(rows!(min_max_norm?));
        rows
    }
}

impl Rows for MinMaxNorm {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            row!(min_value, not_negative(), "smallest norm").kept(),
            row!(max_value, not_negative(), "largest norm").kept(),
            row!(rate, up_to_one(), "share of the correction per step; 1: all of it").kept(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_in_its_range() {
        let study = STUDY.iter().map(|setting| &setting.row);
        let variant = VARIANT.iter().map(|setting| &setting.row);
        let layer = layer(LayerName::Hidden(0)).map(|setting| &setting.row);
        for row in study.chain(variant).chain(layer) {
            let Some(default) = &row.default else { continue };
            assert_eq!((row.canonical)(default).as_ref(), Ok(default), "{}", row.key);
        }
        for setting in STUDY.iter() {
            assert_eq!((setting.get)(&Settings::new()), setting.row.default, "{}", setting.row.key);
        }
    }
}
