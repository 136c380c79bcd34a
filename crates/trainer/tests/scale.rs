//! Commands that read the records of ten thousand runs: what they read, the memory and the time they take.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::TestDir;
use trainer::{
    config::Entries,
    store::record::{FILE, HISTORY, MODEL, Record},
    study::{Run, Study},
};

/// Returns a config of `none` at 20 points and `l2` at 980, with 10 seeds each.
fn config() -> String {
    let numbers = |count: u32| -> Vec<f64> { (1..=count).map(|n| f64::from(n) / 1e3).collect() };
    format!(
        "data.dir = \"digits\"\nfit.epochs = 2\nvariants = [\"none\", \"l2\"]\nseeds = {:?}\n[sweep]\n\
         fit.learning_rate = {:?}\nvariant.l2.hidden2.kernel_regularizer.l2 = {:?}\n",
        (0..10).collect::<Vec<_>>(),
        numbers(20),
        numbers(49),
    )
}

/// Trains one run and copies it to the folders of all others, with different accuracies.
fn write_records(dir: &TestDir, study: &Study) {
    let run = ["run", "many.toml", "--out", "out", "--quiet", "--only", "0"];
    dir.trainer(&run).assert().success();
    let folder_of = |run: &Run| dir.path("out").join(run.folder());
    let first = folder_of(&study.runs[0]);
    let trained = Record::read(&first).unwrap().unwrap();
    for (run, number) in study.runs.iter().zip(0_u32..).skip(1) {
        let folder = folder_of(run);
        fs::create_dir_all(&folder).unwrap();
        let record = Record {
            variant: run.variant.name.clone(),
            seed: run.seed,
            point: run.point.clone(),
            settings: study.run_settings(run),
            acc_test: 0.5 + f64::from(number * 7919 % 1000) / 1e4,
            ..trained.clone()
        };
        fs::write(folder.join(FILE), serde_json::to_vec_pretty(&record).unwrap()).unwrap();
        for file in [MODEL, HISTORY] {
            fs::hard_link(first.join(file), folder.join(file)).unwrap();
        }
    }
}

/// Waits for a process and returns its peak memory and the bytes that it read, both in bytes. The last millisecond
/// before it ends is not seen.
fn usage(child: &mut Child) -> (u64, u64) {
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    let counter = |file: &str, name: &str| -> Option<u64> {
        let text = fs::read_to_string(process.join(file)).ok()?;
        let value = text.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().trim_end_matches(" kB").parse().ok()
    };
    let (mut memory, mut read) = (0, 0);
    while child.try_wait().unwrap().is_none() {
        memory = memory.max(counter("status", "VmHWM:").unwrap_or_default() << 10);
        read = read.max(counter("io", "rchar:").unwrap_or_default());
        thread::sleep(Duration::from_millis(1));
    }
    (memory, read)
}

#[test]
fn every_record_of_ten_thousand_runs_is_read_once() {
    let dir = TestDir::new();
    let text = config();
    let path = dir.write("many.toml", &text);
    let study = Study::read("many", &Entries::parse(&text, Path::new(&path)).unwrap()).unwrap();
    assert_eq!(study.runs.len(), 10_000);
    write_records(&dir, &study);

    let begun = Instant::now();
    let folders = study.runs.iter().map(|run| dir.path("out").join(run.folder()));
    let sizes = folders.map(|folder| {
        Record::read(&folder).unwrap().unwrap();
        fs::metadata(folder.join(FILE)).unwrap().len()
    });
    let records: u64 = sizes.sum();
    let reading = begun.elapsed();
    for (command, arguments) in [
        ("runs", &[][..]),
        ("runs", &["--json"]),
        ("results", &[]),
        ("results", &["--json"]),
        ("report", &[]),
    ] {
        let begun = Instant::now();
        let arguments = [&[command, "many.toml", "--out", "out"], arguments].concat();
        let file = fs::File::create(dir.path("stdout")).unwrap();
        let mut child = dir.command(&arguments).stdout(file).stderr(Stdio::null()).spawn().unwrap();
        let (memory, read) = usage(&mut child);
        let took = begun.elapsed();
        assert!(child.wait().unwrap().success());
        // Beside the records, a report reads the data set and a model of each variant.
        let expected = records * 9 / 10..records * 5 / 4;
        assert!(expected.contains(&read), "{arguments:?} read {read} bytes of {records}");
        assert!((1..500_000_000).contains(&memory), "{arguments:?} took {memory} bytes");
        // Usually 2 to 6 times as long. Comparing all pairs of runs would take hundreds of times as long.
        assert!(took < 30 * reading, "{arguments:?} took {took:?}, reading alone {reading:?}");
    }
    assert!(dir.read("out/results.csv").lines().count() == 10_001);
}
