//! A study's folder: its runs' files, checkpoints and locks.

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
