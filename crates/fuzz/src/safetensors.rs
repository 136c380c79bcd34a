//! Safetensors files that are nearly right: what is drawn at random is seldom one at all.

use std::collections::HashMap;

use arbitrary::Arbitrary;
use safetensors::SafeTensors;
use serde_json::{Map, Value, json};

/// What becomes of a good file.
#[derive(Debug, Arbitrary)]
pub struct Forgery {
    changes: Vec<Change>,
    /// Places and what is flipped there, in the finished file.
    flips: Vec<(u16, u8)>,
    /// Bytes that its end lacks.
    cut: u8,
}

/// One change to a list of tensors; indices go round.
#[derive(Debug, Arbitrary)]
enum Change {
    Remove {
        at: u8,
    },
    Rename {
        at: u8,
        name: String,
    },
    Retype {
        at: u8,
        dtype: Dtype,
    },
    Reshape {
        at: u8,
        shape: Vec<u64>,
    },
    /// Says where it lies, whatever is there.
    Offset {
        at: u8,
        offsets: (u64, u64),
    },
    Write {
        at: u8,
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

/// A tensor as the file's header has it, and its bytes.
#[derive(Debug, Clone)]
pub struct Tensor {
    name: String,
    dtype: String,
    shape: Vec<u64>,
    offsets: Option<(u64, u64)>,
    bytes: Vec<u8>,
}

impl Tensor {
    /// The tensors of a good file.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[must_use]
    pub fn all(file: &[u8]) -> Vec<Self> {
        let file = SafeTensors::deserialize(file).expect("a good file");
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
    /// A file of these tensors after the changes, its metadata made from the tensors' bytes.
    #[must_use]
    pub fn make(
        &self,
        mut tensors: Vec<Tensor>,
        metadata: impl FnOnce(&[u8]) -> HashMap<String, String>,
    ) -> Vec<u8> {
        for change in &self.changes {
            change.make(&mut tensors);
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
        for &(place, flip) in &self.flips {
            let place = usize::from(place) % file.len();
            file[place] ^= flip;
        }
        file.truncate(file.len().saturating_sub(self.cut.into()));
        file
    }
}

impl Change {
    fn make(&self, tensors: &mut Vec<Tensor>) {
        if let Self::Add { name, dtype, shape, bytes } = self {
            let (name, dtype, bytes) = (name.clone(), dtype.name(), bytes.clone());
            let shape = shape.iter().map(|&size| size.into()).collect();
            tensors.push(Tensor { name, dtype, shape, offsets: None, bytes });
            return;
        }
        let Some(last) = tensors.len().checked_sub(1) else { return };
        let place = |at: u8| usize::from(at) % (last + 1);
        match self {
            &Self::Remove { at } => drop(tensors.remove(place(at))),
            Self::Rename { at, name } => tensors[place(*at)].name.clone_from(name),
            Self::Retype { at, dtype } => tensors[place(*at)].dtype = dtype.name(),
            Self::Reshape { at, shape } => tensors[place(*at)].shape.clone_from(shape),
            &Self::Offset { at, offsets } => tensors[place(at)].offsets = Some(offsets),
            Self::Write { at, start, bytes } => {
                let there = &mut tensors[place(*at)].bytes;
                let start = usize::from(*start).min(there.len());
                let end = (start + bytes.len()).min(there.len());
                there.splice(start..end, bytes.iter().copied());
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
