use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Loaded, Places, Request, SetPlaces, load};
use crate::download::Timeouts;
use crate::error::{Error, Skipped};
use crate::testing::server::Server;
use crate::testing::{Layout, fake, fake_mnist, gzip, labels};
use crate::{Source, Split, UserSet};

/// No server listens at this address.
const NO_SERVER: &str = "http://127.0.0.1:9/";

fn places(mnist_dir: Option<&Path>, cache: Option<&Path>) -> Places {
    let sets = [Source::Mnist, Source::Fashion, Source::Kmnist].map(|source| SetPlaces {
        path: mnist_dir.filter(|_| source == Source::Mnist).map(PathBuf::from),
        base_url: NO_SERVER.to_owned(),
        set: fake(source).set,
    });
    let cache = cache.map(PathBuf::from);
    Places { cache, keras: None, torchvision: vec![], sets, timeouts: Timeouts::default() }
}

fn request(sources: &[Source]) -> Request {
    Request { sources: sources.to_vec(), user_set: None }
}

fn load_silently(request: &Request, places: &Places) -> Result<Loaded, Error> {
    load(request, places, &|_| {})
}

fn reasons(loaded: &Loaded) -> Vec<String> {
    loaded.skipped.iter().map(ToString::to_string).collect()
}

const BOTH: [Source; 2] = [Source::Mnist, Source::Synthetic];

#[test]
fn a_given_folder_is_the_only_place_tried() {
    let parent = tempfile::tempdir().unwrap();
    let mnist_dir = parent.path().join("mnist_dir");
    fake_mnist().write(&mnist_dir, Layout::Flat, true);
    let dir = parent.path().join("dir");
    let request = Request { sources: BOTH.to_vec(), user_set: Some(UserSet::new(&dir)) };
    let error = load_silently(&request, &places(Some(&mnist_dir), None)).unwrap_err();
    assert!(matches!(error, Error::NoPath { .. }), "{error}");

    fake_mnist().write(&dir, Layout::Flat, true);
    fs::write(dir.join("train-labels-idx1-ubyte.gz"), gzip(&labels(&[1; 5]))).unwrap();
    let loaded = load_silently(&request, &places(Some(&mnist_dir), None)).unwrap();
    assert_eq!(loaded.images.name, "dir");
    assert_eq!(loaded.images.train.labels(), [0; 5]);
    assert_eq!(reasons(&loaded), [""; 0]);
}

#[test]
fn mnist_dir_is_mnist_or_an_error() {
    let parent = tempfile::tempdir().unwrap();
    let (dir, cache) = (parent.path().join("subset"), parent.path().join("cache"));
    fake_mnist().write(&cache.join("burn-dataset/mnist"), Layout::Subfolders, false);
    let load = || load_silently(&request(&BOTH), &places(Some(&dir), Some(&cache)));
    let message = || load().unwrap_err().to_string().replace(&format!("{}", dir.display()), "DIR");
    let start = "$MNIST_DIR does not lead to MNIST: DIR does not exist: it has to be a folder";
    assert!(message().starts_with(start), "{}", message());

    fake_mnist().write(&dir, Layout::Flat, true);
    let loaded = load().unwrap();
    assert_eq!((loaded.images.name.as_str(), reasons(&loaded)), ("mnist", vec![]));

    let other = dir.join("train-labels-idx1-ubyte.gz");
    fs::write(&other, gzip(&labels(&[1; 5]))).unwrap();
    let expected = "$MNIST_DIR does not lead to MNIST: DIR is not MNIST: it has 5 training and 2 test images of 28 × 28 pixels in 7 \
                    classes; to use another data set, set data.dir to it";
    assert_eq!(message(), expected);

    fs::remove_file(&other).unwrap();
    assert!(message().contains(": an IDX file of training labels is missing; there are "));
    fs::write(&other, "").unwrap();
    assert!(message().ends_with("train-labels-idx1-ubyte.gz is empty: copy or download it again"));
}

