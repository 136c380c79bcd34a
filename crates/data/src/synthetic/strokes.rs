//! Table of the strokes of the ten digits, each in several common styles.

use rand::RngExt;

use super::CLASSES;
use super::random::Rng;

/// Points of a smooth curve, in hundredths of the digit's box: x to the right, y downwards. A point given
/// twice in a row is a corner.
pub(super) type Stroke = &'static [(u8, u8)];

/// A style of writing a digit: its weight relative to the digit's other styles, and its strokes.
struct Style(u8, &'static [Stroke]);

/// Returns the strokes of a random style of a digit, 0 to 9, with the probabilities of the weights.
pub(super) fn random_style(digit: u8, rng: &mut Rng) -> &'static [Stroke] {
    let styles = STYLES[usize::from(digit)];
    let mut left = rng.random_range(0..styles.iter().map(|style| style.0).sum());
    for &Style(weight, strokes) in styles {
        if left < weight {
            return strokes;
        }
        left -= weight;
    }
    unreachable!("the number is below the sum of the weights")
}

/// Styles of each digit.
#[rustfmt::skip] // One style per line.
const STYLES: [&[Style]; CLASSES] = [
    &[ // 0
        // an oval that closes at the top
        Style(5, &[&[(55, 1), (24, 14), (10, 52), (22, 87), (48, 99), (78, 86), (92, 48), (78, 13), (50, 2)]]),
        // narrow, closing at the upper right
        Style(3, &[&[(66, 8), (46, 1), (28, 26), (22, 62), (33, 94), (54, 96), (72, 70), (76, 32), (64, 5)]]),
        // wide, with the ends crossing
        Style(2, &[&[(62, 14), (42, 2), (14, 22), (4, 55), (20, 90), (52, 98), (86, 80), (97, 42), (78, 10), (40, 6)]]),
    ],
    &[ // 1
        // a single stroke
        Style(16, &[&[(50, 0), (50, 100)]]),
        // with a flag
        Style(3, &[&[(34, 22), (42, 14), (52, 0), (52, 0), (52, 100)]]),
        // with a flag and a base
        Style(1, &[&[(32, 20), (42, 14), (52, 0), (52, 0), (52, 98)], &[(26, 98), (78, 98)]]),
    ],
    &[ // 2
        // a straight diagonal and a flat base
        Style(3, &[&[(16, 24), (32, 5), (58, 2), (74, 20), (64, 46), (36, 78), (12, 98), (12, 98), (48, 97), (88, 95)]]),
        // a loop at the base
        Style(4, &[&[(20, 20), (40, 3), (64, 6), (72, 28), (58, 58), (34, 86), (16, 94), (8, 84), (22, 76), (48, 86), (70, 95), (94, 88)]]),
        // a small loop, the base sloping down to the right
        Style(2, &[&[(12, 30), (28, 8), (56, 2), (72, 20), (62, 48), (40, 76), (18, 88), (14, 78), (30, 76), (56, 90), (84, 100)]]),
        // angular, like a Z
        Style(1, &[&[(14, 12), (40, 4), (76, 6), (76, 6), (46, 50), (12, 94), (12, 94), (50, 94), (90, 92)]]),
        // a round head and a wide loop
        Style(3, &[&[(18, 18), (44, 2), (74, 14), (72, 46), (46, 78), (18, 88), (8, 74), (26, 62), (52, 76), (96, 92)]]),
    ],
    &[ // 3
        // two bows meeting in a corner
        Style(5, &[&[(20, 13), (44, 2), (70, 12), (66, 34), (36, 46), (36, 46), (68, 56), (72, 80), (46, 98), (14, 90)]]),
        // a small loop in the middle
        Style(2, &[&[(20, 16), (44, 2), (68, 12), (64, 34), (42, 48), (34, 52), (42, 46), (70, 56), (74, 82), (46, 98), (14, 86)]]),
        // a flat top
        Style(2, &[&[(18, 7), (48, 4), (76, 5), (76, 5), (60, 24), (40, 42), (40, 42), (72, 54), (74, 80), (46, 98), (14, 92)]]),
        // round, with hardly a notch
        Style(2, &[&[(22, 8), (50, 1), (70, 16), (58, 40), (46, 48), (66, 58), (74, 78), (52, 97), (20, 94)]]),
        // a small upper bow drawn flat, a big lower one
        Style(2, &[&[(16, 18), (40, 4), (72, 10), (66, 28), (44, 38), (44, 38), (74, 50), (80, 74), (56, 96), (30, 98), (10, 88)]]),
    ],
    &[ // 4
        // open, an angular left arm
        Style(4, &[&[(26, 4), (20, 30), (14, 54), (14, 54), (48, 54), (86, 50)], &[(76, 6), (70, 52), (64, 100)]]),
        // open, a rounded left arm that runs into the stem
        Style(3, &[&[(20, 8), (16, 36), (28, 52), (54, 52), (74, 40)], &[(78, 4), (72, 50), (68, 100)]]),
        // closed, with a bar across the stem
        Style(2, &[&[(62, 2), (36, 32), (8, 62), (8, 62), (50, 62), (92, 60)], &[(62, 2), (62, 50), (62, 100)]]),
        // closed, in one stroke
        Style(1, &[&[(66, 6), (40, 26), (20, 50), (20, 50), (46, 50), (70, 44), (70, 44), (66, 6), (66, 6), (68, 50), (66, 100)]]),
    ],
    &[ // 5
        // the top bar drawn last
        Style(5, &[&[(34, 6), (30, 24), (26, 44), (26, 44), (52, 37), (80, 52), (78, 82), (46, 99), (12, 88)], &[(34, 6), (58, 5), (86, 2)]]),
        // in one stroke, from the top bar
        Style(3, &[&[(84, 4), (58, 5), (36, 8), (36, 8), (28, 44), (28, 44), (58, 41), (76, 62), (62, 90), (34, 99), (8, 90)]]),
        // round, like an S
        Style(2, &[&[(86, 4), (56, 6), (34, 20), (36, 40), (58, 54), (66, 76), (44, 96), (10, 92)]]),
        // a long top bar over a small bowl
        Style(2, &[&[(98, 2), (66, 6), (40, 12), (40, 12), (28, 46), (28, 46), (48, 46), (60, 62), (48, 84), (24, 96), (4, 94)]]),
    ],
    &[ // 6
        // a curved back
        Style(5, &[&[(66, 2), (40, 22), (22, 54), (24, 86), (46, 99), (70, 86), (70, 64), (50, 54), (24, 72)]]),
        // a straight back and a small bowl
        Style(3, &[&[(54, 0), (36, 34), (26, 66), (32, 92), (50, 98), (66, 84), (62, 66), (46, 64), (30, 82)]]),
        // strongly slanted, with a wide bowl
        Style(2, &[&[(46, 2), (20, 32), (12, 66), (28, 94), (60, 98), (86, 80), (80, 58), (52, 56), (24, 80)]]),
        // a long stem over a flat little bowl
        Style(2, &[&[(76, 0), (44, 30), (26, 62), (22, 84), (36, 98), (60, 90), (72, 74), (58, 66), (38, 76), (26, 90)]]),
    ],
    &[ // 7
        // plain
        Style(6, &[&[(14, 10), (46, 8), (82, 6), (82, 6), (64, 48), (46, 100)]]),
        // the top rising into a bend
        Style(3, &[&[(12, 20), (30, 8), (58, 8), (78, 6), (78, 14), (64, 42), (56, 70), (52, 100)]]),
        // a serif at the start
        Style(2, &[&[(12, 24), (14, 8), (14, 8), (48, 8), (80, 4), (80, 4), (62, 48), (50, 100)]]),
        // with a bar
        Style(2, &[&[(14, 10), (46, 8), (82, 5), (82, 5), (60, 50), (42, 100)], &[(32, 54), (54, 52), (80, 48)]]),
    ],
    &[ // 8
        // starting at the upper right, like an S
        Style(5, &[&[(72, 12), (50, 2), (28, 16), (36, 38), (60, 58), (68, 82), (46, 99), (26, 84), (38, 58), (62, 36), (74, 10)]]),
        // starting in the middle
        Style(3, &[&[(50, 46), (30, 30), (34, 8), (56, 1), (72, 14), (62, 36), (42, 54), (26, 76), (40, 97), (64, 92), (70, 70), (50, 46)]]),
        // a wide upper ring over a slim lower one
        Style(3, &[&[(74, 16), (52, 2), (26, 12), (28, 36), (52, 50), (60, 72), (50, 96), (36, 98), (34, 80), (50, 56), (78, 28), (72, 10)]]),
        // ends that do not meet at the top
        Style(2, &[&[(64, 8), (40, 2), (22, 20), (38, 42), (62, 60), (64, 86), (42, 98), (26, 84), (40, 60), (64, 36), (84, 4)]]),
        // two rings
        Style(2, &[
            &[(52, 2), (30, 12), (30, 36), (50, 46), (70, 36), (72, 12), (50, 2)],
            &[(50, 46), (26, 58), (24, 88), (50, 99), (76, 88), (74, 58), (50, 46)],
        ]),
    ],
    &[ // 9
        // a straight stem that continues the ring
        Style(5, &[&[(72, 14), (50, 3), (24, 20), (24, 46), (46, 53), (66, 38), (74, 12), (74, 12), (70, 54), (66, 100)]]),
        // a large ring on an upright stem
        Style(4, &[&[(76, 16), (54, 3), (26, 14), (20, 44), (42, 56), (66, 44), (76, 14), (76, 14), (76, 56), (76, 100)]]),
        // a leaning stem from a small ring
        Style(3, &[&[(66, 10), (46, 4), (28, 22), (32, 42), (52, 42), (68, 22), (70, 10), (66, 40), (52, 72), (42, 100)]]),
        // a hooked tail
        Style(2, &[&[(76, 18), (54, 2), (26, 16), (22, 40), (44, 48), (70, 34), (76, 16), (76, 50), (66, 86), (42, 98), (18, 90)]]),
        // a flat ring that closes low on the stem
        Style(4, &[&[(76, 10), (50, 4), (24, 22), (20, 42), (42, 50), (70, 32), (78, 10), (78, 10), (72, 52), (62, 100)]]),
        // an angular open ring, with a separate stem
        Style(3, &[&[(74, 6), (42, 8), (24, 28), (30, 46), (52, 44), (74, 30)], &[(76, 6), (68, 50), (58, 100)]]),
    ],
];

#[cfg(test)]
mod tests {
    use super::{STYLES, Style};

    #[test]
    fn every_style_can_be_chosen_and_drawn() {
        for (digit, styles) in STYLES.iter().enumerate() {
            for Style(weight, strokes) in *styles {
                assert!(*weight > 0 && !strokes.is_empty(), "{digit}");
                for stroke in *strokes {
                    assert!(stroke.len() > 1, "{digit}: {stroke:?}");
                    assert!(stroke.iter().all(|&(x, y)| x.max(y) <= 100), "{digit}: {stroke:?}");
                }
            }
        }
    }
}
