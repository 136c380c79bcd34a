//! Recordings by epoch: the network's metrics on training images in inference, and the state of its weights.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use model::{LayerName, Loss, Network};

use crate::{Images, evaluate, metrics::evaluate_with};

/// Number of training images, the first ones, that a recording evaluates.
pub const RECORDED_IMAGES: usize = 2000;
/// Largest magnitude of a weight that counts as near zero.
pub const NEAR_ZERO: f32 = 0.001;

/// Columns of the values that a fit records by epoch.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// Number of hidden layers.
    pub depth: usize,
    /// Whether there are held-out images.
    pub is_validated: bool,
    /// Whether some labels are known to be wrong.
    pub has_wrong_labels: bool,
}

impl Columns {
    /// Returns the names of the recorded values:
    ///
    /// - `acc`, `cross_entropy`: accuracy, 0 to 1, and mean cross-entropy without penalties on the first
    ///   [`RECORDED_IMAGES`] training images, in inference;
    /// - `val_cross_entropy`: mean cross-entropy without penalties on the held-out images, if there are any;
    /// - `penalty`: sum of all penalties, the one on activities for the same training images;
    /// - `memorised`: the share of the wrong labels that the network gives, if there are any;
    /// - for each layer: `norm`, the Euclidean norm of the kernel; `near_zero`, the share of its weights within 0.001
    ///   of 0; `silent`, the share of the units whose ReLU is 0 for every one of those images. The output layer has no
    ///   ReLU.
    pub fn names(self) -> Vec<String> {
        let Self { depth, is_validated, has_wrong_labels } = self;
        let of_images = [
            ("acc", true),
            ("cross_entropy", true),
            ("val_cross_entropy", is_validated),
            ("penalty", true),
            ("memorised", has_wrong_labels),
        ];
        let of_images = of_images.into_iter().filter(|(_, is_recorded)| *is_recorded);
        let hidden = (0..depth).map(LayerName::Hidden).flat_map(|layer| {
            ["norm", "near_zero", "silent"].map(|name| format!("{layer}.{name}"))
        });
        let output = ["norm", "near_zero"].map(|name| format!("{}.{name}", LayerName::Output));
        of_images.map(|(name, _)| name.to_owned()).chain(hidden).chain(output).collect()
    }
}

