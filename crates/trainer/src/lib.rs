//! Trains the variants of a regularised network side by side and compares them.
//!
//! The way of the data is the order of the modules: [`config`] → [`study`] → [`digits`] →
//! [`train`] ([`schedule`] → [`training`] → [`record`]) → [`results`] → [`report`].

pub mod allocator;
pub mod checkpoint;
pub mod collect;
pub mod config;
pub mod continuing;
pub mod device;
pub mod digits;
pub mod error;
pub mod files;
pub mod image;
pub mod listing;
pub mod lock;
pub mod predict;
pub mod progress;
pub mod record;
pub mod report;
pub mod results;
mod run;
pub mod schedule;
pub mod show;
pub mod statistics;
pub mod stop;
pub mod study;
pub mod summary;
mod tensorboard;
pub mod train;
pub mod weights;
