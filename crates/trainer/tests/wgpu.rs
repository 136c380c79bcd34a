//! The wgpu backend trains what flex trains. It wants a Vulkan driver; a software one will do.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Place, has_wgpu, stderr};
use model::Network;
use trainer::study::Backend;
use training::weights;

/// Largest relative difference of a loss between the two backends. They add up in another order;
/// over two epochs that came to 1e-6 with Mesa's llvmpipe.
const TOLERANCE: f64 = 1e-3;

#[test]
fn every_variant_has_the_losses_it_has_on_flex() {
    if !has_wgpu() {
        return;
    }
    let place = Place::new();
    place.config("small.toml", "");
    for backend in ["flex", "wgpu"] {
        place.results("small.toml", backend, &["--set", &format!("backend={backend}")]);
    }
    for variant in ["none", "l2", "l1", "dropout", "batch_norm", "batch_norm_dropout"] {
        let losses =
            |backend: &str| losses(&place, &format!("{backend}/runs/{variant}/seed-0/history.csv"));
        let (flex, wgpu) = (losses("flex"), losses("wgpu"));
        assert_eq!(flex.len(), 2);
        for (flex, wgpu) in flex.iter().zip(&wgpu) {
            let difference = (flex - wgpu).abs() / flex;
            assert!(difference < TOLERANCE, "{variant}: {flex} on flex, {wgpu} on wgpu");
        }
    }
}

#[test]
fn starts_and_drops_as_on_flex() {
    if !has_wgpu() {
        return;
    }
    let [.., variant] = model::presets(&[5, 6]);
    let [flex, wgpu] = [Backend::Flex, Backend::Wgpu].map(|backend| backend.open().unwrap());
    let [flex, wgpu] = [flex, wgpu].map(|device| variant.network.init(784, 10, 7, &device));
    let start = |network| weights::to_bytes(network).unwrap();
    assert!(start(&flex) == start(&wgpu));
    let mask = |network: &Network| network.masks(7, 3, 10).0[1].clone().unwrap().into_data();
    assert_eq!(mask(&flex), mask(&wgpu));
}

/// The losses of a history.csv.
fn losses(place: &Place, history: &str) -> Vec<f64> {
    place.csv(history).iter().map(|row| row["loss"].parse().unwrap()).collect()
}

/// Mesa writes to stderr that there is no desktop, each time that it looks for devices.
#[cfg(unix)]
#[test]
fn drivers_stay_silent_without_a_desktop() {
    if !has_wgpu() {
        return;
    }
    let place = Place::new();
    let output = place.command(&["backends"]).env_remove("XDG_RUNTIME_DIR").output().unwrap();
    assert_eq!(stderr(&output), "");
    assert!(output.status.success());
}
