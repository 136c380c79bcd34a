//! The data set of a study, split as its settings say.

use data::{Digits, Shape, Split};

use super::{DataSettings, Study};

/// A setting that does not fit the data set or the start weights.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct SettingError {
    /// The config key.
    pub key: &'static str,
    /// The reason, and what would do.
    pub reason: String,
}

/// What a study learns from and what it is tested on.
#[derive(Debug)]
pub struct Splits {
    /// The data set's name.
    pub name: String,
    /// What tells two data sets of one name apart.
    pub sha256: String,
    /// What no fit ever sees.
    pub test: Split,
    /// The training set as the runs take it; the study's own cut first.
    cuts: Vec<Cut>,
}

/// A training set, limited and split.
#[derive(Debug)]
pub struct Cut {
    /// What is learnt from.
    pub train: Split,
    /// The last share of the training set, kept from training.
    pub validation: Option<Split>,
    limit: Option<usize>,
    validation_split: f64,
}

impl Cut {
    fn is_for(&self, settings: &DataSettings) -> bool {
        (self.limit, self.validation_split) == (settings.limit, settings.validation_split)
    }
}

impl Splits {
    /// Cuts the digits as a study says, and as each of its runs does.
    pub fn new(digits: Digits, study: &Study) -> Result<Self, SettingError> {
        let mut cuts: Vec<Cut> = Vec::new();
        for settings in
            std::iter::once(&study.settings.data).chain(study.runs.iter().map(|run| &run.data))
        {
            if !cuts.iter().any(|cut| cut.is_for(settings)) {
                cuts.push(cut(&digits.train, settings)?);
            }
        }
        Ok(Self { name: digits.name, sha256: digits.sha256, test: digits.test, cuts })
    }

    /// The sizes that the data set gives a network.
    pub fn shape(&self) -> Shape {
        self.test.shape()
    }

    /// The cut that a run's settings ask for.
    pub fn of(&self, settings: &DataSettings) -> &Cut {
        // There is one for every run of the study.
        self.cuts.iter().find(|cut| cut.is_for(settings)).unwrap_or(&self.cuts[0])
    }
}

/// Takes the first `limit` training images, then the last share of them for validation, as Keras
/// does: before any shuffling, its start rounded down.
fn cut(all: &Split, settings: &DataSettings) -> Result<Cut, SettingError> {
    let train = all.first(settings.limit.unwrap_or(all.len()).min(all.len()));
    let len = train.len();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length is a length"
    )]
    let kept = (len as f64 * (1.0 - settings.validation_split)).floor() as usize;
    if kept == 0 {
        return Err(SettingError {
            key: "data.validation_split",
            reason: format!("leaves none of {len} training images to learn from; make it smaller"),
        });
    }
    if kept == len && settings.validation_split > 0.0 {
        return Err(SettingError {
            key: "data.validation_split",
            reason: format!(
                "leaves none of {len} training images to validate with; make it larger, or 0"
            ),
        });
    }
    let (train, rest) = train.split_at(kept);
    let (limit, validation_split) = (settings.limit, settings.validation_split);
    let validation = (!rest.is_empty()).then_some(rest);
    Ok(Cut { train, validation, limit, validation_split })
}

#[cfg(test)]
mod tests {

    use super::*;

    /// Ten training images, each labelled by its place, cut by these settings.
    fn cut_ten(validation_split: f64, limit: Option<usize>) -> Result<Cut, SettingError> {
        let labels: Vec<u8> = (0..10).collect();
        let all = Split::new(vec![0; labels.len() * Shape::MNIST.pixels()], labels);
        cut(&all, &DataSettings { validation_split, limit, ..Default::default() })
    }

    #[test]
    fn the_last_share_validates() {
        let cut = cut_ten(0.25, None).unwrap();
        // Keras keeps floor(10 · 0.75).
        assert_eq!(cut.train.labels(), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(cut.validation.unwrap().labels(), [7, 8, 9]);
        assert!(cut_ten(0.0, None).unwrap().validation.is_none());
    }

    #[test]
    fn the_limit_comes_before_the_share() {
        let cut = cut_ten(0.5, Some(4)).unwrap();
        assert_eq!(cut.train.labels(), [0, 1]);
        assert_eq!(cut.validation.unwrap().labels(), [2, 3]);
        assert_eq!(cut_ten(0.0, Some(99)).unwrap().train.len(), 10);
    }

    #[test]
    fn something_must_be_left_to_learn_from() {
        let error = cut_ten(0.95, None).unwrap_err();
        let expected = "data.validation_split: leaves none of 10 training images to learn from; make it smaller";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn something_must_be_left_to_validate_with() {
        let error = cut_ten(1e-300, None).unwrap_err();
        assert!(error.to_string().contains("leaves none of 10 training images to validate with"));
    }
}
