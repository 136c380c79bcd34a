# Every recipe is a short line over cargo or the program.

set positional-arguments

export CARGO_TERM_COLOR := env("CARGO_TERM_COLOR", "auto")

# Backends beyond the default ones: just features=vulkan train-all gpu --set backend=vulkan
features := ""

trainer := "cargo run --release --locked --quiet --package trainer --features '" + features + "' --"

# List the recipes
default:
    @just --list

# Compile the program
build:
    cargo build --release --locked --workspace --features '{{features}}'

# Train every variant of a study: just train-all [CONFIG] [--set KEY=VALUE]
train-all *arguments: build
    {{trainer}} run "$@"

# Train a study's unfinished runs on Slurm: just train-all-slurm [--max-tasks N] [CONFIG] [--set KEY=VALUE]
train-all-slurm *arguments: build
    crates/trainer/slurm/submit "$PWD/target/release/trainer" "$@"

# Any of the program's commands: just trainer backends
trainer *arguments: build
    {{trainer}} "$@"

# Two epochs on built-in digits, in seconds
smoke: build
    {{trainer}} run smoke

# All tests but the slow ones; none needs a network or MNIST
test:
    cargo test --release --locked --workspace

# Kill a study sixty times and compare what it comes to (half a minute)
kills:
    cargo test --release --locked --workspace --test kills -- --ignored

# Open a report in Chromium; its pictures are in target/tmp/report (needs chromium and chromedriver)
browser:
    cargo test --release --locked --workspace --test browser -- --ignored

# Train a study on a Slurm of one node, with tasks stopped on their way (needs root, slurm-wlm and munge)
test-slurm:
    crates/trainer/tests/slurm/with-cluster \
        cargo test --release --locked --workspace --test slurm -- --ignored --test-threads=1

# Train on the digits that the program draws, read MNIST's (half a minute; needs MNIST)
synthetic:
    cargo test --release --locked --workspace --test synthetic -- --ignored

# Train Keras and the program from the same start on MNIST and compare (makes a Python environment; needs MNIST_DIR)
parity: build
    test -d target/keras || python3 -m venv target/keras
    target/keras/bin/pip install --quiet --requirement crates/trainer/tests/keras/requirements.txt
    target/keras/bin/python crates/trainer/tests/keras/parity.py target/release/trainer

# Let TensorBoard's own reader read event files (makes a Python environment)
tensorboard: build
    test -d target/tensorboard || python3 -m venv target/tensorboard
    target/tensorboard/bin/pip install --quiet --requirement crates/trainer/tests/tensorboard/requirements.txt
    target/tensorboard/bin/python crates/trainer/tests/tensorboard/read.py target/release/trainer

# Time the study against Keras and PyTorch (makes their environments; needs MNIST_DIR; a quarter of an hour)
bench: build
    for peer in keras pytorch; do \
        test -d target/peers/$peer || python3 -m venv target/peers/$peer; \
        target/peers/$peer/bin/pip install --quiet --requirement crates/bench/peers/$peer.txt || exit 1; \
    done
    cargo run --release --locked --quiet --package bench

# Time one training step of every variant
bench-steps:
    cargo bench --profile release --locked --package bench --bench steps

# Feed a reader what nobody would write: checkpoint, config, idx, image or weights (needs a nightly compiler and cargo-fuzz)
fuzz target seconds="600":
    ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:malloc_context_size=0 \
        cargo +nightly fuzz run --fuzz-dir crates/fuzz {{target}} -- -max_total_time={{seconds}} \
        -max_len=4096 -len_control=0 -rss_limit_mb=640 -malloc_limit_mb=64 -timeout=10

# Licences, sources, duplicates and advisories of what the program is made of (needs cargo-deny, and GitHub for the advisories)
deny *checks:
    cargo deny --locked check {{checks}}

# Formatting, lints, docs
check:
    cargo fmt --all --check
    cargo fmt --manifest-path crates/fuzz/Cargo.toml --check
    cargo clippy --release --locked --workspace --all-targets -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --release --locked --workspace --no-deps

# What CI runs; the drawn digits are measured where there is MNIST to measure them by
ci: check test browser test-slurm smoke
    test -z "${MNIST_DIR:-}" || just synthetic
