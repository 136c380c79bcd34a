//! The argument of `--only`: numbers of runs and ranges of them.

use crate::study::Study;

/// Formats sorted numbers as `--only` takes them: `0-3,7`.
pub(super) fn ranges(numbers: &[usize]) -> String {
    let ranges = numbers.chunk_by(|one, next| one + 1 == *next).map(|range| match range {
        [first, .., last] => format!("{first}-{last}"),
        [only] => only.to_string(),
        [] => String::new(),
    });
    ranges.collect::<Vec<_>>().join(",")
}

/// Parses the argument of `--only`, such as `7`, `10-19` or `0-3,7`, and returns the indices of the runs that it
/// selects.
pub(super) fn parse(only: &str, study: &Study) -> Result<Vec<usize>, String> {
    let error = |reason: String| format!("--only {only}: {reason}");
    let number = |text: &str| {
        let number: Option<usize> = text.trim().parse().ok();
        number.ok_or_else(|| error("takes run numbers, for example 7 or 0-3,10-19".to_owned()))
    };
    let mut indices = Vec::new();
    for part in only.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        let count = study.runs.len();
        if first > last || last >= count {
            let last = count.saturating_sub(1);
            return Err(error(format!("the study's runs are numbered from 0 to {last}")));
        }
        indices.extend(first..=last);
    }
    Ok(indices)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Entries;

    #[test]
    fn formatted_ranges_are_parsed_back() {
        let text = "variants = [\"none\"]\nseeds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
        let study = Study::read("small", &Entries::parse(text, Path::new("")).unwrap()).unwrap();
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), "0-2,5,7-8");
        let parse = |only: &str| parse(only, &study);
        assert_eq!(parse("0-2,5,7-8"), Ok(vec![0, 1, 2, 5, 7, 8]));
        assert_eq!(parse("10"), Ok(vec![10]));
        for wrong in ["11", "3-2", "0-11", "18446744073709551615", "0-18446744073709551615"] {
            let message = format!("--only {wrong}: the study's runs are numbered from 0 to 10");
            assert_eq!(parse(wrong), Err(message));
        }
        for wrong in ["", "-", "1-", "x", "1,", "-1", "99999999999999999999"] {
            assert!(parse(wrong).unwrap_err().contains("takes run numbers"), "{wrong}");
        }
    }
}
