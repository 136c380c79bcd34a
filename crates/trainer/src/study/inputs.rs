//! The inputs of a run: everything that its result depends on. Their SHA-256 identifies the run.

use std::{collections::BTreeMap, sync::LazyLock};

use data::Shape;
use model::LayerName;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    EPOCHS, KeyValues, Run, Sample, Study, Variant, WEIGHTS,
    flat::{flatten, non_default},
    keys::is_input,
    schema::{NetworkSettings, Settings, VariantSettings},
};

/// Version of the arithmetic. Increase it when the same inputs give other results, even in the last bit, or when a
/// default or the meaning of a setting changes.
pub const NUMERICS_VERSION: u32 = 3;

/// Number of hexadecimal digits of a run's id.
pub const ID_DIGITS: usize = 12;

/// Key of the monitored value of early stopping.
const MONITOR: &str = "early_stopping.monitor";

/// Key of the rate of weight decay.
const DECAY_RATE: &str = "weight_decay.rate";

/// Settings at their defaults.
static DEFAULTS: LazyLock<KeyValues> = LazyLock::new(|| flatten(&Settings::default()));

/// Files that a study reads, so far as they identify its runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFiles {
    /// SHA-256 of the data set.
    pub dataset_sha256: String,
    /// Number of its training images.
    pub training_images: usize,
    /// Number of its classes. A folder's classes.txt may raise it without a change of the checksum.
    #[serde(default = "default_classes", skip_serializing_if = "is_default_classes")]
    pub classes: usize,
    /// SHA-256 of the start weights' file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_sha256: Option<String>,
}

impl Default for InputFiles {
    fn default() -> Self {
        Self {
            dataset_sha256: String::new(),
            training_images: 0,
            classes: default_classes(),
            weights_sha256: None,
        }
    }
}

fn default_classes() -> usize {
    Shape::MNIST.classes
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_default_classes(classes: &usize) -> bool {
    *classes == default_classes()
}

/// The inputs of a run by key. Settings at their default are left out, so that a new setting changes no id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inputs(BTreeMap<String, Value>);

impl Study {
    /// Returns the inputs of a run. Keys of its variant begin with the layer, such as `hidden1.dropout`.
    pub fn inputs(&self, run: &Run, files: &InputFiles) -> Inputs {
        let hidden = run.variant.network.hidden.iter().map(|block| block.units).collect();
        let (network, mut data, fit) =
            (NetworkSettings { hidden }, run.data.clone(), run.fit.without_defaults());
        // Settings without effect are left out.
        let images = files.training_images.saturating_sub(data.validation.unwrap_or(0));
        data.limit = data.limit.filter(|limit| *limit < images);
        if data.limit.is_none() {
            data.sample = Sample::First;
        }
        let mut settings = flatten(&Settings { network, data, fit, ..Settings::default() });
        settings.retain(|key, value| is_input(key) && DEFAULTS.get(key) != Some(value));
        settings.extend(variant_settings(&run.variant));
        let json = |(key, value): (String, toml::Value)| (key, value_to_json(&value));
        let mut inputs: BTreeMap<String, Value> = settings.into_iter().map(json).collect();
        inputs.insert("backend".to_owned(), self.settings.backend.to_string().into());
        inputs.insert("dataset".to_owned(), files.dataset_sha256.clone().into());
        if !is_default_classes(&files.classes) {
            inputs.insert("classes".to_owned(), files.classes.into());
        }
        inputs.insert(EPOCHS.to_owned(), run.fit.epochs.into());
        inputs.insert("numerics".to_owned(), NUMERICS_VERSION.into());
        inputs.insert("seed".to_owned(), run.seed.into());
        if let Some(sha256) = &files.weights_sha256 {
            inputs.insert(WEIGHTS.to_owned(), sha256.clone().into());
        }
        Inputs(inputs)
    }
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

fn value_to_json(value: &toml::Value) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Lists the settings of a variant that differ from their defaults. Of the tables that are there or not, the first key is
/// always there.
fn variant_settings(variant: &Variant) -> KeyValues {
    let defaults = flatten(&VariantSettings::with_tables());
    let mut own = VariantSettings { layers: BTreeMap::new(), ..variant.into() };
    if let Some(decay) = &mut own.weight_decay {
        // What excludes nothing has no effect, nor has the order.
        let names = variant.network.trained_tensors();
        decay.exclude.retain(|part| names.iter().any(|name| name.contains(part.as_str())));
        decay.exclude.sort_unstable();
    }
    let is_first = |key: &str| [MONITOR, DECAY_RATE].contains(&key);
    let own = flatten(&own).into_iter();
    let own = own.filter(|(key, value)| is_first(key) || defaults.get(key) != Some(value));
    let of_layer = |name: LayerName| {
        let settings = variant.network.layer(name).map(non_default).unwrap_or_default();
        settings.into_iter().map(move |(key, value)| (format!("{name}.{key}"), value))
    };
    own.chain(variant.network.layer_names().flat_map(of_layer)).collect()
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
        let files =
            InputFiles { dataset_sha256, training_images, classes: 10, weights_sha256: None };
        study.inputs(&study.runs[run], &files)
    }

    fn study(text: &str) -> Study {
        Study::read("small", &Entries::parse(text, Path::new("")).unwrap()).unwrap()
    }

    #[test]
    fn the_id_of_a_run_of_mnist_stays_the_same() {
        let mnist = Study::read("mnist", &find("mnist").unwrap().read(&[]).unwrap()).unwrap();
        let inputs = inputs(&mnist, 1);
        let expected = format!(
            "{{\n  \"backend\": \"flex\",\n  \"dataset\": \"{MNIST}\",\n  \"fit.epochs\": 50,\n  \
             \"hidden2.kernel_regularizer.l2\": 0.01,\n  \"numerics\": 3,\n  \"seed\": 0\n}}\n"
        );
        assert_eq!(inputs.json(), expected);
        assert_eq!(inputs.id(), "acb3b2ff2742");
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
