//! A split of a data set goes into Burn's own data loader.

use burn::{
    data::dataloader::{DataLoaderBuilder, batcher::Batcher},
    tensor::{Device, Tensor, TensorData},
};
use data::{LabelledImage, Shape, Split};

/// Combines images as a tensor `[images, pixels]`, and their labels.
struct Flat;

impl Batcher<LabelledImage, (Tensor<2>, Vec<u8>)> for Flat {
    fn batch(&self, items: Vec<LabelledImage>, device: &Device) -> (Tensor<2>, Vec<u8>) {
        let labels = items.iter().map(|item| item.label).collect();
        let pixels: Vec<f32> =
            items.iter().flat_map(|item| &item.pixels).copied().map(f32::from).collect();
        let shape = [items.len(), pixels.len() / items.len()];
        (Tensor::from_data(TensorData::new(pixels, shape), device), labels)
    }
}

#[test]
fn burns_data_loader_takes_a_split() {
    let shape = Shape { width: 2, height: 1, classes: 4 };
    let split = Split::new(shape, vec![0, 1, 2, 3, 4, 255], vec![3, 0, 1]);
    let device = Device::flex();
    let loader =
        DataLoaderBuilder::new(Flat).batch_size(2).set_device(device).num_workers(1).build(split);
    assert_eq!(loader.num_items(), 3);
    let batches: Vec<(Vec<f32>, Vec<u8>)> = loader
        .iter()
        .map(|batch| {
            let (images, labels) = batch.unwrap();
            (images.into_data().iter::<f32>().collect(), labels)
        })
        .collect();
    assert_eq!(batches, [(vec![0.0, 1.0, 2.0, 3.0], vec![3, 0]), (vec![4.0, 255.0], vec![1])]);
}
