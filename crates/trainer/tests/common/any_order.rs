//! A study that is trained several times, several runs at a time or in another order.

use super::{TestDir, cells};

/// Checks that a backend gives the same results however many runs are trained at a time, and in any order.
pub(crate) fn check(backend: &str) {
    let dir = TestDir::new();
    // A weight gets several gradients: the order in which they are added must not vary.
    let both = "{ l1 = 0.001, l2 = 0.001 }";
    let layer = |name: &str| {
        ["kernel", "bias", "activity"]
            .map(|part| format!("variant.all.{name}.{part}_regularizer = {both}\n"))
            .concat()
    };
    let all = ["hidden1", "hidden2"].map(|name| {
        let more = ["batch_norm = true", "dropout = 0.2"];
        layer(name) + &more.map(|line| format!("variant.all.{name}.{line}\n")).concat()
    });
    let lines = "seeds = [0, 1]\nvariants = [\"dropout\", \"all\"]\n";
    dir.write_config("small.toml", &[lines, &all.concat(), &layer("output")].concat());
    let set = format!("backend={backend}");
    let one = dir.train("small.toml", "one", &["--set", &set, "--set", "jobs=1"]);
    let four = dir.train("small.toml", "four", &["--set", &set, "--set", "jobs=4"]);
    let reversed =
        ["--set", &set, "--set", "seeds=[1, 0]", "--set", "variants=[\"all\", \"dropout\"]"];
    let reversed = dir.train("small.toml", "reversed", &reversed);
    assert_eq!(one, four);
    assert_eq!(one.len(), 4);
    for row in &one {
        assert!(reversed.contains(row), "{row:?} is not in {reversed:?}");
    }
    let weights = |folder: &str| {
        std::fs::read(dir.path(&format!("{folder}/runs/all-seed-1/model.safetensors"))).unwrap()
    };
    assert!(weights("one") == weights("four"));
    let losses = |row| cells(row, ["loss_train", "loss_test"]);
    assert_ne!(losses(&one[0]), losses(&one[1]), "two seeds gave the same losses");
}
