//! Checks across the settings of a run: contradictions, and sizes of networks and batches.

use data::Shape;
use model::{LayerName, MinMaxNorm, Norm};
use training::LARGEST_GPU_TENSOR;

use super::{
    Backend, OptimizerName, Run,
    keys::{BATCH_SIZE, HIDDEN, Origins, VARIANT},
    settings::{ConstraintSettings, LayerSettings},
};
use crate::config::SettingError;

/// Maximum number of parameters of a network.
const MAX_PARAMETERS: usize = 100_000_000;

/// Checks of a run. Their errors name the key to change as it is written, and its origin.
#[derive(Clone, Copy)]
pub(super) struct Check<'a> {
    pub(super) run: &'a Run,
    pub(super) backend: Backend,
    pub(super) origins: &'a Origins,
}

type Checked = Result<(), SettingError>;

impl Check<'_> {
    /// Runs all checks that need no data set.
    pub(super) fn all(self) -> Checked {
        // The shape of a data set in a folder is known once it is read.
        if self.run.data.dir.is_none() {
            self.sizes(Shape::MNIST)?;
        }
        self.user_set()?;
        self.validation()?;
        self.optimizer()?;
        self.weight_decay()?;
        let mut layers = self.run.variant.settings.layers.iter();
        layers.try_for_each(|(name, layer)| self.layer(*name, layer))
    }

    /// Checks the sizes of the network and the batches for a data set of this shape.
    pub(super) fn sizes(self, shape: Shape) -> Checked {
        let network = &self.run.variant.network;
        let parameters = network.parameters(shape.pixels(), shape.classes);
        self.refuse(parameters > MAX_PARAMETERS, HIDDEN, || {
            format!("makes a network of {parameters} parameters: the maximum is {MAX_PARAMETERS}")
        })?;
        let mut widths = vec![shape.pixels()];
        widths.extend(network.hidden.iter().map(|block| block.units));
        for (name, layer) in &self.run.variant.settings.layers {
            let inputs = match name {
                LayerName::Hidden(index) => widths[*index],
                LayerName::Input | LayerName::Output => widths[widths.len() - 1],
            };
            if layer.kernel_regularizer.orthogonal > 0.0 {
                self.orthogonal(*name, inputs)?;
            }
        }
        widths.push(shape.classes);
        if self.backend.is_cpu() { Ok(()) } else { self.buffers(&widths) }
    }

    /// Checks that kernels and a batch's layer outputs fit into a GPU buffer.
    fn buffers(self, widths: &[usize]) -> Checked {
        let kernel = widths.windows(2).find(|pair| pair[0] * pair[1] > LARGEST_GPU_TENSOR);
        if let Some([inputs, units]) = kernel {
            return self.refuse(true, HIDDEN, || {
                format!("makes a kernel of {inputs} × {units}: a GPU buffer holds at most 128 MiB")
            });
        }
        let largest = LARGEST_GPU_TENSOR / widths.iter().max().unwrap_or(&1);
        let is_set = self.origins.has(BATCH_SIZE);
        let (key, verb) =
            if is_set { (BATCH_SIZE, "must be") } else { (HIDDEN, "allows batches of") };
        self.refuse(self.run.fit.batch_size > largest, key, || {
            format!("{verb} at most {largest}: a GPU buffer holds at most 128 MiB")
        })
    }

    /// Checks the number of inputs of a layer with an orthogonal regularizer, which compares each pair of them in a
    /// tensor.
    fn orthogonal(self, name: LayerName, inputs: usize) -> Checked {
        let key = self.key(&format!("{name}.kernel_regularizer.orthogonal"));
        self.refuse(inputs < 2, &key, || {
            "needs a layer with two or more inputs, whose weights it compares".to_owned()
        })?;
        let most = LARGEST_GPU_TENSOR.isqrt();
        self.refuse(inputs > most, &key, || {
            format!("allows at most {most} inputs: this layer has {inputs}")
        })
    }

    /// Checks that settings of a data set of the user's have one.
    fn user_set(self) -> Checked {
        let data = &self.run.data;
        for (key, is_set) in [
            ("data.transposed", data.transposed),
            ("data.size", data.size.is_some()),
            ("data.test_split", data.test_split > 0.0),
        ] {
            self.refuse(is_set && data.dir.is_none(), key, || {
                "needs data.dir: it is a setting of your own images".to_owned()
            })?;
        }
        Ok(())
    }

    /// Checks that at most one setting holds out images, and at least one if early stopping needs them.
    fn validation(self) -> Checked {
        let data = &self.run.data;
        self.refuse(
            data.validation.is_some() && data.validation_split > 0.0,
            "data.validation",
            || {
                let split = self.describe("data.validation_split");
                format!("cannot be combined with {split}: set one of the two")
            },
        )?;
        let Some(stopping) = self.run.variant.settings.early_stopping else { return Ok(()) };
        let (monitor, key) = (stopping.monitor, self.key("early_stopping.monitor"));
        self.refuse(monitor.is_validation() && !data.is_validated(), &key, || {
            let instead = "set data.validation, or monitor `loss` or `accuracy`";
            format!("is `{monitor}`, but no images are held out: {instead}")
        })
    }

    /// Checks that the optimizer uses what is set for one.
    fn optimizer(self) -> Checked {
        let fit = &self.run.fit;
        let (is_sgd, has_momentum) = (fit.optimizer == OptimizerName::Sgd, fit.momentum > 0.0);
        for (key, is_unused) in [
            ("fit.beta_1", is_sgd && self.origins.has("fit.beta_1")),
            ("fit.beta_2", is_sgd && self.origins.has("fit.beta_2")),
            ("fit.epsilon", is_sgd && self.origins.has("fit.epsilon")),
            ("fit.momentum", !is_sgd && has_momentum),
            ("fit.nesterov", !is_sgd && fit.nesterov),
        ] {
            self.refuse(is_unused, key, || {
                format!("is not used by fit.optimizer = \"{}\": leave it out", fit.optimizer)
            })?;
        }
        self.refuse(fit.nesterov && !has_momentum, "fit.nesterov", || {
            "needs momentum: set fit.momentum, for example to 0.9".to_owned()
        })
    }

    /// Checks that each entry of `weight_decay.exclude` is part of a tensor's name.
    fn weight_decay(self) -> Checked {
        let Some(decay) = &self.run.variant.settings.weight_decay else { return Ok(()) };
        // A layer may get either normalisation.
        let mut names = Vec::new();
        for norm in Norm::ALL {
            let mut network = self.run.variant.network.clone();
            network.hidden.iter_mut().for_each(|block| block.norm = Some(norm));
            names.extend(network.trained_tensors());
        }
        let is_known = |part: &String| names.iter().any(|name| name.contains(part.as_str()));
        let Some(part) = decay.exclude.iter().find(|part| !is_known(part)) else { return Ok(()) };
        self.refuse(true, &self.key("weight_decay.exclude"), || {
            let examples = "`hidden1.kernel` and `hidden1.batch_norm.gamma`";
            format!(
                "has `{part}`, but no tensor's name contains it: names are, for example, {examples}"
            )
        })
    }

    /// Checks that the settings of a layer do not contradict each other.
    fn layer(self, name: LayerName, layer: &LayerSettings) -> Checked {
        let describe = |rest: &str| self.describe(&self.key(&format!("{name}.{rest}")));
        self.refuse_in(name, layer.batch_norm && layer.layer_norm, "layer_norm", || {
            format!("cannot be combined with {}: set one of the two", describe("batch_norm"))
        })?;
        let kernel = &layer.kernel_regularizer;
        for (other, factor) in [("l1", kernel.l1), ("l2", kernel.l2)] {
            let is_wrong = kernel.orthogonal > 0.0 && factor > 0.0;
            self.refuse_in(name, is_wrong, "kernel_regularizer.orthogonal", || {
                let other = describe(&format!("kernel_regularizer.{other}"));
                format!("cannot be combined with {other}: set one of the two")
            })?;
        }
        self.constraint(name, "kernel_constraint", &layer.kernel_constraint)?;
        self.constraint(name, "bias_constraint", &layer.bias_constraint)
    }

    /// Checks that a constraint is of one kind, and of no empty range.
    fn constraint(self, name: LayerName, table: &str, settings: &ConstraintSettings) -> Checked {
        let ConstraintSettings { max_norm, unit_norm, non_neg, min_max_norm } = settings;
        let kinds = [
            ("max_norm", *max_norm > 0.0),
            ("unit_norm", *unit_norm),
            ("non_neg", *non_neg),
            ("min_max_norm", min_max_norm.is_some()),
        ];
        let mut set = kinds.iter().filter(|(_, is_set)| *is_set);
        if let (Some((one, _)), Some((other, _))) = (set.next(), set.next()) {
            return self.refuse_in(name, true, &format!("{table}.{one}"), || {
                let other = self.describe(&self.key(&format!("{name}.{table}.{other}")));
                format!("cannot be combined with {other}: set one of the two")
            });
        }
        let Some(MinMaxNorm { min_value, max_value, .. }) = *min_max_norm else { return Ok(()) };
        let key = format!("{table}.min_max_norm.max_value");
        self.refuse_in(name, min_value > max_value, &key, || {
            format!("is {max_value}, below min_value = {min_value}")
        })
    }

    /// Returns the canonical key of a setting of the variant.
    fn key(self, rest: &str) -> String {
        format!("{VARIANT}{}.{rest}", self.run.variant.name)
    }

    /// Names the other setting of a contradiction.
    fn describe(self, key: &str) -> String {
        self.origins.describe(key, self.run.variant.network.hidden.len())
    }

    /// Returns an error for a setting of a layer, if it is wrong.
    fn refuse_in(
        self,
        layer: LayerName,
        is_wrong: bool,
        rest: &str,
        reason: impl FnOnce() -> String,
    ) -> Checked {
        // No key is formatted for what is right.
        if is_wrong {
            self.refuse(true, &self.key(&format!("{layer}.{rest}")), reason)
        } else {
            Ok(())
        }
    }

    fn refuse(self, is_wrong: bool, key: &str, reason: impl FnOnce() -> String) -> Checked {
        if !is_wrong {
            return Ok(());
        }
        let depth = self.run.variant.network.hidden.len();
        Err(self.origins.locate(SettingError::new(key, reason()), depth))
    }
}
