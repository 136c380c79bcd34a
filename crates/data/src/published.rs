//! The published data sets: where they are looked for, and their files with checksums.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{Error, FileFault};
use crate::files;
use crate::formats::idx::{Contents, Kind};
use crate::gzip;
use crate::image_set::{ImageSet, sha256_of_sums};
use crate::listing::{Listing, copy_of_one};
use crate::sha256::sha256;
use crate::source::Source;

/// A data set that is published as four files.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) source: Source,
    /// Its folder in the user's cache folder.
    pub(crate) cache_folder: &'static str,
    /// Its file or folder in Keras's folder of data sets, if Keras has it.
    pub(crate) keras: Option<&'static str>,
    /// Its folder where torchvision downloads data sets.
    pub(crate) torchvision: &'static str,
    /// URL of the server's folder, ending in a slash; each file has `.gz` appended to its name there.
    pub(crate) base_url: &'static str,
    /// Names of the classes; empty if they are digits.
    pub(crate) class_names: &'static [&'static str],
    /// Train images, train labels, test images, test labels.
    pub(crate) files: Files,
}

/// Train images, train labels, test images, test labels.
pub(crate) type Files = [File; 4];

/// One of the four files.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Name, without `.gz`.
    pub(crate) name: &'static str,
    /// Subfolder in the cache: `train` or `test`.
    pub(crate) subfolder: &'static str,
    /// Kind of its data.
    pub(crate) kind: Kind,
    /// The data set.
    pub(crate) source: Source,
    /// Published checksum.
    pub(crate) checksum: Checksum,
}

/// SHA-256 of a file.
#[derive(Debug, Clone)]
pub(crate) enum Checksum {
    /// Checksum of the uncompressed file.
    Uncompressed(String),
    /// Checksum of the gzipped file, as it is published.
    Gzipped(String),
}

/// MNIST, from the server and in the cache folder that burn-dataset uses.
fn mnist() -> Published {
    Published {
        source: Source::Mnist,
        cache_folder: "burn-dataset/mnist",
        keras: Some("mnist.npz"),
        torchvision: "MNIST/raw",
        base_url: "https://storage.googleapis.com/cvdf-datasets/mnist/",
        class_names: &[],
        files: files(
            Source::Mnist,
            Checksum::Uncompressed,
            [
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ],
        ),
    }
}

/// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017). Checksums are those of TensorFlow Datasets.
fn fashion() -> Published {
    Published {
        source: Source::Fashion,
        cache_folder: "burn-regularization/fashion-mnist",
        keras: Some("fashion-mnist"),
        torchvision: "FashionMNIST/raw",
        base_url: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        class_names: &[
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ],
        files: files(
            Source::Fashion,
            Checksum::Gzipped,
            [
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ],
        ),
    }
}

/// Kuzushiji-MNIST (Clanuwat et al. 2018). Checksums are those of TensorFlow Datasets.
fn kmnist() -> Published {
    Published {
        source: Source::Kmnist,
        cache_folder: "burn-regularization/kmnist",
        keras: None,
        torchvision: "KMNIST/raw",
        base_url: "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        class_names: &["お", "き", "す", "つ", "な", "は", "ま", "や", "れ", "を"],
        files: files(
            Source::Kmnist,
            Checksum::Gzipped,
            [
                "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
                "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
                "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
                "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
            ],
        ),
    }
}

/// Returns all published data sets.
pub(crate) fn all() -> [Published; 3] {
    [mnist(), fashion(), kmnist()]
}

/// All published data sets have MNIST's file names.
fn files(source: Source, checksum: fn(String) -> Checksum, sums: [&str; 4]) -> Files {
    let names = [
        ("train-images-idx3-ubyte", "train", Kind::Images),
        ("train-labels-idx1-ubyte", "train", Kind::Labels),
        ("t10k-images-idx3-ubyte", "test", Kind::Images),
        ("t10k-labels-idx1-ubyte", "test", Kind::Labels),
    ];
    let mut sums = sums.into_iter();
    names.map(|(name, subfolder, kind)| {
        let checksum = checksum(sums.next().unwrap_or_default().to_owned());
        File { name, subfolder, kind, source, checksum }
    })
}

