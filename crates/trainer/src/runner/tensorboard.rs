//! Event files for TensorBoard: TFRecords of TensorFlow's `Event` messages
//! (<https://github.com/tensorflow/tensorflow/blob/v2.21.0/tensorflow/core/util/event.proto> and `summary.proto`
//! beside it), as far as they are used here.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use burn::tensor::TensorData;
use prost::Message;
use training::{Epoch, State, weights};

use crate::store::{Error, files};

/// Bins of a histogram, TensorFlow's default.
const BINS: u32 = 30;
/// Prefix of event files' names, by which TensorBoard finds them.
const NAME: &str = "events.out.tfevents";
/// `SessionLog.SessionStatus.START`.
const START: i32 = 1;

#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Values>,
    #[prost(message, optional, tag = "7")]
    session_log: Option<SessionLog>,
}

#[derive(Clone, PartialEq, Message)]
struct SessionLog {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// TensorFlow's `Summary`.
#[derive(Clone, PartialEq, Message)]
struct Values {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
#[expect(clippy::struct_field_names, reason = "TensorFlow's names")]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
    #[prost(message, optional, tag = "5")]
    histo: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(double, tag = "1")]
    min: f64,
    #[prost(double, tag = "2")]
    max: f64,
    #[prost(double, tag = "3")]
    num: f64,
    #[prost(double, tag = "4")]
    sum: f64,
    #[prost(double, tag = "5")]
    sum_squares: f64,
    /// Upper edges of the bins.
    #[prost(double, repeated, tag = "6")]
    bucket_limit: Vec<f64>,
    #[prost(double, repeated, tag = "7")]
    bucket: Vec<f64>,
}

/// An event file to which a run's epochs are appended.
#[derive(Debug)]
pub(crate) struct Events {
    path: PathBuf,
    file: File,
    /// Time of the beginning in seconds since 1970, not before that of any event in the folder: the clock may have been
    /// set back, and TensorBoard reads files in the order of their names.
    begun: f64,
    clock: Instant,
}

impl Events {
    /// Creates a file in a run's folder. TensorBoard discards what other files there hold of epochs after these.
    pub(crate) fn begin(folder: &Path, epochs: usize) -> Result<Self, Error> {
        let begun = last_time(folder).map_or(now(), |last| now().max(last.floor() + 1.0));
        let path = folder.join(format!("{NAME}.{begun:010.0}.{}", std::process::id()));
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(|source| Error::Write { path: path.clone(), source })?;
        let mut events = Self { path, file, begun: begun.floor(), clock: Instant::now() };
        let version = Event { file_version: Some("brain.Event:2".to_owned()), ..events.event(0) };
        events.add(&version)?;
        let start = SessionLog { status: START };
        events.add(&Event { session_log: Some(start), ..events.event(epochs + 1) })?;
        Ok(events)
    }

    /// Appends the last epoch's losses and accuracies, and histograms of the weights.
    pub(crate) fn epoch(&mut self, state: &State) -> Result<(), Error> {
        let Some(epoch) = state.history.last() else { return Ok(()) };
        let mut values = scalars(epoch);
        for (tag, tensor) in weights::tensors(&state.network)? {
            let histo = Some(histogram(&tensor));
            values.push(Value { tag, simple_value: None, histo });
        }
        let summary = Some(Values { value: values });
        self.add(&Event { summary, ..self.event(epoch.number) })
    }

    fn event(&self, step: usize) -> Event {
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        let wall_time = self.begun + self.clock.elapsed().as_secs_f64();
        Event { wall_time, step, ..Event::default() }
    }

    fn add(&mut self, event: &Event) -> Result<(), Error> {
        let written = write_record(&mut self.file, &event.encode_to_vec());
        written.map_err(|source| Error::Write { path: self.path.clone(), source })
    }
}

/// Copies the event files of a run to the folder of a run that continues it.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    for entry in from.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(NAME)
            && let Some(bytes) = files::read(&from.join(&name))?
        {
            files::write(&to.join(&name), &bytes)?;
        }
    }
    Ok(())
}

/// Returns the time in seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Returns the latest time of the events in a run's folder, and in the names of their files, in seconds since 1970;
/// `None` without any.
fn last_time(folder: &Path) -> Option<f64> {
    let mut times: Vec<f64> = Vec::new();
    for entry in folder.read_dir().ok()?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = name.strip_prefix(NAME) else { continue };
        times.extend(rest.split('.').nth(1).and_then(|seconds| seconds.parse::<f64>().ok()));
        let bytes = files::read(&entry.path()).ok().flatten().unwrap_or_default();
        let mut records = bytes.as_slice();
        // Length, its checksum, data, their checksum.
        while let Some((length, rest)) = records.split_first_chunk()
            && let Ok(length) = usize::try_from(u64::from_le_bytes(*length))
            && let Some(data) = rest.get(4..).and_then(|rest| rest.get(..length))
        {
            times.extend(Event::decode(data).map(|event| event.wall_time));
            records = rest.get(length + 8..).unwrap_or_default();
        }
    }
    // A damaged event may have any time.
    times.into_iter().filter(|time| (0.0..1e10).contains(time)).max_by(f64::total_cmp)
}

