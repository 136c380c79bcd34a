//! The digits of a study: loaded, and cut as its settings say.

use std::cell::RefCell;

use data::{Digits, Loaded, Places, Request, Source, Split};

use crate::{
    error::Error,
    progress::{Progress, Task},
    study::DataSettings,
};

/// What a study learns from and what it is tested on.
#[derive(Debug)]
pub struct Splits {
    /// The data set's name.
    pub name: String,
    /// What tells two data sets of one name apart.
    pub sha256: String,
    /// What is learnt from.
    pub train: Split,
    /// The last share of the training set, kept from training.
    pub validation: Option<Split>,
    /// What no fit ever sees.
    pub test: Split,
}

/// Loads a study's digits. Says so where they are not those asked for first.
///
/// # Errors
///
/// When they are not to be had, or too few to be split.
pub fn load(settings: &DataSettings, progress: &Progress) -> Result<Splits, Error> {
    let request = Request { sources: settings.sources.clone(), dir: settings.dir.clone() };
    let bars = RefCell::new(None);
    let loaded = data::load(&request, &Places::from_environment(), &|download| {
        show(&mut bars.borrow_mut(), download, progress);
    });
    if let Some((_, task)) = bars.take() {
        Task::finish(&task);
    }
    let Loaded { digits, skipped } = loaded?;
    if settings.dir.is_none() && digits.name == Source::Synthetic.to_string() && !skipped.is_empty()
    {
        let reasons: Vec<String> = skipped.iter().map(ToString::to_string).collect();
        progress.warn(&format!(
            "MNIST was not found, so these are synthetic digits that the program draws itself.\n  \
             To use MNIST, set MNIST_DIR to a folder with its four IDX files, or connect to the internet.\n  \
             Tried: {}",
            reasons.join("; ")
        ));
    }
    cut(digits, settings)
}

/// Shows how far a download has come, on a bar per file.
fn show(bar: &mut Option<(String, Task)>, download: data::Progress<'_>, progress: &Progress) {
    if bar.as_ref().is_none_or(|(file, _)| file != download.file) {
        if let Some((_, task)) = bar.take() {
            task.finish();
        }
        let total = download.total.unwrap_or(0) as u64;
        *bar = Some((download.file.to_owned(), progress.download(download.file, total)));
    }
    if let Some((_, task)) = bar {
        task.advance(download.done as u64, "");
    }
}

/// Takes the first `limit` training images, then the last share of them for validation, as Keras
/// does: before any shuffling, its start rounded down.
fn cut(digits: Digits, settings: &DataSettings) -> Result<Splits, Error> {
    let len = digits.train.len();
    let (train, _) = digits.train.split_at(settings.limit.unwrap_or(len).min(len));
    let len = train.len();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length is a length"
    )]
    let kept = (len as f64 * (1.0 - settings.validation_split)).floor() as usize;
    if kept == 0 {
        return Err(Error::Unfit {
            key: "data.validation_split",
            reason: format!("leaves none of {len} training images to learn from; make it smaller"),
        });
    }
    if kept == len && settings.validation_split > 0.0 {
        return Err(Error::Unfit {
            key: "data.validation_split",
            reason: format!(
                "leaves none of {len} training images to validate with; make it larger, or 0"
            ),
        });
    }
    let (train, rest) = train.split_at(kept);
    Ok(Splits {
        name: digits.name,
        sha256: digits.sha256,
        train,
        validation: (!rest.is_empty()).then_some(rest),
        test: digits.test,
    })
}

#[cfg(test)]
mod tests {
    use data::PIXELS;

    use super::*;
    use crate::study::Pixels;

    /// Ten training images, each labelled by its place, cut by these settings.
    fn cut_ten(validation_split: f64, limit: Option<usize>) -> Result<Splits, Error> {
        let split = |labels: Vec<u8>| Split::new(vec![0; labels.len() * PIXELS], labels);
        let digits = Digits::new("ten", split((0..10).collect()), split(vec![0]));
        let settings = DataSettings {
            sources: Vec::new(),
            pixels: Pixels::Unit,
            dir: None,
            validation_split,
            limit,
        };
        cut(digits, &settings)
    }

    #[test]
    fn the_last_share_validates() {
        let splits = cut_ten(0.25, None).unwrap();
        // Keras keeps floor(10 · 0.75).
        assert_eq!(splits.train.labels(), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(splits.validation.unwrap().labels(), [7, 8, 9]);
        assert!(cut_ten(0.0, None).unwrap().validation.is_none());
    }

    #[test]
    fn the_limit_comes_before_the_share() {
        let splits = cut_ten(0.5, Some(4)).unwrap();
        assert_eq!(splits.train.labels(), [0, 1]);
        assert_eq!(splits.validation.unwrap().labels(), [2, 3]);
        assert_eq!(cut_ten(0.0, Some(99)).unwrap().train.len(), 10);
    }

    #[test]
    fn something_must_be_left_to_learn_from() {
        let error = cut_ten(0.95, None).unwrap_err();
        let expected = "data.validation_split: leaves none of 10 training images to learn from; make it smaller";
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn something_must_be_left_to_validate_with() {
        let error = cut_ten(1e-300, None).unwrap_err();
        assert!(error.to_string().contains("leaves none of 10 training images to validate with"));
    }
}
