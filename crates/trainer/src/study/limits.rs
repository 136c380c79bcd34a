//! Checks of the sizes of networks and batches, given the shape of the data set.

use data::Shape;
use model::{LayerName, NetworkConfig};
use training::LARGEST_GPU_TENSOR;

use super::{Backend, HIDDEN, Run, Settings, Variant};

/// Maximum number of parameters of a network.
const MAX_PARAMETERS: usize = 100_000_000;
/// Key of the number of images per optimizer step.
pub(super) const BATCH_SIZE: &str = "fit.batch_size";

/// A canonical key to change, and the reason.
pub(super) type Refusal = (String, String);

/// Returns an error if a network or a batch is too large. The error names the batch size only if the config sets it.
pub(super) fn check(
    settings: &Settings,
    variants: &[Variant],
    shape: Shape,
    has_batch_size: bool,
) -> Result<(), Refusal> {
    let batch = Batch { size: settings.fit.batch_size, is_set: has_batch_size };
    variants.iter().try_for_each(|variant| check_variant(variant, shape, settings.backend, batch))
}

/// Returns an error if the network or the batches of a run are too large.
pub(super) fn check_run(run: &Run, shape: Shape, backend: Backend) -> Result<(), Refusal> {
    let is_set = run.fit.batch_size != Settings::default().fit.batch_size;
    check_variant(&run.variant, shape, backend, Batch { size: run.fit.batch_size, is_set })
}

/// Number of images per optimizer step, and whether the config sets it.
#[derive(Debug, Clone, Copy)]
struct Batch {
    size: usize,
    is_set: bool,
}

fn check_variant(
    variant: &Variant,
    shape: Shape,
    backend: Backend,
    batch: Batch,
) -> Result<(), Refusal> {
    check_parameters(&variant.network, shape)?;
    if !backend.is_cpu() {
        check_buffers(&variant.network, shape, batch)?;
    }
    check_orthogonal(variant, shape)
}

/// Returns an error if a network has too many parameters.
fn check_parameters(network: &NetworkConfig, shape: Shape) -> Result<(), Refusal> {
    let parameters = network.parameters(shape.pixels(), shape.classes);
    if parameters > MAX_PARAMETERS {
        let reason =
            format!("makes a network of {parameters} parameters: at most {MAX_PARAMETERS} can be");
        return Err((HIDDEN.to_owned(), reason));
    }
    Ok(())
}

/// Returns an error if a kernel or a batch's layer outputs do not fit into a GPU buffer. The key is that of the batch
/// size only if the config sets it.
fn check_buffers(network: &NetworkConfig, shape: Shape, batch: Batch) -> Result<(), Refusal> {
    let mut widths = vec![shape.pixels()];
    widths.extend(network.hidden.iter().map(|block| block.units));
    widths.push(shape.classes);
    let kernel = widths.windows(2).find(|pair| pair[0] * pair[1] > LARGEST_GPU_TENSOR);
    if let Some([inputs, units]) = kernel {
        let reason = format!(
            "makes a kernel of {inputs} × {units}, over the 128 MiB at which a GPU's buffers end"
        );
        return Err((HIDDEN.to_owned(), reason));
    }
    let largest_batch = LARGEST_GPU_TENSOR / widths.into_iter().max().unwrap_or(1);
    if batch.size <= largest_batch {
        return Ok(());
    }
    let (key, verb) = if batch.is_set { (BATCH_SIZE, "is") } else { (HIDDEN, "takes batches of") };
    Err((
        key.to_owned(),
        format!("{verb} at most {largest_batch} on a GPU: its buffers end at 128 MiB"),
    ))
}

/// Returns an error if an orthogonal regularizer is set for a layer with too few or too many inputs.
fn check_orthogonal(variant: &Variant, shape: Shape) -> Result<(), Refusal> {
    let mut inputs = shape.pixels();
    for name in variant.network.layer_names() {
        let Some(layer) = variant.network.layer(name) else { continue };
        if layer.kernel_regularizer.orthogonal > 0.0 {
            check_inputs(inputs).map_err(|reason| {
                (format!("variant.{}.{name}.kernel_regularizer.orthogonal", variant.name), reason)
            })?;
        }
        if let LayerName::Hidden(index) = name {
            inputs = variant.network.hidden[index].units;
        }
    }
    Ok(())
}

/// Returns an error if an orthogonal regularizer cannot be that of a layer of so many inputs.
fn check_inputs(inputs: usize) -> Result<(), String> {
    if inputs < 2 {
        return Err("needs a layer of two or more inputs: it compares their weights".to_owned());
    }
    // It compares each pair of rows in one tensor.
    if inputs.saturating_mul(inputs) > LARGEST_GPU_TENSOR {
        return Err(format!(
            "is for layers of at most {} inputs: this one has {inputs}",
            LARGEST_GPU_TENSOR.isqrt()
        ));
    }
    Ok(())
}
