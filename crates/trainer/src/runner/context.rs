//! Run context: what all runs of a study share.

use std::collections::HashSet;

use burn::tensor::Device;
use model::Network;

use super::{Error, LoadedStudy, Progress, StartWeights, data_set, load_study};
use crate::{
    config::SettingError,
    splits::Splits,
    store::{FinishedRuns, SavedStudy, StudyFolder},
    study::{InputFiles, Run, Study, counted},
};

/// Run context: a study with its data set, device and start weights.
#[derive(Debug)]
pub struct RunContext {
    /// The study with the ids of its runs.
    pub saved: SavedStudy,
    pub splits: Splits,
    pub(super) device: Device,
    pub(super) start: Option<StartWeights>,
    pub(super) machine: String,
}

impl RunContext {
    /// Opens the device, and loads the data set and the start weights. Makes every check that needs them.
    pub fn load(study: Study, folder: &StudyFolder, progress: &Progress) -> Result<Self, Error> {
        let backend = study.settings.backend;
        let device = backend.open()?;
        let machine = backend.devices().into_iter().next().unwrap_or_default();
        let LoadedStudy { study, dataset, splits } = load_study(study, Some(folder), progress)?;
        // What study.toml cannot hold is refused before training.
        study.to_toml(folder.path())?;
        let start = StartWeights::of(&study)?;
        let weights_sha256 = start.as_ref().map(|start| start.sha256.clone());
        let files = InputFiles { weights_sha256, ..splits.input_files() };
        let saved = SavedStudy::new(study, dataset, files);
        let context = Self { saved, splits, device, start, machine };
        context.check_start().map_err(|error| context.saved.study.locate(error))?;
        Ok(context)
    }

    /// Identifies a study's runs for commands that do not train. Loads the data set only if it is `needed`, or if the
    /// folder's study does not name it.
    pub fn identify(
        study: Study,
        folder: &StudyFolder,
        needed: bool,
        progress: &Progress,
    ) -> Result<SavedStudy, Error> {
        let (study, dataset, files) = data_set::identify(study, folder, needed, progress)?;
        let start = StartWeights::of(&study)?;
        let weights_sha256 = start.map(|start| start.sha256);
        Ok(SavedStudy::new(study, dataset, InputFiles { weights_sha256, ..files }))
    }

    /// Describes in a sentence what will be trained, given the runs that are finished.
    pub fn describe(&self, finished: &FinishedRuns) -> Result<String, Error> {
        let study = &self.saved.study;
        let settings = &study.settings;
        let data = self.splits.of(&settings.data, 0)?;
        let train = data.train.len();
        let validation = data.validation.as_ref().map_or(0, |split| split.len());
        let validation = match validation {
            0 => String::new(),
            _ if study.is_swept("data.validation_split") => {
                ", several counts of validation".to_owned()
            }
            validation => format!(", {validation} validation"),
        };
        // Swept settings have several values.
        let one =
            |key, value, varied: &str| if study.is_swept(key) { varied.to_owned() } else { value };
        let before = match self.saved.runs().filter(|(_, id)| finished.contains_key(*id)).count() {
            0 => String::new(),
            finished => format!(", {finished} of them finished before"),
        };
        Ok(format!(
            "{}: {} ({} training{validation} and {} test images, {}), {}, {} on {}{before}",
            study.name,
            self.splits.name,
            one("data.limit", train.to_string(), "several counts of"),
            self.splits.test.len(),
            one("data.pixels", format!("{} pixels", settings.data.pixels), "pixels varied"),
            one("fit.epochs", counted(settings.fit.epochs, "epoch"), "epochs varied"),
            counted(study.runs.len(), "run"),
            settings.backend,
        ))
    }

    /// Initialises a run's network, from the start weights if there are any.
    pub(super) fn network(&self, run: &Run) -> Result<Network, SettingError> {
        let (shape, config) = (self.splits.shape(), &run.variant.network);
        let network = config.init(shape.pixels(), shape.classes, run.seed, &self.device);
        match &self.start {
            Some(start) => start.load(network),
            None => Ok(network),
        }
    }

    /// Returns an error if the start weights do not fit the network of every run.
    fn check_start(&self) -> Result<(), SettingError> {
        let Some(start) = &self.start else { return Ok(()) };
        start.check_size(self.splits.shape())?;
        let mut checked = HashSet::new();
        let mut runs = self.saved.study.runs.iter().filter(|run| {
            // The names and shapes of a network's tensors depend on nothing else.
            let hidden = run.variant.network.hidden.iter();
            checked.insert(hidden.map(|block| (block.units, block.norm)).collect::<Vec<_>>())
        });
        runs.try_for_each(|run| self.network(run).map(drop))
    }
}
