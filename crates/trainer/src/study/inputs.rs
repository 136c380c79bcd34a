//! The inputs of a run: everything that its result depends on. Their SHA-256 identifies the run.

use std::collections::BTreeMap;

use data::Shape;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Run, Sample, Study, Variant, WEIGHTS,
    keys::EPOCHS,
    setting::Setting,
    settings::{Settings, VariantSettings},
    table,
};

/// Version of the arithmetic. Increase it when the same inputs give other results, even in the last bit, or when a
/// default, the meaning of a setting, or what a preset trains changes.
pub const NUMERICS_VERSION: u32 = 4;

/// Number of hexadecimal digits of a run's id.
pub const ID_DIGITS: usize = 12;

/// Files that a study reads, so far as they identify its runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFiles {
    /// SHA-256 of the data set.
    pub dataset_sha256: String,
    /// Number of its training images.
    pub training_images: usize,
    /// Number of its classes, unless it is MNIST's. A folder's classes.txt may raise it without a change of the
    /// checksum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<usize>,
    /// SHA-256 of the start weights' file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_sha256: Option<String>,
}

impl InputFiles {
    /// Returns the number of classes.
    pub fn classes(&self) -> usize {
        self.classes.unwrap_or(Shape::MNIST.classes)
    }
}

/// The inputs of a run by key. Settings at their default are left out, so that a new setting changes no id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inputs(BTreeMap<String, Value>);

impl Study {
    /// Returns the inputs of a run. Keys of its variant begin with the layer, such as `hidden1.dropout`.
    pub fn inputs(&self, run: &Run, files: &InputFiles) -> Inputs {
        let hidden = run.variant.network.hidden.iter().map(|block| block.units).collect();
        let (backend, data, fit) = (self.settings.backend, run.data.clone(), run.fit.clone());
        let mut settings = Settings { backend, hidden, data, fit, ..Settings::new() };
        // Settings without effect are left out.
        let images = files.training_images.saturating_sub(run.data.validation.unwrap_or(0));
        settings.data.limit = settings.data.limit.filter(|limit| *limit < images);
        if settings.data.limit.is_none() {
            settings.data.sample = Sample::First;
        }
        let mut inputs = BTreeMap::new();
        add_inputs(&mut inputs, "", table::STUDY.iter(), &settings);
        add_inputs(&mut inputs, "", table::VARIANT.iter(), &effective_settings(&run.variant));
        for (name, layer) in &run.variant.settings.layers {
            add_inputs(&mut inputs, &format!("{name}."), table::layer(*name), layer);
        }
        inputs.insert("dataset".to_owned(), files.dataset_sha256.clone().into());
        inputs.insert("numerics".to_owned(), NUMERICS_VERSION.into());
        inputs.insert("seed".to_owned(), run.seed.into());
        inputs.extend(files.classes.map(|classes| ("classes".to_owned(), classes.into())));
        let weights = files.weights_sha256.clone();
        inputs.extend(weights.map(|sha256| (WEIGHTS.to_owned(), sha256.into())));
        Inputs(inputs)
    }
}

/// Adds the settings that have an effect, with `prefix` before their keys.
fn add_inputs<S: 'static>(
    inputs: &mut BTreeMap<String, Value>,
    prefix: &str,
    settings: impl Iterator<Item = &'static Setting<S>>,
    all: &S,
) {
    for setting in settings {
        if let Some(value) = setting.input(all) {
            let json = serde_json::to_value(value).unwrap_or_default();
            inputs.insert(format!("{prefix}{}", setting.row.key), json);
        }
    }
}

/// Returns a variant's settings outside its layers. Exclusions from weight decay are sorted, and those that match no
/// tensor are left out, as neither has an effect.
fn effective_settings(variant: &Variant) -> VariantSettings {
    let mut settings = VariantSettings { layers: BTreeMap::new(), ..variant.settings.clone() };
    if let Some(decay) = &mut settings.weight_decay {
        let names = variant.network.trained_tensors();
        decay.exclude.retain(|part| names.iter().any(|name| name.contains(part.as_str())));
        decay.exclude.sort_unstable();
    }
    settings
}

