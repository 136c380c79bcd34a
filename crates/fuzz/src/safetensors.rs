//! Safetensors files that are nearly valid. Random bytes are seldom valid enough to test more than the header.

use std::collections::HashMap;

use arbitrary::Arbitrary;
use safetensors::SafeTensors;
use serde_json::{Map, Value, json};

/// Changes to a valid file.
#[derive(Debug, Arbitrary)]
pub struct Forgery {
    changes: Vec<Change>,
    /// Offsets in the finished file, each with a mask that is XORed to the byte there.
    flips: Vec<(u16, u8)>,
    /// Number of bytes that are cut off the end.
    cut: u8,
}

/// A change to a list of tensors. Indices wrap around.
#[derive(Debug, Arbitrary)]
enum Change {
    Remove {
        index: u8,
    },
    Rename {
        index: u8,
        name: String,
    },
    Retype {
        index: u8,
        dtype: Dtype,
    },
    Reshape {
        index: u8,
        shape: Vec<u64>,
    },
    /// Sets the data offsets in the header, whatever is there.
    Offset {
        index: u8,
        offsets: (u64, u64),
    },
    Write {
        index: u8,
        start: u16,
        bytes: Vec<u8>,
    },
    Add {
        name: String,
        dtype: Dtype,
        shape: Vec<u8>,
        bytes: Vec<u8>,
    },
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Dtype {
    Bool,
    F4,
    Bf16,
    F32,
    F64,
    I64,
    Unknown,
}

/// A tensor's entry in the file's header, and its bytes.
#[derive(Debug, Clone)]
pub struct Tensor {
    name: String,
    dtype: String,
    shape: Vec<u64>,
    /// Data offsets in the header; `None` for the true ones.
    offsets: Option<(u64, u64)>,
    bytes: Vec<u8>,
}

impl Tensor {
    /// Returns the tensors of a valid file.
    ///
    /// # Panics
    ///
    /// If the file is not valid.
    pub fn all(file: &[u8]) -> Vec<Self> {
        let file = SafeTensors::deserialize(file).expect("the file is valid");
        let tensors = file.iter().map(|(name, view)| Self {
            name: name.to_owned(),
            dtype: format!("{:?}", view.dtype()),
            shape: view.shape().iter().map(|&size| size as u64).collect(),
            offsets: None,
            bytes: view.data().to_vec(),
        });
        tensors.collect()
    }
}

impl Forgery {
    /// Applies the changes to these tensors and builds a file of them. `metadata` gets the bytes of all tensors.
    pub fn make(
        &self,
        mut tensors: Vec<Tensor>,
        metadata: impl FnOnce(&[u8]) -> HashMap<String, String>,
    ) -> Vec<u8> {
        for change in &self.changes {
            change.apply(&mut tensors);
        }
        let (mut header, mut data) = (Map::new(), Vec::new());
        for Tensor { name, dtype, shape, offsets, bytes } in tensors {
            let start = data.len() as u64;
            data.extend(bytes);
            let offsets = offsets.unwrap_or((start, data.len() as u64));
            let entry = json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets });
            header.insert(name, entry);
        }
        let metadata: Map<String, Value> =
            metadata(&data).into_iter().map(|(key, value)| (key, value.into())).collect();
        if !metadata.is_empty() {
            header.insert("__metadata__".to_owned(), metadata.into());
        }
        let header = Value::from(header).to_string();
        let mut file = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat();
        for &(offset, mask) in &self.flips {
            let offset = usize::from(offset) % file.len();
            file[offset] ^= mask;
        }
        file.truncate(file.len().saturating_sub(self.cut.into()));
        file
    }
}

impl Change {
    fn apply(&self, tensors: &mut Vec<Tensor>) {
        if let Self::Add { name, dtype, shape, bytes } = self {
            let (name, dtype, bytes) = (name.clone(), dtype.name(), bytes.clone());
            let shape = shape.iter().map(|&size| size.into()).collect();
            tensors.push(Tensor { name, dtype, shape, offsets: None, bytes });
            return;
        }
        let Some(last) = tensors.len().checked_sub(1) else { return };
        let wrap = |index: u8| usize::from(index) % (last + 1);
        match self {
            &Self::Remove { index } => drop(tensors.remove(wrap(index))),
            Self::Rename { index, name } => tensors[wrap(*index)].name.clone_from(name),
            Self::Retype { index, dtype } => tensors[wrap(*index)].dtype = dtype.name(),
            Self::Reshape { index, shape } => tensors[wrap(*index)].shape.clone_from(shape),
            &Self::Offset { index, offsets } => tensors[wrap(index)].offsets = Some(offsets),
            Self::Write { index, start, bytes } => {
                let current = &mut tensors[wrap(*index)].bytes;
                let start = usize::from(*start).min(current.len());
                let end = (start + bytes.len()).min(current.len());
                current.splice(start..end, bytes.iter().copied());
            }
            Self::Add { .. } => {}
        }
    }
}

impl Dtype {
    fn name(self) -> String {
        format!("{self:?}").to_uppercase()
    }
}