/// Records a network's values after an epoch, in the order of [`Columns::names`]. `val_cross_entropy` is that on the
/// held-out images, and `wrong` are the images with wrong labels, if there are any. The values are not finite where
/// training diverged, except the accuracies. Calls `on_batch_end` after each batch of images; its error ends the recording.
pub(crate) fn record<E>(
    network: &Network,
    images: Images<'_>,
    wrong: Option<Images<'_>>,
    val_cross_entropy: Option<f64>,
    device: &Device,
    mut on_batch_end: impl FnMut() -> Result<(), E>,
) -> Result<Vec<f64>, E> {
    // Largest output of each hidden layer's units, `[1, units]`.
    let mut largest: Vec<Option<Tensor<2>>> = vec![None; network.hidden.len()];
    let on_activity = |index: usize, activity: &Tensor<2>| {
        let batch = activity.clone().max_dim(0);
        largest[index] = Some(match largest[index].take() {
            Some(largest) => largest.max_pair(batch),
            None => batch,
        });
    };
    // No loss is recorded.
    let loss = Loss::default();
    let evaluation =
        evaluate_with(network, images, loss, device, on_activity, |_, _| on_batch_end())?;
    let memorised =
        wrong.map(|wrong| evaluate(network, wrong, loss, device, &mut on_batch_end)).transpose()?;
    let network = network.valid();
    // Read together, because each transfer from a device takes as long as many.
    let mut of_layers = Vec::new();
    let mut sizes = Vec::new();
    for ((_, dense), silent) in network.dense_layers().zip(largest.into_iter().chain([None])) {
        let kernel = dense.kernel.val();
        let [inputs, units] = dense.dims();
        of_layers.push(kernel.clone().square().sum().sqrt());
        of_layers.push(kernel.abs().lower_equal_elem(NEAR_ZERO).int().sum().float());
        sizes.extend([1, inputs * units]);
        if let Some(largest) = silent {
            of_layers.push(largest.equal_elem(0.0).int().sum().float());
            sizes.push(units);
        }
    }
    let of_layers = Tensor::cat(of_layers, 0).into_data();
    let of_layers = of_layers.iter::<f64>().zip(sizes).map(|(sum, size)| sum / size as f64);
    let of_images = [
        Some(evaluation.metrics.accuracy),
        Some(evaluation.cross_entropy),
        val_cross_entropy,
        Some(evaluation.penalty),
        memorised.map(|wrong| wrong.metrics.accuracy),
    ];
    Ok(of_images.into_iter().flatten().chain(of_layers).collect())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use burn::module::Param;
    use data::{Shape, Split};
    use model::NetworkConfig;

    use super::*;
    use crate::Pixels;

    #[test]
    fn records_what_the_columns_say() {
        let device = Device::flex();
        let mut config = NetworkConfig::plain(&[2]);
        config.output.kernel_regularizer.l2 = 0.5;
        let mut network = config.init(Shape::MNIST.pixels(), 10, 0, &device);
        // The first unit sees the first pixel, the second one is silent. 1566 of the weights are 0.
        let mut kernel = vec![0.0_f32; 2 * Shape::MNIST.pixels()];
        (kernel[0], kernel[1]) = (3.0, -4.0);
        let kernel = Tensor::<1>::from_data(kernel.as_slice(), &device);
        network.hidden[0].dense.kernel = Param::from_tensor(kernel.reshape([-1, 2]));
        let mut output = vec![0.0_f32; 20];
        (output[0], output[1], output[2]) = (2.0, 0.001, -0.0011);
        let output = Tensor::<1>::from_data(output.as_slice(), &device);
        network.output.kernel = Param::from_tensor(output.reshape([2, 10]));

        let mut pixels = vec![0; 2 * Shape::MNIST.pixels()];
        pixels[0] = 255;
        let split = Split::new(Shape::MNIST, pixels, vec![0, 1]);
        let images = Images { split: &split, pixels: Pixels::Unit };
        let columns = |has_others| {
            let (is_validated, has_wrong_labels) = (has_others, has_others);
            Columns { depth: 1, is_validated, has_wrong_labels }.names()
        };
        let record = |wrong, val| {
            super::record(&network, images, wrong, val, &device, || Ok::<_, Infallible>(()))
        };
        let Ok(values) = record(None, None);
        assert_eq!(values.len(), columns(false).len());
        let named: Vec<(String, f64)> = columns(false).into_iter().zip(values).collect();
        // Logits are 6, 0.003, -0.0033 and seven zeros for the first image, all 0 for the second one.
        let first = (6_f64.exp() + 0.003_f64.exp() + (-0.0033_f64).exp() + 7.0).ln() - 6.0;
        let expected = [
            ("acc", 0.5),
            ("cross_entropy", f64::midpoint(first, 10_f64.ln())),
            ("penalty", 0.5 * (4.0 + 0.001_f64.powi(2) + 0.0011_f64.powi(2))),
            ("hidden1.norm", 5.0),
            ("hidden1.near_zero", 1566.0 / 1568.0),
            ("hidden1.silent", 0.5),
            ("output.norm", (4.0 + 0.001_f64.powi(2) + 0.0011_f64.powi(2)).sqrt()),
            ("output.near_zero", 18.0 / 20.0),
        ];
        for ((name, actual), (expected_name, expected)) in named.iter().zip(expected) {
            assert_eq!(name, expected_name);
            assert!((actual - expected).abs() < 1e-5, "{name}: {actual}, expected {expected}");
        }
        let Ok(validated) = record(Some(images), Some(7.0));
        assert_eq!(
            (columns(true)[2].as_str(), columns(true)[4].as_str()),
            ("val_cross_entropy", "memorised")
        );
        // Half of the images have the predicted class.
        assert_eq!((validated[2], validated[4]), (7.0, 0.5));
    }
}
