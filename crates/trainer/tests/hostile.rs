//! Files that others may have made. Nothing in them makes the program panic, leave a study's folder, or take
//! memory that their size does not justify. `crates/fuzz` looks for the same, longer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{LazyLock, Mutex, PoisonError},
};

use model::{Network, presets};
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use safetensors::SafeTensors;
use trainer::{
    config::Entries,
    store::checkpoint,
    study::{Backend, Study, label},
};
use training::{
    SavedModel,
    weights::{self, Weights},
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Does `work`, while no other test here does any. It must never hold more bytes than are allowed.
fn bounded<T>(allowed: usize, work: impl FnOnce() -> T) -> T {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let outcome = work();
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(taken <= allowed, "{taken} bytes were taken where {allowed} are allowed");
    outcome
}

/// What the test harness, and the network's constants, may take meanwhile.
const BASE: usize = 1 << 20;

fn read(text: &str, arguments: &[String]) -> Option<Study> {
    // A variant of twelve bytes brings dozens of keys into being, a seed of two a run of every variant, and a
    // sweep of so few lines as there are here multiplies them.
    let len = text.len() + arguments.iter().map(String::len).sum::<usize>();
    bounded(BASE + (16 << 10) * len, || {
        let told = |error: trainer::config::ConfigError| assert!(!error.to_string().is_empty());
        let mut entries =
            Entries::parse(text, Path::new("/folder/mine.toml")).map_err(told).ok()?;
        for argument in arguments {
            entries.extend(Entries::parse_argument(argument).map_err(told).ok()?);
        }
        Study::read("mine", &entries).map_err(told).ok()
    })
}

/// Every run has a folder of its own in the study's, and study.toml is a config for the same study.
fn check(study: &Study) {
    let runs = &study.runs;
    for run in runs {
        let variant = run.variant.name.as_str();
        let comma = if run.point.is_empty() { "" } else { "," };
        let cell = format!("{variant}{comma}{}", label(&run.point));
        assert_eq!(run.folder_name("id"), format!("{cell}-seed-{}-id", run.seed));
        assert!(cell.len() < 230);
        assert!(!cell.contains(['/', '\\', ':', '\0']), "{cell}");
    }
    let folders: BTreeSet<_> = runs.iter().map(|run| run.folder_name("id")).collect();
    assert_eq!(folders.len(), runs.len());
    let text = study.to_toml(Path::new("")).unwrap();
    let entries = Entries::parse(&text, Path::new("/study.toml")).unwrap();
    let mut expected = study.clone();
    let paths = expected.runs.iter_mut().flat_map(|run| [&mut run.data.dir, &mut run.fit.weights]);
    for path in
        paths.chain([&mut expected.settings.data.dir, &mut expected.settings.fit.weights]).flatten()
    {
        *path = std::path::absolute(&path).unwrap();
    }
    let again = Study::read(&study.name, &entries).unwrap();
    // The lines are study.toml's.
    expected.origins.clone_from(&again.origins);
    assert!(again == expected, "{text}");
}

fn variant_name() -> impl Strategy<Value = String> {
    let odd = [
        "", ".", "..", "../up", "/", "/etc", "a/b", "a\\b", "a.b", "C:", "a\0b", "~", "\n", "é",
        "a'b", "a\"b", "con", "none", "l2",
    ];
    prop_oneof![
        2 => "[a-z0-9_-]{1,6}",
        2 => prop::sample::select(odd.to_vec()).prop_map(str::to_owned),
        1 => "[a-z]{60,70}",
        1 => any::<String>(),
    ]
}

/// A key or a string as TOML can have it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn value() -> impl Strategy<Value = String> {
    let usual = [
        "true",
        "false",
        "0",
        "1",
        "2.5",
        "-0.0",
        "0.2",
        "1e-300",
        "1e300",
        "nan",
        "inf",
        "-inf",
        "9223372036854775807",
        "0x7fffffffffffffff",
        "1979-05-27",
        "[]",
        "{}",
        "[0, 1]",
        "[0.1, 1e-6, 0]",
        "[\"raw\", \"unit\"]",
        "[[]]",
        "[3, 4]",
        "[[3], [4, 4]]",
        "[\"mnist\"]",
        "[\"none\"]",
        "{ l1 = 0.1 }",
        "\"auto\"",
        "\"flex\"",
        "\"wgpu\"",
        "\"raw\"",
        "\"\"",
        "{ a.b.c = 1 }",
        "'''\n'''",
    ];
    prop_oneof![
        4 => prop::sample::select(usual.to_vec()).prop_map(str::to_owned),
        1 => any::<f64>().prop_map(|number| format!("{number:?}")),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<String>().prop_map(|text| quoted(&text)),
    ]
}