impl Inputs {
    /// Formats the inputs as inputs.json: keys in order, a line each.
    pub fn json(&self) -> String {
        // Keys are strings, and numbers are finite.
        serde_json::to_string_pretty(&self.0).unwrap_or_default() + "\n"
    }

    /// Returns the id of the run.
    pub fn id(&self) -> String {
        id_of(self.json().as_bytes())
    }

    /// Returns the number of epochs, and the other inputs.
    pub fn split_epochs(mut self) -> (u64, Self) {
        let epochs = self.0.remove(EPOCHS).and_then(|epochs| epochs.as_u64());
        (epochs.unwrap_or_default(), self)
    }
}

/// Returns the id of the run with this inputs.json: the first digits of its SHA-256.
pub fn id_of(inputs: &[u8]) -> String {
    data::sha256([inputs])[..ID_DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Entries, find};

    /// Checksum of MNIST.
    const MNIST: &str = "c65580678af93f1ea48c2c0d01d543ec89307c6b8a0eb7ca542d7c18c5f4c681";

    fn inputs(study: &Study, run: usize) -> Inputs {
        let dataset_sha256 = MNIST.to_owned();
        let training_images = 60_000;
        let files = InputFiles { dataset_sha256, training_images, ..InputFiles::default() };
        study.inputs(&study.runs[run], &files)
    }

    fn study(text: &str) -> Study {
        Study::read("small", &Entries::parse(text, Path::new("")).unwrap()).unwrap()
    }

    #[test]
    fn the_id_of_a_run_of_mnist_stays_the_same() {
        let mnist =
            Study::read("mnist", &find(Path::new("mnist")).unwrap().read(&[]).unwrap()).unwrap();
        let inputs = inputs(&mnist, 1);
        let expected = format!(
            "{{\n  \"backend\": \"flex\",\n  \"dataset\": \"{MNIST}\",\n  \"fit.epochs\": 50,\n  \
             \"hidden2.kernel_regularizer.l2\": 0.01,\n  \"numerics\": 4,\n  \"seed\": 0\n}}\n"
        );
        assert_eq!(inputs.json(), expected);
        assert_eq!(inputs.id(), "02435511bd66");
    }

    #[test]
    fn what_no_result_depends_on_is_no_input() {
        let plain = study("variants = [\"none\"]");
        for same in [
            "jobs = 3",
            "output.tensorboard = true",
            "fit.checkpoint_every = 2",
            "seeds = [0, 1]",
            "fit.epochs = 50",
            "data.limit = 60000",
            "data.sample = \"seed\"",
            "variant.none.hidden1.dropout = 0",
            "variant.none.label = \"plain\"",
            "variant.none.hidden1.kernel_regularizer = { l1 = 0.0 }",
            "fit.momentum = 0",
            "fit.nesterov = false",
            "variant.none.weight_decay.rate = 0",
            "variant.none.hidden1.kernel_constraint.max_norm = 0",
            "variant.none.hidden1.kernel_constraint.non_neg = false",
        ] {
            let same = study(&format!("variants = [\"none\"]\n{same}"));
            assert_eq!(inputs(&same, 0), inputs(&plain, 0));
        }
        for other in [
            "backend = \"ndarray\"",
            "seeds = [1]",
            "fit.epochs = 51",
            "fit.learning_rate = 0.1",
            "data.limit = 100",
            "data.validation = 10",
            "fit.validate_every = 2",
            "network.hidden = [50]",
            "variant.none.hidden1.batch_norm = true",
            "variant.none.early_stopping = { monitor = \"loss\" }",
            "fit.optimizer = \"adam\"",
            "fit.momentum = 0.9",
            "variant.none.weight_decay = {}",
            "variant.none.label_smoothing = 0.1",
            "variant.none.shift = 1",
            "variant.none.input.dropout = 0.1",
            "variant.none.output.kernel_constraint.max_norm = 2",
        ] {
            let other = study(&format!("variants = [\"none\"]\n{other}"));
            assert_ne!(inputs(&other, 0).id(), inputs(&plain, 0).id());
        }
        // Variants with equal inputs share a run.
        let alias = study("variants = [\"plain\"]\nvariant.plain.last_hidden.dropout = 0");
        assert_eq!(inputs(&alias, 0), inputs(&plain, 0));
    }
}
