use rayon::ThreadPoolBuilder;

use super::curve::{self, Point};
use super::random::{self, Subset, near_zero};
use super::raster::{self, Pen, centre_of_mass};
use super::{CLASSES, SIDE, draw};
use crate::image_set::{ImageSet, Split};

fn images(split: &Split) -> impl Iterator<Item = &[u8]> {
    (0..split.len()).map(|index| split.image(index))
}

fn mean(numbers: &[f32]) -> f32 {
    let len = u16::try_from(numbers.len()).unwrap();
    numbers.iter().sum::<f32>() / f32::from(len)
}

#[test]
fn the_bytes_are_the_same_on_every_machine() {
    let start = ImageSet::new("start", draw(Subset::Train, 200), draw(Subset::Test, 200));
    let expected = "a063a1b47c6e1c4188dcb31bf1af824c6b3e9c399662d23c5ee1cfab235b6310";
    assert_eq!(start.sha256, expected, "the synthetic data set has changed");
}

#[test]
fn digits_depend_neither_on_the_threads_nor_on_the_number_drawn() {
    let with_threads = |threads, len| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| draw(Subset::Train, len))
    };
    let (start, _) = with_threads(3, 100).split_at(40);
    assert_eq!(start, with_threads(1, 40));
}

#[test]
fn classes_are_equally_frequent_and_in_random_order() {
    let split = draw(Subset::Train, 5000);
    let mut counts = [0; CLASSES];
    for &label in split.labels() {
        counts[usize::from(label)] += 1;
    }
    assert!(counts.iter().all(|count| (400..=600).contains(count)), "{counts:?}");
    let repeats = split.labels().windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!((400..=600).contains(&repeats), "{repeats} labels equal to the previous one");
}

#[test]
fn ink_is_fitted_to_20_by_20_pixels_and_centred_by_mass() {
    for image in images(&draw(Subset::Train, 2000)) {
        let inked = |row: usize, column: usize| image[row * SIDE + column] > 0;
        let rows = (0..SIDE).filter(|&row| (0..SIDE).any(|column| inked(row, column)));
        let columns = (0..SIDE).filter(|&column| (0..SIDE).any(|row| inked(row, column)));
        let (width, height) = (columns.count(), rows.count());
        assert!((19..=20).contains(&height.max(width)), "{width} x {height}");

        let (x, y) = centre_of_mass(image);
        assert!((x - 14.0).abs() < 1.0 && (y - 14.0).abs() < 1.0, "{x}, {y}");
    }
}

#[test]
fn the_mean_ink_is_similar_to_that_of_mnist() {
    let split = draw(Subset::Train, 2000);
    let inks: Vec<f32> = images(&split)
        .map(|image| mean(&image.iter().copied().map(f32::from).collect::<Vec<_>>()))
        .collect();
    assert!(inks.iter().all(|ink| (4.0..100.0).contains(ink)));
    let all = mean(&inks);
    assert!((28.0..38.0).contains(&all), "{all}");
}

#[test]
fn all_images_of_both_splits_differ() {
    let (train, test) = (draw(Subset::Train, 500), draw(Subset::Test, 500));
    let mut all: Vec<_> = images(&train).chain(images(&test)).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 1000);
    assert_ne!(train.labels(), test.labels());
}

#[test]
fn images_of_one_class_differ_in_many_pixels() {
    let split = draw(Subset::Train, 500);
    for class in 0..CLASSES {
        let of_class: Vec<_> = images(&split)
            .zip(split.labels())
            .filter_map(|(image, &label)| (usize::from(label) == class).then_some(image))
            .collect();
        for pair in of_class.windows(2) {
            let pixels = pair[0].iter().zip(pair[1]);
            let differing = pixels.filter(|(one, other)| one.abs_diff(**other) > 50).count();
            assert!(differing > 20, "{differing} pixels differ between two images of {class}");
        }
    }
}

#[test]
fn random_numbers_have_the_given_mean_and_spread() {
    let rng = &mut random::of_digit(Subset::Train, 0);
    let numbers: Vec<f32> = (0..10_000).map(|_| near_zero(rng, 0.5)).collect();
    assert!(mean(&numbers).abs() < 0.02);
    let squares: Vec<f32> = numbers.iter().map(|number| number * number).collect();
    let variance = mean(&squares);
    assert!((0.24..0.26).contains(&variance), "{variance}");
}

#[test]
fn curves_pass_through_their_points_and_have_sharp_corners() {
    let [start, corner, end] = [Point::new(0.0, 0.0), Point::new(1.0, 0.0), Point::new(1.0, 1.0)];

    let round = curve::catmull_rom(&[start, corner, end]);
    for point in [start, corner, end] {
        assert!(round.contains(&point), "{point:?}");
    }
    assert!(round.iter().any(|point| point.x > 1.0), "a smooth curve overshoots");

    let sharp = curve::catmull_rom(&[start, corner, corner, end]);
    assert_eq!(sharp.len(), round.len());
    assert!(
        sharp.iter().all(|point| point.y.abs() < 1e-6 || (point.x - 1.0).abs() < 1e-6),
        "the segments at a corner are straight"
    );
}

#[test]
fn a_line_is_fitted_and_as_wide_as_the_pen() {
    let line = vec![Point::new(-3.0, 7.0), Point::new(-3.0, 8.0)];
    let pen = Pen { radius: 1.5, edge_width: 1.0 };
    let image = raster::draw(vec![line], &pen);

    let inked = image.chunks(SIDE).map(|row| row.iter().copied().filter(|&ink| ink > 0).collect());
    let rows: Vec<Vec<u8>> = inked.filter(|row: &Vec<u8>| !row.is_empty()).collect();
    assert_eq!(rows.len(), 20);
    assert!(rows[2..18].iter().all(|row| row == &[128, 255, 255, 128]), "{rows:?}");
}
