//! Results as files and text: results.csv, summary.csv, and the JSON of `trainer results --json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Comparison, Group, Row,
    columns::{self, COLUMNS, Cell, Table},
    groups,
    statistics::Spread,
};
use crate::{
    store::{Error, StudyFolder, files},
    study::{KeyValues, setting_text},
};

/// Writes results.csv and summary.csv. The caller must have locked the study's own files before it read the records, so
/// that the last writer has read every record.
pub fn write(folder: &StudyFolder, rows: &[Row], groups: &[Group<'_>]) -> Result<(), Error> {
    files::write(&folder.file("results.csv"), csv_text(rows)?.as_bytes())?;
    files::write(&folder.file("summary.csv"), summary_text(groups)?.as_bytes())
}

/// Formats results.csv: a header and a line for each row.
pub fn csv_text(rows: &[Row]) -> Result<String, Error> {
    let columns = columns::of_runs(rows);
    let names = columns.iter().map(|column| column.name.to_owned()).collect();
    let lines = rows
        .iter()
        .map(|row| (columns.iter().map(|column| column.run_cell(row)).collect(), row.point()));
    format(names, lines, &swept_keys(rows.iter().map(Row::point)))
}

/// Formats summary.csv: a header and a line for each group of runs.
fn summary_text(groups: &[Group<'_>]) -> Result<String, Error> {
    let columns = columns::of_groups(Table::Summary, groups);
    let names = columns.iter().flat_map(|column| column.csv_names()).collect();
    let lines = groups.iter().map(|group| {
        (columns.iter().flat_map(|column| column.csv_cells(group)).collect(), group.point())
    });
    format(names, lines, &swept_keys(groups.iter().map(Group::point)))
}

/// Returns every key that is swept at some point. Each is a column of its own.
pub fn swept_keys<'a>(points: impl Iterator<Item = &'a KeyValues>) -> BTreeSet<&'a str> {
    points.flat_map(KeyValues::keys).map(String::as_str).collect()
}

/// Formats a header and lines, each given with its sweep point: the cells, then the values of the swept keys.
fn format<'a>(
    names: Vec<String>,
    lines: impl Iterator<Item = (Vec<Cell>, &'a KeyValues)>,
    keys: &BTreeSet<&str>,
) -> Result<String, Error> {
    let write = || -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(names.into_iter().chain(keys.iter().map(|&key| key.to_owned())))?;
        for (cells, point) in lines {
            let swept = keys.iter().map(|key| setting_text(point, key));
            writer.write_record(cells.iter().map(Cell::to_string).chain(swept))?;
        }
        writer.into_inner().map_err(|error| error.into_error().into())
    };
    let error = |reason| Error::Serialize { what: "results.csv", reason };
    let bytes = write().map_err(|source| error(source.to_string()))?;
    String::from_utf8(bytes).map_err(|source| error(source.to_string()))
}

#[derive(Serialize)]
struct Results<'a> {
    runs: Vec<JsonRun<'a>>,
    summary: Vec<JsonGroup<'a>>,
}

/// A row of results.csv with unrounded numbers.
#[derive(Serialize)]
struct JsonRun<'a> {
    #[serde(flatten)]
    cells: BTreeMap<&'static str, Cell>,
    #[serde(skip_serializing_if = "KeyValues::is_empty")]
    point: &'a KeyValues,
}

/// A group of runs with the means and deviations of all metrics that its runs have.
#[derive(Serialize)]
struct JsonGroup<'a> {
    variant: &'a str,
    #[serde(skip_serializing_if = "KeyValues::is_empty")]
    point: &'a KeyValues,
    n: usize,
    #[serde(flatten)]
    metrics: BTreeMap<&'static str, Spread>,
    chosen: bool,
    at_edge: bool,
    difference: Option<&'a Comparison>,
}

/// Formats the runs and their groups as JSON. The groups are compared with the variant `first`. Numbers that are not
/// finite become null.
pub fn json(rows: &[Row], first: &str) -> Result<String, Error> {
    let (columns, groups) = (columns::of_runs(rows), groups(rows, first));
    let runs = rows.iter().map(|row| {
        let cells = columns.iter().map(|column| (column.name, column.run_cell(row)));
        JsonRun {
            cells: cells.filter(|(_, cell)| *cell != Cell::Empty).collect(),
            point: row.point(),
        }
    });
    let summary = groups.iter().map(|group| JsonGroup {
        variant: group.variant(),
        point: group.point(),
        n: group.runs.len(),
        metrics: COLUMNS
            .iter()
            .filter_map(|column| Some((column.name, column.spread(group)?)))
            .collect(),
        chosen: group.chosen,
        at_edge: !group.edges.is_empty(),
        difference: group.comparison.as_ref(),
    });
    let results = Results { runs: runs.collect(), summary: summary.collect() };
    files::to_json("the results", &results)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{groups, tests::row},
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
        let csv = summary_text(&groups(&rows, "none")).unwrap();
        // The differences are 0.1 and 0.15; the 0.975 quantile of Student's t with one degree of freedom is 12.7062.
        let expected = "variant,n,acc_train_mean,acc_train_deviation,acc_test_mean,acc_test_deviation,pct_diff_mean,pct_diff_deviation,difference_mean,difference_low,difference_high,difference_pairs,chosen,p,p_adjusted,verdict,seeds_needed,provisional,at_edge\n\
                        none,2,0.750000,0.353553,0.600000,0.282843,0.200000,0.000000,,,,,false,,,,,,\n\
                        l1,2,0.500000,0.000000,0.725000,0.318198,-0.450000,0.636396,0.125000,-0.192655,0.442655,2,false,0.125666,0.125666,undecided,3,,\n";
        assert_eq!(csv, expected);
    }
}
