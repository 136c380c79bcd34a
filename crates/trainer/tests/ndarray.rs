//! Tests of the ndarray backend.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "keras/fixture.rs"]
mod fixture;
#[path = "keras/replay.rs"]
mod replay;

use common::any_order;
use trainer::study::Backend;

#[test]
fn results_do_not_depend_on_jobs_or_order() {
    any_order::check("ndarray");
}

#[test]
fn ndarray_matches_keras() {
    replay::replay_all(Backend::Ndarray, 1e-5, 1e-4);
}
