//! Checks of the sizes of networks and batches.

use data::Shape;
use training::LARGEST_GPU_TENSOR;

use super::{HIDDEN, Settings, Variant};

/// Maximum number of parameters of a network.
const MAX_PARAMETERS: usize = 100_000_000;
/// Shape of the data set, which sets the sizes of the network's input and output.
pub(super) const SHAPE: Shape = Shape::MNIST;
/// Key of the number of images per optimizer step.
pub(super) const BATCH_SIZE: &str = "fit.batch_size";

/// A canonical key to change, and the reason.
pub(super) type Refusal = (String, String);

/// Returns an error if a network or a batch is too large. The error names the batch size only if the config sets it.
pub(super) fn check(
    settings: &Settings,
    variants: &[Variant],
    has_batch_size: bool,
) -> Result<(), Refusal> {
    check_parameters(variants)?;
    check_buffers(settings, has_batch_size)
}

/// Returns an error if a variant's network has too many parameters.
fn check_parameters(variants: &[Variant]) -> Result<(), Refusal> {
    let parameters = |variant: &Variant| variant.network.parameters(SHAPE.pixels(), SHAPE.classes);
    let parameters = variants.iter().map(parameters).max().unwrap_or(0);
    if parameters > MAX_PARAMETERS {
        let reason =
            format!("makes a network of {parameters} parameters: at most {MAX_PARAMETERS} can be");
        return Err((HIDDEN.to_owned(), reason));
    }
    Ok(())
}

/// Returns an error if a kernel or a batch's layer outputs do not fit into a GPU buffer. The key is that of the batch
/// size only if the config sets it.
fn check_buffers(settings: &Settings, has_batch_size: bool) -> Result<(), Refusal> {
    if settings.backend.is_cpu() {
        return Ok(());
    }
    let mut widths = vec![SHAPE.pixels()];
    widths.extend(&settings.network.hidden);
    widths.push(SHAPE.classes);
    let kernel = widths.windows(2).find(|pair| pair[0] * pair[1] > LARGEST_GPU_TENSOR);
    if let Some([inputs, units]) = kernel {
        let reason = format!(
            "makes a kernel of {inputs} × {units}, over the 128 MiB at which a GPU's buffers end"
        );
        return Err((HIDDEN.to_owned(), reason));
    }
    let largest_batch = LARGEST_GPU_TENSOR / widths.into_iter().max().unwrap_or(1);
    if settings.fit.batch_size <= largest_batch {
        return Ok(());
    }
    let (key, verb) =
        if has_batch_size { (BATCH_SIZE, "is") } else { (HIDDEN, "takes batches of") };
    Err((
        key.to_owned(),
        format!("{verb} at most {largest_batch} on a GPU: its buffers end at 128 MiB"),
    ))
}
