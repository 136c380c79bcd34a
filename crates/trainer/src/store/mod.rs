//! Files of a study's folder: records, checkpoints and locks.

pub mod checkpoint;
mod error;
pub mod files;
pub mod lock;
mod mismatch;
pub mod record;

pub use self::{
    error::Error,
    mismatch::{Mismatch, differences},
};
