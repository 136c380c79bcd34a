//! report.html in a real browser. Needs Debian's chromium and chromium-driver: `just browser`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod driver;

use std::{fs, path::Path};

use common::TestDir;
use data::Shape;
use driver::Browser;
use serde::de::DeserializeOwned;
use serde_json::Value;

const VARIANTS: [&str; 4] = ["none", "l1", "batch_norm_dropout", "layer_norm"];

#[test]
#[ignore = "needs Chromium: just browser"]
fn the_report_works_in_a_browser() {
    let dir = TestDir::new();
    let names = VARIANTS.map(|name| format!("\"{name}\"")).join(", ");
    // Synthetic digits are centred, as MNIST's are.
    let lines = format!(
        "data.sources = [\"synthetic\"]\ndata.limit = 300\nfit.batch_size = 64\nvariants = [{names}]\nseeds = [0, 1]\n\
         data.validation_split = 0.1\nvariant.layer_norm.hidden1.layer_norm = true\n"
    );
    dir.write("small.toml", &lines);
    dir.train("small.toml", "out", &["--set", "fit.epochs=8"]);
    let page = dir.path("out/report.html");

    let browser = Browser::start();
    browser.set_window(1280, "light");
    browser.open(&page);
    sorts_its_table(&browser);
    switches_a_curve_off(&browser);
    classifies_a_drawing(&browser, &dir);
    assert_eq!(browser.console(), [""; 0]);
    let asked: Vec<String> =
        run(&browser, "performance.getEntriesByType('resource').map((entry) => entry.name)");
    assert!(asked.iter().all(|name| name.starts_with("data:")), "{asked:?}");
    fits_every_window(&browser, &page);
}

/// Evaluates an expression in the page.
fn run<T: DeserializeOwned>(browser: &Browser, expression: &str) -> T {
    serde_json::from_value(browser.run(&format!("return {expression}"))).unwrap()
}

/// Evaluates an expression for each `element` that a CSS selector finds.
fn each<T: DeserializeOwned>(browser: &Browser, selector: &str, expression: &str) -> Vec<T> {
    let elements = format!("[...document.querySelectorAll(`{selector}`)]");
    run(browser, &format!("{elements}.map((element) => {expression})"))
}

fn sorts_its_table(browser: &Browser) {
    let names = || each::<String>(browser, "#results tbody th", "element.dataset.value").join(" ");
    let accuracies =
        || each::<f64>(browser, "#results tbody td:nth-child(4)", "Number(element.dataset.value)");
    let sorted = || each::<String>(browser, "#results th[aria-sort]", "element.ariaSort");
    assert_eq!((names().as_str(), sorted().len()), ("none l1 batch_norm_dropout layer_norm", 0));
    browser.click("#results thead th:first-child button");
    assert_eq!(
        (names().as_str(), sorted()),
        ("batch_norm_dropout l1 layer_norm none", vec!["ascending".to_owned()])
    );

    browser.click("#results thead th:nth-child(4) button");
    let ascending = accuracies();
    assert!(ascending.is_sorted() && ascending[0] < ascending[2], "{ascending:?}");
    browser.click("#results thead th:nth-child(4) button");
    assert_eq!(sorted(), ["descending"]);
    let descending = accuracies();
    assert!(descending.iter().eq(ascending.iter().rev()), "{descending:?}");
    let best = each::<f64>(browser, "#results td.best", "Number(element.dataset.value)");
    assert_eq!(best, [descending[0]]);
}

fn switches_a_curve_off(browser: &Browser) {
    let lines = || {
        [1, 2].map(|figure| {
            let lines = format!("#curves figure:nth-of-type({figure}) svg g[aria-label=line] path");
            each::<Value>(browser, &lines, "0").len()
        })
    };
    let button = "#curves .legend button[data-variant=l1]";
    let pressed = || each::<String>(browser, button, "element.ariaPressed");
    // Training and validation of four variants.
    assert_eq!((lines(), pressed()), ([8, 8], vec!["true".to_owned()]));
    browser.click(button);
    assert_eq!((lines(), pressed()), ([6, 6], vec!["false".to_owned()]));
    browser.click(button);
    assert_eq!(lines(), [8, 8]);
}