/// Returns an epoch's metrics, named as in history.csv.
#[expect(clippy::cast_possible_truncation, reason = "TensorBoard's scalars are float32")]
fn scalars(epoch: &Epoch) -> Vec<Value> {
    let metrics = Epoch::METRICS.into_iter().zip(epoch.metrics());
    let scalars = metrics.filter_map(|(tag, value)| {
        Some(Value { tag: tag.to_owned(), simple_value: Some(value? as f32), histo: None })
    });
    scalars.collect()
}

/// Counts values in bins of equal width. Values that are not finite are left out.
fn histogram(tensor: &TensorData) -> Histogram {
    let values: Vec<f64> =
        tensor.iter::<f32>().map(f64::from).filter(|value| value.is_finite()).collect();
    let (min, max) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), &value| {
            (min.min(value), max.max(value))
        });
    if values.is_empty() {
        return Histogram::default();
    }
    let edge = |bin: u32| min + (max - min) * f64::from(bin) / f64::from(BINS);
    // If all values are equal, one bin holds them.
    let inner: Vec<f64> = if max > min { (1..BINS).map(edge).collect() } else { Vec::new() };
    let mut bucket = vec![0.0; inner.len() + 1];
    for &value in &values {
        bucket[inner.partition_point(|&edge| edge <= value)] += 1.0;
    }
    Histogram {
        min,
        max,
        num: values.len() as f64,
        sum: values.iter().sum(),
        sum_squares: values.iter().map(|value| value * value).sum(),
        bucket_limit: [inner, vec![max]].concat(),
        bucket,
    }
}

/// Encodes a TFRecord: the length and its checksum, the data and its checksum
/// (<https://www.tensorflow.org/tutorials/load_data/tfrecord>).
fn write_record(file: &mut impl Write, data: &[u8]) -> io::Result<()> {
    let length = (data.len() as u64).to_le_bytes();
    let (of_length, of_data) = (masked_sum(&length), masked_sum(data));
    file.write_all(&[&length[..], &of_length, data, &of_data].concat())
}

/// Computes TFRecord's masked CRC-32C.
fn masked_sum(data: &[u8]) -> [u8; 4] {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Output of TensorBoard 2.21's `RecordWriter` for `b"hello"`.
    #[test]
    fn a_record_is_as_tensorflow_writes_it() {
        let mut file = Vec::new();
        write_record(&mut file, b"hello").unwrap();
        let expected = "0500000000000000eab2043e68656c6c6fbb1f1c19";
        let found: String = file.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, expected);
    }

    /// Returns the events of a file.
    fn events(path: &Path) -> Vec<Event> {
        let bytes = std::fs::read(path).unwrap();
        let (mut records, mut events) = (bytes.as_slice(), Vec::new());
        while let Some((length, rest)) = records.split_first_chunk() {
            let length = usize::try_from(u64::from_le_bytes(*length)).unwrap();
            events.push(Event::decode(&rest[4..4 + length]).unwrap());
            records = &rest[length + 8..];
        }
        events
    }

    #[test]
    fn times_do_not_go_back_where_the_clock_does() {
        let folder = tempfile::tempdir().unwrap();
        let future = now() + 7200.0;
        let mut ahead = Events::begin(folder.path(), 0).unwrap();
        ahead.begun = future;
        let event = ahead.event(3);
        ahead.add(&event).unwrap();
        let behind = Events::begin(folder.path(), 3).unwrap();
        assert!(behind.path > ahead.path, "{:?} after {:?}", behind.path, ahead.path);
        let last = events(&ahead.path).last().unwrap().wall_time;
        assert!(events(&behind.path).iter().all(|event| event.wall_time >= last));
    }

    #[test]
    fn a_histogram_holds_every_finite_weight() {
        let mut values: Vec<f32> = (0..=60_u8).map(f32::from).collect();
        values.push(f32::NAN);
        let histogram = histogram(&TensorData::new(values, [62]));
        assert_eq!((histogram.min, histogram.max, histogram.num), (0.0, 60.0, 61.0));
        assert_eq!((histogram.bucket.len(), histogram.bucket_limit.len()), (30, 30));
        assert_eq!(
            (histogram.bucket[0], histogram.bucket[29], histogram.bucket_limit[0]),
            (2.0, 3.0, 2.0)
        );
        assert_eq!(histogram.bucket.iter().sum::<f64>(), 61.0);
    }

    #[test]
    fn equal_weights_are_one_bin_and_none_are_none() {
        let same = histogram(&TensorData::new(vec![0.5_f32; 3], [3]));
        assert_eq!((same.bucket, same.bucket_limit), (vec![3.0], vec![0.5]));
        assert_eq!(histogram(&TensorData::new(vec![f32::NAN], [1])), Histogram::default());
    }
}
