//! `trainer settings`: every key of a config.

use clap::{Args, ValueEnum};
use model::LayerName;
use toml::Value;

use crate::study::{Row, table};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only this part of a config
    part: Option<Part>,
}

/// Part of a config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Top level, and [network]
    Study,
    /// [data]
    Data,
    /// [fit]
    Fit,
    /// [output]
    Output,
    /// [variant.NAME]
    Variant,
    /// [variant.NAME], each with a layer's name first: hidden2.dropout
    Layer,
}

impl Arguments {
    /// Returns the settings, two lines each.
    pub(crate) fn execute(self) -> String {
        let parts = Part::value_variants().iter().copied();
        parts.filter(|part| self.part.is_none_or(|asked| asked == *part)).map(text).collect()
    }
}

/// Formats the settings of a part.
fn text(part: Part) -> String {
    let of_study = |is_wanted: fn(&str) -> bool| -> Vec<&Row> {
        let rows = table::STUDY.iter().map(|setting| &setting.row);
        rows.filter(|row| is_wanted(row.key.split('.').next().unwrap_or_default())).collect()
    };
    let rows = match part {
        Part::Study => of_study(|table| !["data", "fit", "output"].contains(&table)),
        Part::Data => of_study(|table| table == "data"),
        Part::Fit => of_study(|table| table == "fit"),
        Part::Output => of_study(|table| table == "output"),
        Part::Variant => table::VARIANT.iter().map(|setting| &setting.row).collect(),
        Part::Layer => table::layer(LayerName::Hidden(0)).map(|setting| &setting.row).collect(),
    };
    let value = part.to_possible_value().unwrap_or_default();
    let heading = value.get_help().map(ToString::to_string).unwrap_or_default();
    let lines = rows.into_iter().map(|row| {
        let Row { key, range, help, default, .. } = row;
        let default = match default {
            None => "(not set)".to_owned(),
            Some(Value::Float(number)) => format!("= {number:?}"),
            Some(value) => format!("= {value}"),
        };
        let more = match part {
            Part::Layer => layers(key),
            _ if row.can_be_swept() => String::new(),
            _ => "; cannot be swept".to_owned(),
        };
        format!("  {key} {default}\n      {help} ({range}{more})\n")
    });
    format!("{}: {heading}\n{}", value.get_name(), lines.collect::<String>())
}

/// Says which layers take a setting, where some do not.
fn layers(key: &str) -> String {
    let mut others = [LayerName::Input, LayerName::Output].into_iter();
    match others.find(|layer| table::layer(*layer).any(|setting| setting.row.key == key)) {
        Some(other) => format!("; hidden and {other} layers"),
        None => "; hidden layers".to_owned(),
    }
}