/// Draws a seven and compares the page's probabilities with those of `trainer predict`.
fn classifies_a_drawing(browser: &Browser, dir: &TestDir) {
    browser.run("document.getElementById('pad-canvas').scrollIntoView({ block: 'center' })");
    let [left, top, width, height]: [f64; 4] = run(
        browser,
        "(({ left, top, width, height }) => [left, top, width, height])\
         (document.getElementById('pad-canvas').getBoundingClientRect())",
    );
    let at = |x: f64, y: f64| (left + x * width, top + y * height);
    let hook = [at(0.25, 0.2), at(0.75, 0.2), at(0.45, 0.85)];
    browser.draw(&[&hook, &[at(0.35, 0.5), at(0.7, 0.5)]]);

    let pixels: Vec<u8> = run(browser, "report.pad.pixels()");
    let inked = |line: &[u8]| line.iter().any(|&pixel| pixel > 0);
    // The longer side of a digit spans 20 pixels, as in MNIST.
    assert_eq!(pixels.chunks(28).filter(|row| inked(row)).count(), 20);

    fs::write(
        dir.path("seven.png"),
        trainer::commands::show::png(&[&pixels], 1, Shape::MNIST).unwrap(),
    )
    .unwrap();
    let models =
        VARIANTS.map(|name| dir.relative(&format!("out/runs/{name}-seed-0/model.safetensors")));
    let [none, l1, batch_norm_dropout, layer_norm] = &models;
    let predict = ["predict", "--json", none, l1, batch_norm_dropout, layer_norm, "seven.png"];
    let expected: Value = serde_json::from_str(&dir.stdout(&predict)).unwrap();
    for (variant, expected) in VARIANTS.iter().zip(expected[0]["models"].as_array().unwrap()) {
        let found: [f64; 10] = run(browser, &format!("report.pad.probabilities().{variant}"));
        let cells = format!("#pad-probabilities td[data-variant={variant}][data-digit]");
        assert_eq!(each::<f64>(browser, &cells, "Number(element.dataset.value)"), found);
        for (digit, found) in found.into_iter().enumerate() {
            let expected = expected["probabilities"][digit].as_f64().unwrap();
            assert!((found - expected).abs() < 1e-4, "{variant} {digit}: {found} for {expected}");
        }
        assert!(found.iter().any(|&share| share > 0.11), "{variant} has no preference: {found:?}");
    }
    browser.click("#pad-clear");
    assert!(!inked(&run::<Vec<u8>>(browser, "report.pad.pixels()")));
}

/// Checks that nothing overflows at the widths of a phone and a desktop, and that colours follow the system's.
fn fits_every_window(browser: &Browser, page: &Path) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&folder).unwrap();
    for width in [390, 1280] {
        let inks = ["light", "dark"].map(|scheme| {
            browser.set_window(width, scheme);
            browser.open(page);
            assert_eq!(run::<u32>(browser, "document.documentElement.scrollWidth"), width);
            // Content of a scrolling box may be wider than the window.
            let out = each::<String>(
                browser,
                "main *",
                "element.closest('.scroll') || element.getBoundingClientRect().right <= innerWidth + 1 \
                 ? '' : element.outerHTML.slice(0, 99)",
            );
            assert_eq!(out.concat(), "", "{width} {scheme}");
            browser.save_screenshot(&folder.join(format!("{width}-{scheme}.png")));
            run::<String>(browser, "getComputedStyle(document.body).color")
        });
        assert_ne!(inks[0], inks[1]);
        assert_eq!(browser.console(), [""; 0]);
    }
}