impl Published {
    pub(crate) fn class_names(&self) -> Vec<String> {
        self.class_names.iter().map(|&name| name.to_owned()).collect()
    }

    /// Returns whether images that were read from listed files are this data set.
    ///
    /// # Errors
    ///
    /// [`FileFault::Checksum`] for a gzipped file of a published name that is another one.
    pub(crate) fn verify(&self, images: &ImageSet, listing: &Listing) -> Result<Verified, Error> {
        let mut verified = 0;
        let mut uncompressed = Vec::new();
        for file in &self.files {
            let expected = match &file.checksum {
                Checksum::Uncompressed(expected) => {
                    uncompressed.push(expected.clone());
                    continue;
                }
                Checksum::Gzipped(expected) => expected,
            };
            let name = file.cached_name();
            let named = listing.files.iter().map(PathBuf::as_path);
            let named = named.filter(|path| path.file_name() == Some(OsStr::new(&name)));
            let Some(path) = copy_of_one(&named.collect::<Vec<_>>()) else { continue };
            let path = listing.path(path);
            if let Err(fault) = file.check_file(&path, expected) {
                return Err(Error::File { path, fault });
            }
            verified += 1;
        }
        Ok(if uncompressed.is_empty() {
            if verified == self.files.len() { Verified::Yes } else { Verified::CannotBe }
        } else if images.sha256 == sha256_of_sums(uncompressed) {
            Verified::Yes
        } else {
            Verified::No
        })
    }
}

impl File {
    /// Returns the name of the file that has the checksum, which is that in the cache.
    pub(crate) fn cached_name(&self) -> String {
        match self.checksum {
            Checksum::Uncompressed(_) => self.name.to_owned(),
            Checksum::Gzipped(_) => format!("{}.gz", self.name),
        }
    }

    /// Verifies a gzipped file.
    fn check_file(&self, path: &Path, expected: &str) -> Result<(), FileFault> {
        let opened = files::open(path).map_err(FileFault::Unreadable)?;
        let mut bytes = Vec::new();
        opened.take(gzip::MAX_BYTES as u64).read_to_end(&mut bytes)?;
        self.check(sha256([&bytes[..]]), expected)
    }

    /// Reads the file, gzipped or not, and verifies its checksum. An uncompressed file whose checksum is that of the
    /// gzipped one cannot be verified: it is read, and `false` returned.
    pub(crate) fn read(&self, source: impl Read) -> Result<(Contents, bool), FileFault> {
        let expected = match &self.checksum {
            Checksum::Uncompressed(expected) => {
                let contents = Contents::read(source, self.kind)?;
                self.check(self.kind.sha256(&contents.bytes, contents.item), expected)?;
                return Ok((contents, true));
            }
            Checksum::Gzipped(expected) => expected,
        };
        let (is_gzipped, mut source) = gzip::detect(source)?;
        if !is_gzipped {
            return Ok((Contents::read(source, self.kind)?, false));
        }
        let mut bytes = Vec::new();
        source.by_ref().take(gzip::MAX_BYTES as u64).read_to_end(&mut bytes)?;
        self.check(sha256([&bytes[..]]), expected)?;
        Ok((Contents::read(&bytes[..], self.kind)?, true))
    }

    fn check(&self, found: String, expected: &str) -> Result<(), FileFault> {
        if found == expected {
            return Ok(());
        }
        Err(FileFault::Checksum {
            title: self.source.title(),
            found,
            expected: expected.to_owned(),
        })
    }
}

/// Whether images are those of a published data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verified {
    Yes,
    No,
    /// The published checksums are of files in another form.
    CannotBe,
}