/// A line of a config, most often one that means something.
fn line() -> impl Strategy<Value = String> {
    let keys = [
        "backend",
        "variants",
        "seeds",
        "jobs",
        "data",
        "data.sources",
        "data.pixels",
        "data.dir",
        "data.validation_split",
        "data.limit",
        "fit",
        "fit.epochs",
        "fit.batch_size",
        "fit.learning_rate",
        "fit.shuffle",
        "fit.checkpoint_every",
        "fit.weights",
        "network.hidden",
        "network",
        "extends",
        "sweep",
        "sweep.fit.learning_rate",
        "sweep.\"fit.epochs\"",
        "sweep.data.pixels",
        "sweep.variant.l2.hidden2.kernel_regularizer.l2",
        "sweep.variant.mine.hidden2.dropout",
        "sweep.variant.mine.last_hidden.dropout",
        "sweep.network.hidden",
        "sweep.seeds",
    ];
    let settings = [
        "",
        ".hidden1",
        ".hidden2.batch_norm",
        ".hidden1.dropout",
        ".last_hidden.dropout",
        ".last_hidden",
        ".hidden3.batch_norm",
        ".output.dropout",
        ".hidden1.kernel_regularizer",
        ".hidden2.kernel_regularizer.l2",
        ".output.bias_regularizer.l1",
        ".hidden2.activity_regularizer.l1",
    ];
    let setting = (variant_name(), prop::sample::select(settings.to_vec()), value());
    prop_oneof![
        4 => (prop::sample::select(keys.to_vec()), value())
            .prop_map(|(key, value)| format!("{key} = {value}")),
        4 => setting.prop_map(|(name, setting, value)| {
            format!("variant.{}{setting} = {value}", quoted(&name))
        }),
        1 => variant_name().prop_map(|name| format!("variants = [{}]", quoted(&name))),
        1 => any::<String>(),
    ]
}

/// A variant by this name, the only one of its study.
fn study_of(name: &str) -> Option<Study> {
    let name = quoted(name);
    let text = format!("variants = [{name}]\n[variant.{name}]\nhidden1.dropout = 0.1");
    read(&text, &[])
}

proptest! {
    #[test]
    fn a_variants_name_leads_nowhere_else(name in variant_name()) {
        let plain = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
        let study = study_of(&name);
        prop_assert_eq!(
            study.is_some(),
            (1..=64).contains(&name.len()) && name.chars().all(plain)
        );
        study.iter().for_each(check);
    }

    #[test]
    fn a_config_is_refused_or_a_study(
        lines in prop::collection::vec(line(), 0..4),
        arguments in prop::collection::vec(line(), 0..3),
    ) {
        read(&lines.join("\n"), &arguments).iter().for_each(check);
    }

    #[test]
    fn damage_to_a_config_does_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = include_str!("../../../configs/mnist.toml").replace("# ", "");
        let mut text: Vec<char> = whole.chars().collect();
        for (place, character) in changes {
            let place = place.index(text.len());
            text[place] = character;
        }
        if cut.index(2) == 1 {
            text.truncate(cut.index(text.len()));
        }
        read(&text.into_iter().collect::<String>(), &[]).iter().for_each(check);
    }
}

