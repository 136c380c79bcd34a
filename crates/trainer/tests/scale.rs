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

use common::Place;
use trainer::{
    config::Entries,
    store::record::{FILE, HISTORY, MODEL, Record},
    study::{Run, Study},
};

/// `none` at 20 points, `l2` at 980, from 10 seeds each.
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

/// Trains one run and copies it to every other's folder, with accuracies that differ.
fn make_up(place: &Place, study: &Study) {
    let run = ["run", "many.toml", "--out", "out", "--quiet", "--only", "0"];
    place.trainer(&run).assert().success();
    let place_of = |run: &Run| place.path("out").join(run.folder());
    let first = place_of(&study.runs[0]);
    let trained = Record::read(&first).unwrap().unwrap();
    for (run, number) in study.runs.iter().zip(0_u32..).skip(1) {
        let folder = place_of(run);
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

/// Waits for a process; returns its peak memory and the bytes that it has read, as of its last millisecond.
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
    let place = Place::new();
    let text = config();
    let path = place.write("many.toml", &text);
    let study = Study::read("many", &Entries::parse(&text, Path::new(&path)).unwrap()).unwrap();
    assert_eq!(study.runs.len(), 10_000);
    make_up(&place, &study);

    let begun = Instant::now();
    let folders = study.runs.iter().map(|run| place.path("out").join(run.folder()));
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
        let file = fs::File::create(place.path("said")).unwrap();
        let mut child =
            place.command(&arguments).stdout(file).stderr(Stdio::null()).spawn().unwrap();
        let (memory, read) = usage(&mut child);
        let took = begun.elapsed();
        assert!(child.wait().unwrap().success());
        // Beside the records, a report reads the data set and a model of each variant.
        let expected = records * 9 / 10..records * 5 / 4;
        assert!(expected.contains(&read), "{arguments:?} read {read} bytes of {records}");
        assert!((1..500_000_000).contains(&memory), "{arguments:?} took {memory} bytes");
        // Ordinarily it is 2 to 6 times. Comparing every run with every other would be thousands of times.
        assert!(took < 30 * reading, "{arguments:?} took {took:?}, reading alone {reading:?}");
    }
    assert!(place.read("out/results.csv").lines().count() == 10_001);
}
