use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use super::{publish, read_or_fetch, temporary_file, write_whole};
use crate::digits::Digits;
use crate::download::{Downloader, Patience};
use crate::error::{Error, Skipped};
use crate::testing::server::{Server, ok};
use crate::testing::{Layout, fake_mnist, gzip, images};

fn server() -> Server {
    let fake = fake_mnist();
    Server::start(move |asked| fake.answer(asked))
}

fn get(cache: &Path, base_url: &str) -> (Result<Digits, Error>, Vec<String>) {
    let mut skipped = Vec::new();
    let downloader = Downloader::new(base_url, Patience::default(), &|_| {});
    let digits = read_or_fetch(cache, &fake_mnist().files, &downloader, &mut skipped);
    let skipped = skipped.iter().map(Skipped::to_string).collect();
    (digits, skipped)
}

fn mnist_folder(cache: &Path) -> PathBuf {
    cache.join("burn-dataset/mnist")
}

/// Every file below a folder, sorted.
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

/// The files of a cache that is complete and nothing but MNIST.
fn assert_complete(cache: &Path) {
    let fake = fake_mnist();
    let mut expected: Vec<PathBuf> = Vec::new();
    for (file, contents) in fake.files.iter().zip(&fake.contents) {
        let path = mnist_folder(cache).join(file.half).join(file.name);
        assert_eq!(&fs::read(&path).unwrap(), contents, "{}", path.display());
        expected.push(path);
    }
    expected.sort();
    assert_eq!(files_below(cache), expected);
}

#[test]
fn a_complete_cache_needs_no_server() {
    let cache = tempfile::tempdir().unwrap();
    fake_mnist().write(&mnist_folder(cache.path()), Layout::Halves, false);
    let (digits, skipped) = get(cache.path(), "no url");
    assert_eq!(digits.unwrap().name, "mnist");
    assert_eq!(skipped, [""; 0]);
}

#[test]
fn an_empty_cache_is_filled_once() {
    let parent = tempfile::tempdir().unwrap();
    let cache = parent.path().join("not/there/yet");
    let server = server();
    let (fetched, skipped) = get(&cache, &server.url);
    assert_complete(&cache);
    assert_eq!(server.asked().len(), 4);
    assert_eq!(skipped.len(), 4);
    let first = mnist_folder(&cache).join("train/train-images-idx3-ubyte");
    assert_eq!(skipped[0], format!("the cache has no {}", first.display()));

    let (read, skipped) = get(&cache, "no url");
    assert_eq!(read.unwrap(), fetched.unwrap());
    assert_eq!(skipped, [""; 0]);
}

#[test]
fn only_what_is_wrong_is_fetched_again() {
    let cache = tempfile::tempdir().unwrap();
    let folder = mnist_folder(cache.path());
    fake_mnist().write(&folder, Layout::Halves, false);
    let half_written = folder.join("train/train-labels-idx1-ubyte");
    fs::write(&half_written, &fake_mnist().contents[1][..9]).unwrap();
    let another = folder.join("test/t10k-images-idx3-ubyte");
    fs::write(&another, images(3)).unwrap();

    let server = server();
    let (digits, skipped) = get(cache.path(), &server.url);
    assert_eq!(digits.unwrap().name, "mnist");
    assert_complete(cache.path());
    let paths: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz"]);
    assert_eq!(skipped.len(), 2);
    assert_eq!(
        skipped[0],
        format!(
            "in the cache, {} is cut short: 1 of the 5 bytes that its header promises follow it; copy \
             or download it again",
            half_written.display()
        )
    );
    assert!(
        skipped[1].starts_with(&format!(
            "in the cache, {} is not MNIST's: its SHA-256 is ",
            another.display()
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
    fake_mnist().write(&folder, Layout::Halves, false);
    let device = folder.join("test/t10k-labels-idx1-ubyte");
    fs::remove_file(&device).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &device).unwrap();

    let (digits, skipped) = get(cache.path(), &server().url);
    assert_eq!(digits.unwrap().name, "mnist");
    assert_complete(cache.path());
    assert_eq!(
        skipped,
        [format!(
            "in the cache, {} is a FIFO, a socket or a device, not a regular file: put the IDX file \
             itself there",
            device.display()
        )]
    );
}

#[test]
fn nothing_wrong_reaches_the_cache() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_| ok(&gzip(&images(5))));
    let mut other = fake_mnist();
    other.files[0].sha256 = "0".repeat(64);
    let mut skipped = Vec::new();
    let downloader = Downloader::new(&server.url, Patience::default(), &|_| {});
    let error = read_or_fetch(cache.path(), &other.files, &downloader, &mut skipped).unwrap_err();
    let url = format!("{}train-images-idx3-ubyte.gz", server.url);
    assert!(
        error.to_string().starts_with(&format!(
            "{url} cannot be downloaded: what came is not MNIST's: its SHA-256 is "
        )),
        "{error}"
    );
    assert!(files_below(cache.path()).is_empty());
    assert_eq!(skipped.len(), 1, "went on after the first file");
}

#[test]
fn a_cache_that_cannot_be_written_is_found_before_the_download() {
    let parent = tempfile::tempdir().unwrap();
    let cache = parent.path().join("file");
    fs::write(&cache, "in the way").unwrap();
    let server = server();
    let (digits, _) = get(&cache, &server.url);
    assert_eq!(
        digits.unwrap_err().to_string(),
        format!(
            "{} cannot be written: Not a directory (os error 20)",
            mnist_folder(&cache).join("train").display()
        )
    );
    assert_eq!(server.asked(), []);
}

#[test]
fn removes_the_temporary_files_of_killed_processes() {
    let cache = tempfile::tempdir().unwrap();
    let folder = mnist_folder(cache.path()).join("train");
    fs::create_dir_all(&folder).unwrap();
    for half in ["", "half"] {
        let mut temporary = temporary_file(&folder, "train-images-idx3-ubyte").unwrap();
        temporary.write_all(half.as_bytes()).unwrap();
        temporary.keep().unwrap();
    }
    assert_eq!(files_below(cache.path()).len(), 2);
    get(cache.path(), &server().url).0.unwrap();
    assert_complete(cache.path());
}

#[test]
fn leaves_the_temporary_files_of_other_names() {
    let folder = tempfile::tempdir().unwrap();
    let other = temporary_file(folder.path(), "train-labels-idx1-ubyte").unwrap();
    write_whole(folder.path(), "train-images-idx3-ubyte", b"images").unwrap();
    publish(other, folder.path(), "train-labels-idx1-ubyte").unwrap();
    assert_eq!(files_below(folder.path()).len(), 2);
}

#[test]
fn succeeds_if_another_process_has_published_the_file_first() {
    let cache = tempfile::tempdir().unwrap();
    let folder = mnist_folder(cache.path()).join("train");
    fs::create_dir_all(&folder).unwrap();
    let mut slow = temporary_file(&folder, "train-images-idx3-ubyte").unwrap();
    slow.write_all(b"half").unwrap();
    get(cache.path(), &server().url).0.unwrap();
    publish(slow, &folder, "train-images-idx3-ubyte").unwrap();
    assert_complete(cache.path());
}

#[test]
fn several_may_fetch_at_once() {
    for _ in 0..20 {
        let cache = tempfile::tempdir().unwrap();
        let server = server();
        thread::scope(|scope| {
            let fetch = || get(cache.path(), &server.url).0.unwrap().name;
            let threads = [(); 8].map(|()| scope.spawn(fetch));
            for thread in threads {
                assert_eq!(thread.join().unwrap(), "mnist");
            }
        });
        assert_complete(cache.path());
    }
}
