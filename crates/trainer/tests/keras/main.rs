//! Repeats training recorded from Keras, step by step, on flex; `../ndarray.rs` and `../wgpu.rs` do on their backends.
//! The fixtures come from `make_fixtures.py`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod early_stopping;
mod fixture;
mod replay;

use trainer::study::Backend;

#[test]
fn flex_matches_keras() {
    replay::replay_all(Backend::Flex, 1e-5, 1e-4);
}
