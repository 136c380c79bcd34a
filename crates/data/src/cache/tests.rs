use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use super::{Cached, publish, temporary_prefix, write};
use crate::download::{Downloader, Timeouts};
use crate::error::{Error, Skipped};
use crate::files;
use crate::image_set::ImageSet;
use crate::published::Checksum;
use crate::source::Source;
use crate::testing::server::{Server, ok};
use crate::testing::{Layout, fake, fake_mnist, gzip, images};

fn server() -> Server {
    let fake = fake_mnist();
    Server::start(move |request| fake.respond(request))
}

fn load(cache: &Path, base_url: &str) -> (Result<ImageSet, Error>, Vec<String>) {
    let mut skipped = Vec::new();
    let downloader = Downloader::new(base_url, Timeouts::default(), &|_| {});
    let set = fake_mnist().set;
    let digits = Cached::read(cache, &set).complete(&downloader, &mut skipped);
    let skipped = skipped.iter().map(Skipped::to_string).collect();
    (digits, skipped)
}

fn mnist_folder(cache: &Path) -> PathBuf {
    cache.join("burn-dataset/mnist")
}

/// Returns the sorted paths of all files in a folder and its subfolders.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Checks that a cache holds the four files and no other.
fn assert_complete(cache: &Path) {
    let fake = fake_mnist();
    let mut expected: Vec<PathBuf> = Vec::new();
    for (file, contents) in fake.set.files.iter().zip(&fake.contents) {
        let path = mnist_folder(cache).join(file.subfolder).join(file.name);
        assert_eq!(&fs::read(&path).unwrap(), contents, "{}", path.display());
        expected.push(path);
    }
    expected.sort();
    assert_eq!(files_below(cache), expected);
}

#[test]
fn a_complete_cache_needs_no_server() {
    let cache = tempfile::tempdir().unwrap();
    fake_mnist().write(&mnist_folder(cache.path()), Layout::Subfolders, false);
    let (digits, skipped) = load(cache.path(), "no url");
    assert_eq!(digits.unwrap().name, "mnist");
    assert_eq!(skipped, [""; 0]);
}

#[test]
fn fills_an_empty_cache_once() {
    let parent = tempfile::tempdir().unwrap();
    let cache = parent.path().join("a/new/folder");
    let server = server();
    let (downloaded, skipped) = load(&cache, &server.url);
    assert_complete(&cache);
    assert_eq!(server.requests().len(), 4);
    assert_eq!(skipped.len(), 4);
    let first = mnist_folder(&cache).join("train/train-images-idx3-ubyte");
    assert_eq!(skipped[0], format!("the cache has no {}", first.display()));

    let (read, skipped) = load(&cache, "no url");
    assert_eq!(read.unwrap(), downloaded.unwrap());
    assert_eq!(skipped, [""; 0]);
}

#[test]
fn downloads_only_the_defective_files() {
    let cache = tempfile::tempdir().unwrap();
    let folder = mnist_folder(cache.path());
    fake_mnist().write(&folder, Layout::Subfolders, false);
    let truncated = folder.join("train/train-labels-idx1-ubyte");
    fs::write(&truncated, &fake_mnist().contents[1][..9]).unwrap();
    let other = folder.join("test/t10k-images-idx3-ubyte");
    fs::write(&other, images(3)).unwrap();

    let server = server();
    let (digits, skipped) = load(cache.path(), &server.url);
    assert_eq!(digits.unwrap().name, "mnist");
    assert_complete(cache.path());
    let paths: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz"]);
    assert_eq!(skipped.len(), 2);
    assert_eq!(
        skipped[0],
        format!(
            "in the cache, {} is truncated: its header declares 5 bytes of data, but only 1 follow; copy \
             or download it again",
            truncated.display()
        )
    );
    assert!(
        skipped[1].starts_with(&format!(
            "in the cache, {} is not MNIST's file: its SHA-256 is ",
            other.display()
        )),
        "{}",
        skipped[1]
    );
}

#[test]
#[cfg(unix)]
fn replaces_a_link_to_a_device() {
    let cache = tempfile::tempdir().unwrap();
    let folder = mnist_folder(cache.path());
    fake_mnist().write(&folder, Layout::Subfolders, false);
    let device = folder.join("test/t10k-labels-idx1-ubyte");
    fs::remove_file(&device).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &device).unwrap();

    let (digits, skipped) = load(cache.path(), &server().url);
    assert_eq!(digits.unwrap().name, "mnist");
    assert_complete(cache.path());
    assert_eq!(
        skipped,
        [format!(
            "in the cache, {} cannot be read: it is a FIFO, a socket or a device, not a regular file",
            device.display()
        )]
    );
}

#[test]
fn does_not_cache_a_file_with_another_checksum() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_| ok(&gzip(&images(5))));
    let mut other = fake_mnist();
    other.set.files[0].checksum = Checksum::Uncompressed("0".repeat(64));
    let mut skipped = Vec::new();
    let downloader = Downloader::new(&server.url, Timeouts::default(), &|_| {});
    let error =
        Cached::read(cache.path(), &other.set).complete(&downloader, &mut skipped).unwrap_err();
    let url = format!("{}train-images-idx3-ubyte.gz", server.url);
    assert!(
        error.to_string().starts_with(&format!(
            "{url} cannot be downloaded: the downloaded file is not MNIST's: its SHA-256 is "
        )),
        "{error}"
    );
    assert!(files_below(cache.path()).is_empty());
    assert_eq!(skipped.len(), 1, "no other file is tried");
}