#[test]
fn mnist_is_found_where_keras_and_torchvision_keep_it() {
    let parent = tempfile::tempdir().unwrap();
    let (keras, cache) = (parent.path().join("keras"), parent.path().join("cache"));
    let raw = parent.path().join("data/MNIST/raw");
    let places = Places {
        keras: Some(keras.clone()),
        torchvision: vec![parent.path().to_owned(), parent.path().join("data")],
        ..places(None, Some(&cache))
    };
    let load = || load_silently(&request(&BOTH), &places).unwrap();
    fs::create_dir_all(&keras).unwrap();
    fs::write(keras.join("mnist.npz"), "no zip").unwrap();
    fake_mnist().write(&raw, Layout::Flat, true);
    let loaded = load();
    assert_eq!(loaded.images.name, "mnist");
    let met = format!("{} is damaged or truncated: ", keras.join("mnist.npz").display());
    assert!(reasons(&loaded)[1].starts_with(&met), "{:?}", reasons(&loaded));
    let absent = format!("there is no {}", parent.path().join("MNIST/raw").display());
    assert_eq!(reasons(&loaded)[2..], [absent]);

    // Met by chance, another set is passed by.
    fs::write(raw.join("train-labels-idx1-ubyte.gz"), gzip(&labels(&[1; 5]))).unwrap();
    let loaded = load();
    assert_eq!(loaded.images.name, "synthetic");
    assert!(reasons(&loaded)[3].contains("data/MNIST/raw is not MNIST: it has 5 training"));
    assert!(matches!(loaded.skipped[3], Skipped::Other(_)));

    // A complete cache comes first.
    fake_mnist().write(&cache.join("burn-dataset/mnist"), Layout::Subfolders, false);
    assert_eq!(reasons(&load()), ["$MNIST_DIR is not set"]);
}

#[test]
fn keras_has_fashion_mnist_too() {
    let keras = tempfile::tempdir().unwrap();
    let places = Places { keras: Some(keras.path().to_owned()), ..places(None, None) };
    let folder = keras.path().join("fashion-mnist");
    fake(Source::Fashion).write(&folder, Layout::Flat, true);
    let loaded = load_silently(&request(&[Source::Fashion]), &places).unwrap();
    assert_eq!(loaded.images.name, "fashion");
    assert_eq!(loaded.images.class_names[9], "Ankle boot");

    // Without their gzip, the files cannot be verified.
    fs::remove_dir_all(&folder).unwrap();
    fake(Source::Fashion).write(&folder, Layout::Flat, false);
    let error = load_silently(&request(&[Source::Fashion]), &places).unwrap_err().to_string();
    assert!(
        error
            .contains("fashion-mnist cannot be verified: checksums are published of gzipped files"),
        "{error}"
    );
}

#[test]
fn the_cache_is_read_without_mnist_dir() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("burn-dataset/mnist");
    fake_mnist().write(&folder, Layout::Subfolders, false);
    let loaded = load_silently(&request(&BOTH), &places(None, Some(cache.path()))).unwrap();
    assert_eq!(loaded.images.name, "mnist");
    assert_eq!(reasons(&loaded), ["$MNIST_DIR is not set"]);
}

#[test]
fn without_mnist_loads_the_next_source_and_returns_the_reasons() {
    let cache = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let loaded = load_silently(&request(&BOTH), &places(None, Some(cache.path()))).unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(loaded.images.name, "synthetic");
    let first = cache.path().join("burn-dataset/mnist/train/train-images-idx3-ubyte");
    let expected = [
        "$MNIST_DIR is not set".to_owned(),
        format!("the cache has no {}", first.display()),
        "http://127.0.0.1:9/train-images-idx3-ubyte.gz cannot be downloaded: no connection could be \
         made: Connection refused (os error 111)"
            .to_owned(),
    ];
    assert_eq!(reasons(&loaded), expected);

    let error =
        load_silently(&request(&[Source::Mnist]), &places(None, Some(cache.path()))).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "no data set was found ({}): set $MNIST_DIR or data.dir to its folder or file, or add \
             \"synthetic\" to data.sources",
            expected.join("; ")
        )
    );
}

#[test]
fn downloads_mnist_and_reports_the_progress() {
    let fake = fake_mnist();
    let server = Server::start(move |request| fake.respond(request));
    let cache = tempfile::tempdir().unwrap();
    let mut places = places(None, Some(cache.path()));
    places.sets[0].base_url.clone_from(&server.url);
    let finished = RefCell::new(Vec::new());
    let outcome = load(&request(&BOTH), &places, &|progress| {
        if Some(progress.done) == progress.total {
            finished.borrow_mut().push(progress.name.to_owned());
        }
    });
    let loaded = outcome.unwrap();
    assert_eq!(loaded.images.name, "mnist");
    assert_eq!(finished.into_inner(), fake_mnist().set.files.map(|file| file.name));
    assert_eq!(reasons(&loaded).len(), 5);
}

