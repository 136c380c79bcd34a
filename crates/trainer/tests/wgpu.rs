//! Compares the wgpu backend with flex and with Keras. Needs a Vulkan driver; a software one will do.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "keras/fixture.rs"]
mod fixture;
#[path = "keras/replay.rs"]
mod replay;

use common::{TestDir, stderr};
use model::Network;
use trainer::study::Backend;
use training::weights;

/// Largest relative difference of a loss between the two backends, which add in different orders. With Mesa's
/// llvmpipe it is 1e-6 after two epochs.
const TOLERANCE: f64 = 1e-3;

#[test]
fn losses_match_those_of_flex() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "");
    for backend in ["flex", "wgpu"] {
        dir.train("small.toml", backend, &["--set", &format!("backend={backend}")]);
    }
    for variant in ["none", "l2", "l1", "dropout", "batch_norm", "batch_norm_dropout"] {
        let losses =
            |backend: &str| losses(&dir, &format!("{backend}/runs/{variant}-seed-0/history.csv"));
        let (flex, wgpu) = (losses("flex"), losses("wgpu"));
        assert_eq!(flex.len(), 2);
        for (flex, wgpu) in flex.iter().zip(&wgpu) {
            let difference = (flex - wgpu).abs() / flex;
            assert!(difference < TOLERANCE, "{variant}: {flex} on flex, {wgpu} on wgpu");
        }
    }
}

#[test]
fn initial_weights_and_masks_match_those_of_flex() {
    let [.., (_, config)] = model::presets(&[5, 6]);
    let [flex, wgpu] = [Backend::Flex, Backend::Wgpu].map(|backend| backend.open().unwrap());
    let [flex, wgpu] = [flex, wgpu].map(|device| config.init(784, 10, 7, &device));
    let start = |network| weights::to_bytes(network).unwrap();
    assert!(start(&flex) == start(&wgpu));
    let mask =
        |network: &Network| network.noise(7, 3, 10).hidden[1].factors.clone().unwrap().into_data();
    assert_eq!(mask(&flex), mask(&wgpu));
}

/// Returns the losses of a history.csv.
fn losses(dir: &TestDir, history: &str) -> Vec<f64> {
    dir.csv(history).iter().map(|row| row["loss"].parse().unwrap()).collect()
}

/// Mesa writes to stderr that there is no desktop, each time that it looks for devices.
#[cfg(unix)]
#[test]
fn drivers_stay_silent_without_a_desktop() {
    let dir = TestDir::new();
    let output = dir.command(&["backends"]).env_remove("XDG_RUNTIME_DIR").output().unwrap();
    assert_eq!(stderr(&output), "");
    assert!(output.status.success());
}

#[test]
fn a_backend_without_a_device_is_refused() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["run", "small.toml", "--out", "out", "--set", "backend=wgpu"])
        .current_dir(dir.path(""))
        // No driver is to be found, whatever this machine has.
        .envs([("VK_DRIVER_FILES", "/nowhere"), ("VK_ICD_FILENAMES", "/nowhere")])
        .envs([("WGPU_BACKEND", "vulkan"), ("__EGL_VENDOR_LIBRARY_FILENAMES", "/nowhere")])
        .output()
        .unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("error: backend: `wgpu` finds no device on this machine\n"), "{text}");
    assert!(!text.contains("internal failure") && !dir.path("out").exists(), "{text}");
}

#[test]
fn wgpu_matches_keras() {
    replay::replay_all(Backend::Wgpu, 1e-3, 1e-3);
}
