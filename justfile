# Every recipe is a short line over cargo or the program.

export CARGO_TERM_COLOR := env("CARGO_TERM_COLOR", "auto")

trainer := "cargo run --release --locked --quiet --package trainer --"

# List the recipes
default:
    @just --list

# Compile the program
build:
    cargo build --release --locked --workspace

# Train every variant of a study: just train-all [CONFIG] [--set KEY=VALUE]
train-all *arguments: build
    {{trainer}} run {{arguments}}

# Two epochs on built-in digits, in seconds
smoke: build
    {{trainer}} run smoke

# All tests that need neither a network nor real data
test:
    cargo test --release --locked --workspace

# Formatting, lints, docs
check:
    cargo fmt --all --check
    cargo clippy --release --locked --workspace --all-targets -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --release --locked --workspace --no-deps

# What CI runs
ci: check test smoke