#[test]
fn does_not_download_without_a_cache_folder() {
    let error = load_silently(&request(&[Source::Mnist]), &places(None, None)).unwrap_err();
    let Error::NotFound { skipped, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(skipped[1].to_string(), "there is no cache folder, as $HOME is not set");
}

#[test]
fn tries_the_sources_in_the_given_order() {
    let dir = tempfile::tempdir().unwrap();
    fake_mnist().write(dir.path(), Layout::Flat, true);
    let places = places(Some(dir.path()), None);
    let reversed = request(&[Source::Synthetic, Source::Mnist]);
    let loaded = load_silently(&reversed, &places).unwrap();
    assert_eq!(loaded.images.name, "synthetic");
    assert_eq!(load_silently(&request(&BOTH), &places).unwrap().images.name, "mnist");
    let error = load_silently(&request(&[]), &places).unwrap_err();
    assert!(error.to_string().starts_with("no data set was found: set "), "{error}");
}

#[test]
fn fashion_is_never_silently_replaced() {
    let cache = tempfile::tempdir().unwrap();
    let places = places(None, Some(cache.path()));
    let error = load_silently(&request(&[Source::Fashion]), &places).unwrap_err().to_string();
    assert!(
        error
            .starts_with("no data set was found ($FASHION_MNIST_DIR is not set; the cache has no ")
    );
    let advice = "set $FASHION_MNIST_DIR or data.dir to its folder or file, or add \"synthetic\" to data.sources";
    assert!(error.ends_with(advice), "{error}");
    let sources = [Source::Fashion, Source::Mnist, Source::Synthetic];
    let loaded = load_silently(&request(&sources), &places).unwrap();
    assert_eq!((loaded.source, loaded.skipped.len()), (Some(Source::Synthetic), 6));
}

#[test]
fn each_published_set_has_a_folder_and_a_cache_of_its_own() {
    let parent = tempfile::tempdir().unwrap();
    let cache = parent.path().join("cache");
    for (index, source) in [Source::Mnist, Source::Fashion, Source::Kmnist].into_iter().enumerate()
    {
        let responding = fake(source);
        let server = Server::start(move |request| responding.respond(request));
        let mut places = places(None, Some(&cache));
        places.sets[index].base_url.clone_from(&server.url);
        let loaded = load_silently(&request(&[source]), &places).unwrap();
        assert_eq!((loaded.source, loaded.images.name), (Some(source), source.to_string()));
        assert_eq!(loaded.skipped.len(), 5, "nothing is in the cache yet");

        let folder = parent.path().join(source.to_string());
        fake(source).write(&folder, Layout::Flat, true);
        places.sets[index].path = Some(folder);
        let loaded = load_silently(&request(&[source]), &places).unwrap();
        assert_eq!((loaded.images.name, loaded.skipped.len()), (source.to_string(), 0));
    }
}

/// Counts the labels of each class.
fn histogram(split: &Split) -> [usize; 10] {
    let mut counts = [0; 10];
    for &label in split.labels() {
        counts[usize::from(label)] += 1;
    }
    counts
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
fn reads_the_real_mnist() {
    let places = Places::from_environment();
    let SetPlaces { path: Some(dir), set, .. } = &places.sets[0] else {
        eprintln!("skipped: $MNIST_DIR is not set, so there is no real MNIST to read");
        return;
    };
    let digits = UserSet::new(dir).read(set, &|_| {}).unwrap().0;
    assert_eq!(digits.name, "mnist");
    assert_eq!((digits.train.len(), digits.test.len()), (60_000, 10_000));
    assert_eq!(histogram(&digits.test), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    assert_eq!(digits.train.labels()[..5], [5, 0, 4, 1, 9]);
    let ink: u32 = digits.train.image(0).iter().map(|&pixel| u32::from(pixel)).sum();
    assert_eq!(ink, 27_525);
    assert_eq!(digits.sha256, "c65580678af93f1ea48c2c0d01d543ec89307c6b8a0eb7ca542d7c18c5f4c681");
}
