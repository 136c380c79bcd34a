//! Commands that read the records of ten thousand runs: what they read, the memory and the time they take.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod common;

use std::{
    fs,
    path::PathBuf,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::TestDir;
use trainer::store::{
    Record, SavedStudy, StudyFolder, predictions,
    record::{FILE, MODEL},
    tables::HISTORY,
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

/// Trains one run and copies it to the folders of all others, with different accuracies. Returns the paths of the
/// records.
fn write_records(dir: &TestDir) -> Vec<PathBuf> {
    let run = ["run", "many.toml", "--out", "out", "--quiet", "--only", "0"];
    dir.trainer(&run).assert().success();
    let folder = StudyFolder::new(dir.path("out"));
    let saved = SavedStudy::read(&folder).unwrap().unwrap();
    assert_eq!(saved.study.runs.len(), 10_000);
    let jobs = saved.jobs(None);
    let folders = jobs.iter().map(|job| folder.run(&job.run.folder_name(job.id)));
    let folders: Vec<PathBuf> = folders.collect();
    let trained = Record::read(&folders[0]).unwrap().unwrap();
    for ((run, job), number) in folders.iter().zip(&jobs).zip(0_u32..).skip(1) {
        fs::create_dir_all(run).unwrap();
        fs::write(run.join("inputs.json"), job.inputs.json()).unwrap();
        let mut record = trained.clone();
        record.test.accuracy = 0.5 + f64::from(number * 7919 % 1000) / 1e4;
        record.write(run).unwrap();
        for file in [MODEL, HISTORY, predictions::FILE] {
            fs::hard_link(folders[0].join(file), run.join(file)).unwrap();
        }
    }
    folders
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
    dir.write("many.toml", &config());
    let folders = write_records(&dir);

    let begun = Instant::now();
    let sizes = folders.iter().map(|folder| {
        Record::read(folder).unwrap().unwrap();
        let files = [FILE, "inputs.json"].map(|file| folder.join(file));
        fs::read(&files[1]).unwrap();
        files.map(|file| fs::metadata(file).unwrap().len()).iter().sum::<u64>()
    });
    let records: u64 = sizes.sum();
    let reading = begun.elapsed();
    for (command, arguments) in [
        ("runs", &["many.toml", "--out", "out"][..]),
        ("runs", &["many.toml", "--out", "out", "--json"]),
        ("results", &["out"]),
        ("results", &["out", "--json"]),
        ("report", &["out"]),
    ] {
        let begun = Instant::now();
        let arguments = [&[command], arguments].concat();
        let file = fs::File::create(dir.path("stdout")).unwrap();
        let mut child = dir.command(&arguments).stdout(file).stderr(Stdio::null()).spawn().unwrap();
        let (memory, read) = usage(&mut child);
        let took = begun.elapsed();
        assert!(child.wait().unwrap().success());
        // Beside the records, `results` and `report` read study.json, a report even twice, and files of each variant.
        let expected = records * 9 / 10..records * 8 / 5;
        assert!(expected.contains(&read), "{arguments:?} read {read} bytes of {records}");
        assert!((1..500_000_000).contains(&memory), "{arguments:?} took {memory} bytes");
        // Usually 2 to 6 times as long. Comparing all pairs of runs would take hundreds of times as long.
        assert!(took < 30 * reading, "{arguments:?} took {took:?}, reading alone {reading:?}");
    }
    assert!(dir.read("out/results.csv").lines().count() == 10_001);
}
