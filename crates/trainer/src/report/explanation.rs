//! Explanation of a test accuracy above the one that Keras prints for training.

use model::NoiseConfig;

use super::{
    group::PageGroup,
    headline::{has_learnt, percent},
};

/// The number of standard deviations up to which a difference may be one of chance.
const CHANCE: f64 = 2.0;

/// Explains why a variant is better on the test images than in training, where that is so. Wrong labels and weights of an
/// earlier epoch explain it otherwise.
pub(super) fn better_on_test(group: &PageGroup, classes: usize) -> Option<String> {
    let running = group.curves.last_running_acc()?;
    let (name, train, test) = (&group.name, group.acc_train.mean, group.acc_test.mean);
    let is_plain = group.memorised.is_none() && !group.is_monitored;
    if running >= test || !is_plain || !has_learnt(group, classes) {
        return None;
    }
    let noises = group.config.hidden.iter().map(|block| block.noise);
    let has_noise = noises.chain([group.config.input]).any(|noise| noise != NoiseConfig::default());
    let (while_training, after) = match (has_noise, group.shift > 0) {
        (true, true) => (", with noise or dropout, and on moved images", ", without all that,"),
        (true, false) => (", and with noise or dropout", ", without noise and dropout,"),
        (false, true) => (", and on moved images", ", on the images as they are,"),
        (false, false) => ("", ""),
    };
    let start = format!(
        "Why is {name} better on the test images ({}) than the training accuracy that Keras would print ({})? That one is a \
         mean over the batches of the last epoch, while the weights still change{while_training}. Evaluated after \
         training{after} it is {}",
        percent(test),
        percent(running),
        percent(train)
    );
    if train >= test {
        return Some(start + ", which is more than on the test images.");
    }
    let deviation = (test * (1.0 - test) / group.test_images as f64).sqrt();
    let judged = if test - train <= CHANCE * deviation {
        "so the difference may be one of chance"
    } else {
        "so these test images are easier than the training images"
    };
    Some(format!(
        "{start}, still less. Another draw of as many test images would move their accuracy by about {}, {judged}.",
        format_args!("{:.2}\u{a0}points", 100.0 * deviation)
    ))
}

#[cfg(test)]
mod tests {
    use super::{super::group::tests::group, *};
    use crate::results::statistics::Spread;

    #[test]
    fn a_better_test_accuracy_is_explained_by_what_differs() {
        let with_running = |accuracies, running| {
            let mut group = group("none", &[accuracies]);
            group.curves.running_acc = vec![Some(running)];
            group
        };
        let text = |group: &PageGroup| better_on_test(group, 10);
        assert_eq!(text(&with_running((0.92, 0.91), 0.915)), None);
        let more = text(&with_running((0.92, 0.91), 0.90)).unwrap();
        assert!(
            more.ends_with("it is 92.0\u{a0}%, which is more than on the test images."),
            "{more}"
        );
        // One standard deviation of 0.91 on 10 000 images is 0.29 points.
        let chance = text(&with_running((0.907, 0.91), 0.90)).unwrap();
        assert!(
            chance.contains("about 0.29\u{a0}points, so the difference may be one of chance"),
            "{chance}"
        );
        let easier = text(&with_running((0.90, 0.91), 0.89)).unwrap();
        assert!(easier.contains("easier than the training images"), "{easier}");
        let mut shifted = with_running((0.92, 0.91), 0.90);
        shifted.shift = 2;
        assert!(text(&shifted).unwrap().contains("on moved images"));
        for explained in [
            PageGroup { is_monitored: true, ..with_running((0.92, 0.91), 0.90) },
            PageGroup { memorised: Some(Spread::new(&[0.5])), ..with_running((0.92, 0.91), 0.90) },
            with_running((0.15, 0.14), 0.12),
        ] {
            assert_eq!(text(&explained), None);
        }
    }
}
