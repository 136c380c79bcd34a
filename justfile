# Recipes for building, training, testing and benchmarking.

set positional-arguments

export CARGO_TERM_COLOR := env("CARGO_TERM_COLOR", "auto")

export CARGO_TARGET_DIR := env("CARGO_TARGET_DIR", justfile_directory() / "target")

# Cargo features for additional backends, for example: just features=wgpu train-all gpu
features := ""

trainer := quote(CARGO_TARGET_DIR / "release/trainer")

# List the recipes
default:
    @just --list

# The first time, all sources are fetched, so that a backend can be added without network access.
# Build the program
build:
    @test -e {{trainer}} || cargo fetch --locked --target "$(rustc --print host-tuple)" || true
    cargo build --release --locked --package trainer --features '{{features}}'

# Train all runs of a study: just train-all [CONFIG] [--set KEY=VALUE]
train-all *arguments: build
    @crates/trainer/build-for {{trainer}} '{{features}}' "$@"
    {{trainer}} run "$@"

# Train a study's unfinished runs on Slurm: just train-all-slurm [--max-tasks N] [CONFIG] [--set KEY=VALUE]
train-all-slurm *arguments: build
    @crates/trainer/build-for {{trainer}} '{{features}}' "$@"
    crates/trainer/slurm/submit {{trainer}} "$@"

# Run a command of the program, for example: just trainer backends
trainer *arguments: build
    {{trainer}} "$@"

# Train two epochs on synthetic images (seconds)
smoke: build
    {{trainer}} run smoke

# Run all tests of the build but the slow ones (needs neither network access nor MNIST)
test:
    cargo test --release --locked --workspace --features '{{features}}'

# Test all backends but vulkan and cuda (needs a Vulkan driver)
test-all:
    just features=ndarray,wgpu test

# Kill a study sixty times and compare its results with an undisturbed one (half a minute)
kills:
    cargo test --release --locked --workspace --test kills -- --ignored

# Test the report in Chromium; screenshots go to target/tmp/report (needs chromium and chromedriver)
browser:
    cargo test --release --locked --workspace --test browser -- --ignored

# Take the README's pictures of the report (needs chromium and MNIST)
screenshots: (train-all "overfit")
    for scheme in dark light; do \
        chromium --headless --no-sandbox --hide-scrollbars --virtual-time-budget=8000 --window-size=1280,682 \
            --blink-settings=preferredColorScheme=$([ $scheme = light ] && echo 1 || echo 0) \
            --screenshot=crates/trainer/docs/report-$scheme.png 'file://{{justfile_directory()}}/results/overfit/report.html' || exit 1; \
    done

# Train a study on a one-node Slurm cluster and interrupt its tasks (needs root, slurm-wlm and munge)
test-slurm:
    crates/trainer/tests/slurm/with-cluster \
        cargo test --release --locked --workspace --test slurm -- --ignored --test-threads=1

# Print the READMEs' tables of results (20 minutes on two cores; needs MNIST)
tables: build
    {{trainer}} run mnist --quiet --set 'seeds=[0,1,2,3,4]' --out results/mnist-five-seeds
    for study in notebook overfit strength augmentation dropout weight-decay weight-decay-adam max-norm noise label-noise early-stopping; do \
        echo && echo "$study:" && {{trainer}} run $study --quiet || exit 1; \
    done

# Train on the synthetic images and evaluate on MNIST (half a minute; needs MNIST)
synthetic:
    cargo test --release --locked --workspace --test synthetic -- --ignored

# Compare training with Keras on MNIST, from equal start weights (makes a Python environment; needs MNIST_DIR)
parity: build
    test -d target/keras || python3 -m venv target/keras
    target/keras/bin/pip install --quiet --requirement crates/trainer/tests/keras/requirements.txt
    target/keras/bin/python crates/trainer/tests/keras/parity.py {{trainer}}

# Read event files with TensorBoard's own reader (makes a Python environment)
tensorboard: build
    test -d target/tensorboard || python3 -m venv target/tensorboard
    target/tensorboard/bin/pip install --quiet --requirement crates/trainer/tests/tensorboard/requirements.txt
    target/tensorboard/bin/python crates/trainer/tests/tensorboard/read.py {{trainer}}

# Benchmark the study against Keras and PyTorch: just bench --epochs 10 (15 minutes; needs MNIST_DIR)
bench *arguments: build
    for peer in keras pytorch; do \
        test -d target/peers/$peer || python3 -m venv target/peers/$peer; \
        target/peers/$peer/bin/pip install --quiet --requirement crates/bench/peers/$peer.txt || exit 1; \
    done
    cargo run --release --locked --quiet --package bench -- "$@"

# Benchmark one optimizer step of each variant
bench-steps:
    cargo bench --profile release --locked --package bench --bench steps

# Fuzz a parser: checkpoint, config, formats, idx, image or weights (needs nightly Rust and cargo-fuzz)
fuzz target seconds="600":
    CARGO_TARGET_DIR=crates/fuzz/target ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:malloc_context_size=0 \
        cargo +nightly fuzz run --fuzz-dir crates/fuzz {{target}} -- -max_total_time={{seconds}} \
        -max_len=4096 -len_control=0 -rss_limit_mb=640 -malloc_limit_mb=64 -timeout=10

# Check the dependencies' licences, sources, duplicates and advisories (needs cargo-deny, and network access to GitHub)
deny *checks:
    cargo deny --locked check {{checks}}

# Check formatting, lints and documentation
check:
    cargo fmt --all --check
    cargo fmt --manifest-path crates/fuzz/Cargo.toml --check
    cargo clippy --release --locked --workspace --all-targets -- --deny warnings
    cargo clippy --release --locked --workspace --all-targets --features ndarray,vulkan -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --release --locked --workspace --no-deps

# Run the CI checks; the synthetic images are tested only if MNIST_DIR is set
ci: check test test-all browser test-slurm smoke
    test -z "${MNIST_DIR:-}" || just synthetic
