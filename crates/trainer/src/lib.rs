//! Trains the variants of a regularised network side by side and compares them.
//!
//! A command goes through the modules in this order: [`cli`] → [`commands`] → [`config`] → [`study`] →
//! [`splits`] → [`runner`] → [`store`] → [`results`] → [`report`].

pub mod cli;
pub mod commands;
pub mod config;
mod doubts;
pub mod report;
pub mod results;
pub mod runner;
pub mod splits;
pub mod store;
pub mod study;
