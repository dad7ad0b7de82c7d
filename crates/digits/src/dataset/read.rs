//! Pairs of IDX files, images and labels → data sets; the two pairs of MNIST.

use super::{Dataset, DatasetError, SIDE, over_nine};
use crate::idx::{self, Elements, IdxArray, IdxErrorKind};
use sha2::{Digest, Sha256};
use std::{
    env,
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

/// The name of a file of MNIST, and the SHA-256 of its decompressed contents.
type Known = (&'static str, &'static str);

/// The files of MNIST, images and labels: first the training set, then the test set.
pub(super) const KNOWN: [[Known; 2]; 2] = [TRAIN, TEST];

const TRAIN: [Known; 2] = [
    (
        "train-images-idx3-ubyte.gz",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    (
        "train-labels-idx1-ubyte.gz",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
];
const TEST: [Known; 2] = [
    (
        "t10k-images-idx3-ubyte.gz",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    (
        "t10k-labels-idx1-ubyte.gz",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
];

/// The folder with the four files of MNIST: the value of the environment variable `DIGITS_DATA` if
/// it is set, otherwise `data/mnist` in the repository.
pub fn folder() -> PathBuf {
    if let Some(folder) = env::var_os("DIGITS_DATA") {
        return folder.into();
    }
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = package.ancestors().nth(2).unwrap_or(package);
    repository.join("data/mnist")
}

/// MNIST: 60,000 training images and 10,000 test images of handwritten digits. No writer
/// contributed to both.
///
/// LeCun, Cortes and Burges, *The MNIST database of handwritten digits*, 1998.
#[derive(Clone, Debug)]
pub struct Mnist {
    /// The training images; [`Dataset::split_validation`] holds some of them out for validation.
    pub train: Dataset,
    /// The test images.
    pub test: Dataset,
}

impl Mnist {
    /// Loads MNIST from its [`folder`] and checks the SHA-256 of all four files.
    ///
    /// # Errors
    /// [`DatasetError`], with the path of the file, if a file is missing or is not the one of
    /// MNIST.
    pub fn load() -> Result<Self, DatasetError> {
        Self::load_from(folder())
    }

    /// Loads MNIST from the four gzipped files in `folder` and checks their SHA-256.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_from(folder: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let folder = folder.as_ref();
        let (train, test) = thread::scope(|scope| {
            let test = scope.spawn(|| load_pair(folder, KNOWN[1]));
            let train = load_pair(folder, KNOWN[0]);
            (
                train,
                test.join().unwrap_or_else(|panic| resume_unwind(panic)),
            )
        });
        Ok(Self {
            train: train?,
            test: test?,
        })
    }
}

/// Reads a pair of files and checks their SHA-256.
fn load_pair(folder: &Path, [images, labels]: [Known; 2]) -> Result<Dataset, DatasetError> {
    let pair =
        Pair::read(&folder.join(images.0), &folder.join(labels.0)).map_err(
            |error| match error {
                DatasetError::Idx(e) if matches!(e.kind, IdxErrorKind::Missing) => {
                    DatasetError::Missing { path: e.path }
                }
                error => error,
            },
        )?;
    pair.images.check_hash(images.1)?;
    pair.labels.check_hash(labels.1)?;
    pair.into_dataset()
}

/// The array of an IDX file, and the path of the file.
struct FileArray {
    path: PathBuf,
    array: IdxArray,
}

impl FileArray {
    fn read(path: &Path) -> Result<Self, DatasetError> {
        Ok(Self {
            path: path.into(),
            array: idx::read(path)?,
        })
    }

    /// Checks that the decompressed contents of the file have the SHA-256 `expected`.
    ///
    /// The format leaves no choices, so that the array written as IDX has the bytes of the file.
    fn check_hash(&self, expected: &'static str) -> Result<(), DatasetError> {
        let mut hasher = Sha256::new();
        // Writing cannot fail: the array fits the format, and the hasher accepts all bytes.
        let _ = idx::write(&self.array, &mut hasher);
        let found: String = hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if found == expected {
            Ok(())
        } else {
            Err(DatasetError::Hash {
                path: self.path.clone(),
                expected,
                found,
            })
        }
    }
}

/// Images and labels, each read as valid IDX, but not yet checked for type, shape and number.
pub(super) struct Pair {
    images: FileArray,
    labels: FileArray,
}

impl Pair {
    pub(super) fn read(images: &Path, labels: &Path) -> Result<Self, DatasetError> {
        Ok(Self {
            images: FileArray::read(images)?,
            labels: FileArray::read(labels)?,
        })
    }

    /// Checks that images and labels have the right types, shapes, number and values.
    pub(super) fn into_dataset(self) -> Result<Dataset, DatasetError> {
        let Self { images, labels } = self;
        let (pixels, count) = match (images.array.elements, &images.array.dims[..]) {
            (Elements::U8(pixels), &[count, SIDE, SIDE]) => (pixels, count),
            (elements, _) => {
                let element = elements.element_type();
                return Err(DatasetError::Images {
                    path: images.path,
                    element,
                    dims: images.array.dims,
                });
            }
        };
        let labels_u8 = match (labels.array.elements, &labels.array.dims[..]) {
            (Elements::U8(values), &[_]) => values,
            (elements, _) => {
                let element = elements.element_type();
                return Err(DatasetError::Labels {
                    path: labels.path,
                    element,
                    dims: labels.array.dims,
                });
            }
        };
        if labels_u8.len() != count {
            let found = labels_u8.len();
            return Err(DatasetError::LabelCount {
                path: labels.path,
                images: images.path,
                expected: count,
                found,
            });
        }
        if let Some((index, found)) = over_nine(&labels_u8) {
            // The header of the labels has 8 bytes.
            return Err(DatasetError::LabelInFile {
                path: labels.path,
                position: 8 + index,
                found,
            });
        }
        Ok(Dataset {
            pixels: Arc::new(pixels),
            labels: Arc::new(labels_u8),
            range: 0..count,
        })
    }
}