#[test]
fn reports_an_unwritable_cache_before_the_download() {
    let parent = tempfile::tempdir().unwrap();
    let cache = parent.path().join("file");
    fs::write(&cache, "not a folder").unwrap();
    let server = server();
    let (digits, _) = load(&cache, &server.url);
    assert_eq!(
        digits.unwrap_err().to_string(),
        format!(
            "{} cannot be written: Not a directory (os error 20)",
            mnist_folder(&cache).join("train").display()
        )
    );
    assert_eq!(server.requests(), []);
}

#[test]
fn removes_the_temporary_files_of_killed_processes() {
    let cache = tempfile::tempdir().unwrap();
    let folder = mnist_folder(cache.path()).join("train");
    fs::create_dir_all(&folder).unwrap();
    for half in ["", "half"] {
        let prefix = temporary_prefix("train-images-idx3-ubyte");
        files::temporary(&folder, half.as_bytes(), &prefix).unwrap().keep().unwrap();
    }
    assert_eq!(files_below(cache.path()).len(), 2);
    load(cache.path(), &server().url).0.unwrap();
    assert_complete(cache.path());
}

#[test]
fn leaves_the_temporary_files_of_other_names() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = temporary_prefix("train-labels-idx1-ubyte");
    let other = files::temporary(folder.path(), b"labels", &prefix).unwrap();
    write(folder.path(), "train-images-idx3-ubyte", b"images").unwrap();
    publish(other, folder.path(), "train-labels-idx1-ubyte").unwrap();
    assert_eq!(files_below(folder.path()).len(), 2);
}

#[test]
fn succeeds_if_another_process_has_published_the_file_first() {
    let cache = tempfile::tempdir().unwrap();
    let folder = mnist_folder(cache.path()).join("train");
    fs::create_dir_all(&folder).unwrap();
    let prefix = temporary_prefix("train-images-idx3-ubyte");
    let slow = files::temporary(&folder, b"half", &prefix).unwrap();
    load(cache.path(), &server().url).0.unwrap();
    publish(slow, &folder, "train-images-idx3-ubyte").unwrap();
    assert_complete(cache.path());
}

#[test]
fn several_processes_may_download_at_once() {
    for _ in 0..20 {
        let cache = tempfile::tempdir().unwrap();
        let server = server();
        thread::scope(|scope| {
            for thread in [(); 8].map(|()| scope.spawn(|| load(cache.path(), &server.url))) {
                assert_eq!(thread.join().unwrap().0.unwrap().name, "mnist");
            }
        });
        assert_complete(cache.path());
    }
}

/// Returns the folder of a data set whose files are kept gzipped.
fn fashion_folder(cache: &Path) -> PathBuf {
    cache.join("burn-regularization/fashion-mnist")
}

#[test]
fn keeps_files_whose_checksum_is_of_the_gzipped_file() {
    let cache = tempfile::tempdir().unwrap();
    let fashion = fake(Source::Fashion);
    let responding = fake(Source::Fashion);
    let server = Server::start(move |request| responding.respond(request));
    let read = |url: &str| {
        let mut skipped = Vec::new();
        let downloader = Downloader::new(url, Timeouts::default(), &|_| {});
        let images = Cached::read(cache.path(), &fashion.set).complete(&downloader, &mut skipped);
        (images.unwrap(), skipped)
    };
    let (downloaded, skipped) = read(&server.url);
    assert_eq!((downloaded.name.as_str(), skipped.len()), ("fashion", 4));
    assert_eq!(downloaded.class_names[9], "Ankle boot");
    let folder = fashion_folder(cache.path());
    for (file, contents) in fashion.set.files.iter().zip(&fashion.contents) {
        let path = folder.join(file.subfolder).join(format!("{}.gz", file.name));
        assert_eq!(fs::read(path).unwrap(), gzip(contents));
    }
    assert_eq!(files_below(cache.path()).len(), 4);
    assert_eq!(read("no url").0, downloaded);

    // A file of the right name that cannot be verified is replaced.
    let gzipped = folder.join("test/t10k-labels-idx1-ubyte.gz");
    fs::write(&gzipped, &fashion.contents[3]).unwrap();
    let (again, skipped) = read(&server.url);
    assert_eq!(again, downloaded);
    assert_eq!(
        skipped[0].to_string(),
        format!("in the cache, {} is not gzipped", gzipped.display())
    );
    assert_eq!(fs::read(&gzipped).unwrap(), gzip(&fashion.contents[3]));
}

#[test]
fn does_not_cache_wrong_bytes_of_the_right_name() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_| ok(&gzip(&images(5))));
    let mut skipped = Vec::new();
    let downloader = Downloader::new(&server.url, Timeouts::default(), &|_| {});
    let fashion = crate::published::all().into_iter().nth(1).unwrap();
    let error =
        Cached::read(cache.path(), &fashion).complete(&downloader, &mut skipped).unwrap_err();
    let reason = "the downloaded file is not Fashion-MNIST's: its SHA-256 is ";
    assert!(error.to_string().contains(reason), "{error}");
    let expected = "expected 3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84";
    assert!(error.to_string().ends_with(expected), "{error}");
    assert!(files_below(cache.path()).is_empty());
}
