//! Devices of the backends. No other file turns a backend into a device or depends on the build's features.

use burn::tensor::{Device, DeviceFilter, DeviceType};
use strum::VariantArray;

use super::{quiet::quietly, threads};
use crate::{config::values, study::Backend};

/// A backend that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The build lacks the backend.
    #[error("backend: this build has no `{backend}`")]
    NotBuilt { backend: Backend },
    /// The backend finds no device.
    #[error("backend: `{backend}` finds no device on this machine")]
    NoDevice { backend: Backend },
    /// The backend's device does not start.
    #[error("backend: `{backend}` cannot start its device: {reason}")]
    Broken {
        backend: Backend,
        /// The driver's error.
        reason: String,
    },
}

impl Backend {
    /// Returns Burn's type of the backend's devices; `None` if this build lacks it.
    fn device_type(self) -> Option<DeviceType> {
        match self {
            Self::Flex => Some(DeviceType::Flex),
            #[cfg(feature = "ndarray")]
            Self::Ndarray => Some(DeviceType::NdArray),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Some(DeviceType::Wgpu),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => Some(DeviceType::Vulkan),
            #[cfg(feature = "cuda")]
            Self::Cuda => Some(DeviceType::Cuda),
            #[allow(unreachable_patterns, reason = "with all features on, nothing is left over")]
            _ => None,
        }
    }

    /// Returns whether this build has the backend.
    pub fn is_built_in(self) -> bool {
        self.device_type().is_some()
    }

    /// Returns an error if this build lacks the backend.
    pub fn check_built_in(self) -> Result<(), DeviceError> {
        if self.is_built_in() { Ok(()) } else { Err(DeviceError::NotBuilt { backend: self }) }
    }

    /// Lists the names of the backend's devices, the preferred one first; none if this build lacks it.
    pub fn devices(self) -> Vec<String> {
        let Some(kind) = self.device_type() else { return Vec::new() };
        if self.is_cpu() {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            return vec![format!("{}, {cores} cores", processor())];
        }
        quietly(|| Device::enumerate(DeviceFilter::from(kind)).iter().map(gpu).collect())
    }

    /// Opens the backend's first device.
    pub fn open(self) -> Result<Device, DeviceError> {
        threads::start_pool();
        self.check_built_in()?;
        if self.devices().is_empty() {
            return Err(DeviceError::NoDevice { backend: self });
        }
        match self {
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            #[expect(deprecated, reason = "ndarray is part of the comparison until Burn drops it")]
            Self::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => self.open_wgpu(|| Device::wgpu_options().init()),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => self.open_wgpu(|| {
                let api = burn::tensor::wgpu::WgpuBackend::Vulkan;
                Device::wgpu_options().graphics_api(api).init()
            }),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(Device::cuda(0)),
            #[allow(unreachable_patterns, reason = "with all features on, nothing is left over")]
            _ => Err(DeviceError::NotBuilt { backend: self }),
        }
    }

    /// Starts a wgpu runtime once per process. Burn fails if the same one is started twice.
    #[cfg(feature = "wgpu")]
    fn open_wgpu<E: std::fmt::Display>(
        self,
        start: impl FnOnce() -> Result<Device, E>,
    ) -> Result<Device, DeviceError> {
        use std::sync::{Mutex, PoisonError};

        static OPENED: Mutex<Vec<(Backend, Device)>> = Mutex::new(Vec::new());
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, device)) = opened.iter().find(|(backend, _)| *backend == self) {
            return Ok(device.clone());
        }
        let device = quietly(start)
            .map_err(|error| DeviceError::Broken { backend: self, reason: error.to_string() })?;
        opened.push((self, device.clone()));
        Ok(device)
    }
}

/// Returns the processor's name on Linux, elsewhere its architecture.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(
        || format!("{} CPU", std::env::consts::ARCH),
        |(_, name)| name.trim().to_owned(),
    )
}

/// Returns the name of a GPU.
fn gpu(device: &Device) -> String {
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    if let Some(identity) = device.identity() {
        return identity.name;
    }
    format!("{device:?}")
}

/// Returns the names of the backends in this build.
pub fn built_in() -> String {
    let built_in = Backend::VARIANTS.iter().filter(|backend| backend.is_built_in());
    built_in.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Describes each backend in a line: its devices, or how to build it.
pub fn overview() -> String {
    lines(&devices())
}

fn devices() -> Vec<(Backend, Vec<String>)> {
    Backend::VARIANTS.iter().map(|backend| (*backend, backend.devices())).collect()
}

fn lines(backends: &[(Backend, Vec<String>)]) -> String {
    let lines = backends.iter().map(|(backend, devices)| {
        let what = if !backend.is_built_in() {
            format!("not in this build; to add it: just features={backend} build")
        } else if devices.is_empty() {
            "finds no device".to_owned()
        } else {
            devices.join(", ")
        };
        format!("  {:<8} {what}\n", backend.to_string())
    });
    lines.collect()
}

/// Returns advice on which backends can be used.
pub fn advice() -> String {
    let backends = devices();
    let usable = backends.iter().filter(|(_, devices)| !devices.is_empty());
    let usable: Vec<Backend> = usable.map(|(backend, _)| *backend).collect();
    let (lines, usable) = (lines(&backends), values::listed(&usable));
    format!("the backends of this build and machine:\n{lines}  set backend to one of {usable}")
}
