//! The files results.csv and summary.csv.

use std::collections::BTreeSet;

use super::{
    Row,
    columns::{self, Cell, Column},
    summary::Summary,
};
use crate::{
    store::{Error, StudyFolder, files},
    study::{KeyValues, setting_text},
};

/// Writes results.csv and summary.csv. The study's own files have to be locked since the records were read, so that whoever writes last has read every record.
pub fn write(folder: &StudyFolder, rows: &[Row], summaries: &[Summary]) -> Result<(), Error> {
    files::write(&folder.file("results.csv"), csv_text(rows)?.as_bytes())?;
    files::write(&folder.file("summary.csv"), summary_text(rows, summaries)?.as_bytes())
}

/// Formats results.csv: a header and a line for each row.
pub fn csv_text(rows: &[Row]) -> Result<String, Error> {
    let is_there = |cell: fn(&Row) -> Cell| rows.iter().any(|row| cell(row) != Cell::Empty);
    let optional = columns::OPTIONAL.into_iter().filter(|(_, cell)| is_there(*cell));
    let columns: Vec<Column<Row>> = columns::RESULTS.into_iter().chain(optional).collect();
    format(&columns, rows, Row::point, &swept_keys(rows))
}

/// Formats summary.csv: a header and a line for each group of runs.
fn summary_text(rows: &[Row], summaries: &[Summary]) -> Result<String, Error> {
    format(&columns::SUMMARY, summaries, |summary| &summary.point, &swept_keys(rows))
}

/// Returns every key that is swept in some run. Each is a column of its own.
pub fn swept_keys(rows: &[Row]) -> BTreeSet<&str> {
    rows.iter().flat_map(|row| row.point().keys()).map(String::as_str).collect()
}

/// Formats a header and a line for each row: the columns, then the values of the swept keys.
fn format<T>(
    columns: &[Column<T>],
    rows: &[T],
    point: impl Fn(&T) -> &KeyValues,
    keys: &BTreeSet<&str>,
) -> Result<String, Error> {
    let write = || -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(columns.iter().map(|(name, _)| name).chain(keys))?;
        for row in rows {
            let cells = columns.iter().map(|(_, cell)| cell(row).to_string());
            let swept = keys.iter().map(|&key| setting_text(point(row), key));
            writer.write_record(cells.chain(swept))?;
        }
        writer.into_inner().map_err(|error| error.into_error().into())
    };
    let error = |reason| Error::Serialize { what: "results.csv", reason };
    let bytes = write().map_err(|source| error(source.to_string()))?;
    String::from_utf8(bytes).map_err(|source| error(source.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{summaries, tests::row},
        *,
    };

    #[test]
    fn rows_match_the_header() {
        let csv = csv_text(&[row("l2", 3, (0.8, 0.75), f64::NAN)]).unwrap();
        let expected = "variant,acc_train,acc_test,pct_diff,seed,loss_train,loss_test,parameters,epochs,dataset,pixels,backend,fit_seconds,run\n\
                        l2,0.800000,0.750000,0.062500,3,NaN,1.000000,5,2,\"a, b\",raw,flex,1.23,l2-seed-3-0123456789ab\n";
        assert_eq!(csv, expected);
    }

    #[test]
    fn summary_rows_match_their_header() {
        let accuracies = [("none", [(0.5, 0.4), (1.0, 0.8)]), ("l1", [(0.5, 0.5), (0.5, 0.95)])];
        let rows: Vec<Row> = accuracies
            .iter()
            .flat_map(|(variant, runs)| {
                (0..).zip(runs).map(move |(seed, &run)| row(variant, seed, run, 1.0))
            })
            .collect();
        let csv = summary_text(&rows, &summaries(&rows, "none")).unwrap();
        // The differences are 0.1 and 0.15; the 0.975 quantile of Student's t with one degree of freedom is 12.7062.
        let expected = "variant,n,acc_train_mean,acc_train_deviation,acc_test_mean,acc_test_deviation,pct_diff_mean,pct_diff_deviation,difference_mean,difference_low,difference_high,difference_pairs,chosen,p,p_adjusted,verdict,seeds_needed\n\
                        none,2,0.750000,0.353553,0.600000,0.282843,0.200000,0.000000,,,,,false,,,,\n\
                        l1,2,0.500000,0.000000,0.725000,0.318198,-0.450000,0.636396,0.125000,-0.192655,0.442655,2,false,0.125666,0.125666,undecided,3\n";
        assert_eq!(csv, expected);
    }
}