static NETWORK: LazyLock<Network> = LazyLock::new(|| {
    let [.., (_, config)] = presets(&[2, 2]);
    config.init(3, 10, 0, &Backend::Flex.open().unwrap())
});

/// A header of safetensors and so many bytes after it, read as both kinds of file.
fn read_tensors(header: &str, data: usize) {
    let len = (header.len() as u64).to_le_bytes();
    let file = [&len, header.as_bytes(), &vec![0; data]].concat();
    read_file(file);
}

fn read_file(file: Vec<u8>) {
    LazyLock::force(&NETWORK);
    bounded(BASE + 64 * file.len(), || {
        let _ = checkpoint::parse(file.clone())
            .map_err(|reason| assert!(!reason.to_string().is_empty()));
        let device = Backend::Flex.open().unwrap();
        let _ = SavedModel::parse(&file, device);
        let Ok(start) = Weights::parse(file) else { return };
        let Ok(network) = start.load(NETWORK.clone()) else { return };
        let written = weights::to_bytes(&network).unwrap();
        let again = Weights::parse(written.clone()).unwrap().load(NETWORK.clone()).unwrap();
        assert!(weights::to_bytes(&again).unwrap() == written);
    });
}

proptest! {
    #[test]
    fn damage_to_weights_does_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in 0_usize..9,
    ) {
        let mut file = weights::to_bytes(&NETWORK).unwrap();
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        file.truncate(file.len() - cut);
        read_file(file);
    }

    #[test]
    fn a_header_is_believed_as_far_as_the_file_goes(
        changed in any::<prop::sample::Index>(),
        shape in prop::collection::vec(prop_oneof![0_u64..9, any::<u64>()], 0..4),
        offsets in prop_oneof![Just(None), any::<(u64, u64)>().prop_map(Some)],
        dtype in prop::sample::select(vec!["F32", "F64", "U8", "F4", "BOOL", "F128"]),
        data in 0_usize..99,
    ) {
        let good = weights::to_bytes(&NETWORK).unwrap();
        let good = SafeTensors::deserialize(&good).unwrap();
        let (changed, mut end) = (changed.index(good.len()), 0);
        let entries = good.iter().enumerate().map(|(index, (name, view))| {
            let start = end;
            end += view.data().len() as u64;
            let mut entry = serde_json::json!({
                "dtype": format!("{:?}", view.dtype()), "shape": view.shape(), "data_offsets": [start, end],
            });
            if index == changed {
                (entry["dtype"], entry["shape"]) = (dtype.into(), shape.clone().into());
                if let Some((start, end)) = offsets {
                    entry["data_offsets"] = serde_json::json!([start, end]);
                }
            }
            (name.to_owned(), entry)
        });
        let header: serde_json::Map<_, _> = entries.collect();
        let header = serde_json::Value::from(header).to_string();
        read_tensors(&header, usize::try_from(end).unwrap());
        read_tensors(&header, data);
    }

    #[test]
    fn a_header_may_say_anything(header in any::<String>(), len in any::<u64>()) {
        read_tensors(&header, 8);
        read_file([&len.to_le_bytes(), header.as_bytes()].concat());
    }
}

/// TOML allows steps within steps within lists, thousands in all.
#[test]
fn a_config_may_be_deep() {
    let step = ["a"; 80].join(".");
    for depth in [1, 10, 78] {
        let (open, close) = (format!("{step} = {{").repeat(depth), "}".repeat(depth));
        let text = format!("{open}{step} = 1{close}");
        assert!(read(&text, &[]).is_none());
        assert!(read("", &[format!("fit.weights=[{{{text}}}]")]).is_none());
    }
    assert!(read(&"[".repeat(100_000), &[]).is_none());
    assert!(read(&format!("a = {}", "[".repeat(100_000)), &[]).is_none());
}
