//! report.html in a real browser. Needs Debian's chromium and chromium-driver: `just browser`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod driver;
mod pad;

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use common::TestDir;
use driver::Browser;
use serde::de::DeserializeOwned;
use serde_json::Value;

const VARIANTS: [&str; 4] = ["none", "l1", "batch_norm_dropout", "layer_norm"];
/// Finds violations of accessibility, <https://github.com/dequelabs/axe-core>.
const AXE: &str = include_str!("vendor/axe.min.js");

/// Trains on synthetic digits, which are centred as MNIST's are.
fn train(dir: &TestDir, lines: &str, arguments: &[&str]) -> PathBuf {
    let data = "data.sources = [\"synthetic\"]\ndata.limit = 300\nfit.batch_size = 64\n";
    dir.write("small.toml", &format!("{data}{lines}\n"));
    dir.train("small.toml", "out", arguments);
    dir.path("out/report.html")
}

#[test]
#[ignore = "needs Chromium: just browser"]
fn the_report_works_in_a_browser() {
    let dir = TestDir::new();
    let names = VARIANTS.map(|name| format!("\"{name}\"")).join(", ");
    let lines = format!(
        "variants = [{names}]\nseeds = [0, 1]\ndata.validation_split = 0.1\n\
         variant.layer_norm.hidden1.layer_norm = true"
    );
    let page = train(&dir, &lines, &["--set", "fit.epochs=8"]);

    let browser = Browser::start();
    browser.set_window(1280, "light");
    browser.open(&page);
    sorts_its_table(&browser);
    switches_a_curve_off(&browser);
    pad::classifies_a_drawing(&browser, &dir);
    pad::reads_pictures_as_predict_does(&browser, &dir);
    asks_before_it_answers(&browser);
    assert_eq!(browser.console(), [""; 0]);
    let asked: Vec<String> =
        run(&browser, "performance.getEntriesByType('resource').map((entry) => entry.name)");
    assert!(asked.iter().all(|name| name.starts_with("data:")), "{asked:?}");
    fits_every_window(&browser, &page);
}

#[test]
#[ignore = "needs Chromium: just browser"]
fn sliders_move_the_page_and_the_address() {
    let dir = TestDir::new();
    let lines = "variants = [\"none\", \"dropout\"]\ndata.validation = 1000\ndata.label_noise = 0.2\n\
                 sweep.variant.dropout.last_hidden.dropout = [0.1, 0.3, 0.6]";
    let page = train(&dir, lines, &["--set", "fit.epochs=4"]);
    let browser = Browser::start();
    browser.set_window(1280, "light");
    browser.open(&page);
    let failures: Vec<String> =
        serde_json::from_value(browser.run(include_str!("units.js"))).unwrap();
    assert_eq!(failures, [""; 0]);

    let names = || run::<Vec<String>>(&browser, "report.state.shown().map((group) => group.name)");
    let chosen = "Object.values(report.groups.find(({ chosen, variant }) => chosen && variant === 'dropout').point)[0]";
    let chosen: usize = run(&browser, chosen);
    // The chosen value has a mark on the slider's track.
    let marks = each::<f64>(
        &browser,
        "#sliders .track i",
        "Number(element.style.getPropertyValue('--at'))",
    );
    assert_eq!(marks, [chosen as f64 / 2.0]);
    let slide = |value: usize| {
        browser.run(&format!(
            "const slider = document.getElementById('slider-dropout'); slider.value = {value}; \
             slider.dispatchEvent(new Event('input'))"
        ));
    };
    for (value, rate) in ["0.1", "0.3", "0.6"].into_iter().enumerate() {
        slide(value);
        assert_eq!(names(), ["none", &format!("dropout dropout={rate}")]);
        let is_moved = value != chosen;
        let hash = if is_moved { format!("#at={value}") } else { String::new() };
        assert_eq!(run::<String>(&browser, "location.hash"), hash);
        browser.run("report.view.drawAll()");
        let current = each::<String>(&browser, "#results .current", "element.dataset.name");
        assert_eq!(current, if is_moved { names() } else { Vec::new() });
        assert_eq!(each::<String>(&browser, "#effects tbody th", "element.title"), names());
        // Other points are not compared.
        let subtitle = "document.querySelector('.subtitle').textContent";
        assert_eq!(
            run::<String>(&browser, subtitle).starts_with("Variants are compared"),
            is_moved
        );
        let drawn = each::<String>(&browser, "#confidence figcaption b", "element.textContent");
        assert_eq!(drawn, names());
        let answers = each::<String>(&browser, "#pad-probabilities tbody th", "element.title");
        assert_eq!(answers, names());
        // Each image is what its heading says.
        let images = "[element.textContent, [...element.nextElementSibling.querySelectorAll('dl')].map((list) => \
                      [...list.querySelectorAll('dd')].map(({ className }) => className || 'right').join())]";
        let kinds = each::<(String, Vec<String>)>(&browser, "#mistakes h3", images);
        for (heading, answers) in &kinds {
            let expected = match heading.as_str() {
                "Misread by “none”, read by others" => "wrong,right",
                "Read by “none”, misread by others" => "right,wrong",
                _ => "wrong,wrong",
            };
            assert_eq!(*answers, vec![expected; answers.len()], "{heading}");
        }
        let read = "report.images.filter(({ label }, index) => \
                    report.state.all().every(({ answers }) => answers[index] === label)).length";
        let images: usize = run(&browser, "report.images.length");
        let shown: usize = kinds.iter().map(|(_, answers)| answers.len()).sum();
        assert_eq!(shown, images - run::<usize>(&browser, read));
    }
    browser.set_fragment("#hide=none&at=1&epoch=3");
    browser.run("report.view.drawAll()");
    assert_eq!(names(), ["dropout dropout=0.3"]);
    let heading = "document.querySelector('#curves h3').textContent";
    assert_eq!(run::<String>(&browser, heading), "Epoch 3");
    // A page that is opened with the fragment shows the same.
    let rows = || each::<String>(&browser, "#curves tbody td", "element.textContent");
    let before = rows();
    browser.reload();
    browser.run("report.view.drawAll()");
    assert_eq!((rows(), names()), (before, vec!["dropout dropout=0.3".to_owned()]));
    assert_eq!(
        run::<usize>(&browser, "document.querySelectorAll('#wrong-labels .card').length"),
        12
    );
    has_no_violations(&browser);
    plays_epochs(&browser);
    assert_eq!(browser.console(), [""; 0]);
}

/// Plays a study of four epochs, whose pictures begin before the first.
fn plays_epochs(browser: &Browser) {
    let epoch = || run::<Option<usize>>(browser, "report.state.get().epoch");
    let picture = || {
        browser.run("report.view.drawAll()");
        run::<String>(browser, "document.querySelector('#weights canvas').toDataURL()")
    };
    browser.set_fragment("#");
    let trained = picture();
    // The page moves by itself, from the start to the end.
    browser.click("#weights .play");
    assert_eq!(epoch(), Some(0));
    assert_ne!(picture(), trained);
    let texts = each::<String>(browser, ".player output, .play", "element.textContent");
    assert_eq!(texts, ["❚❚ Pause", "start", "❚❚ Pause", "start"]);
    let start = Instant::now();
    while epoch() < Some(2) {
        assert!(start.elapsed() < Duration::from_secs(10), "the page does not play");
    }
    browser.click("#curves .play");
    let paused = epoch().unwrap();
    assert_eq!(run::<String>(browser, "location.hash"), format!("#epoch={paused}"));
    assert_eq!(each::<f64>(browser, ".player input", "Number(element.value)"), [paused as f64; 2]);
    browser.click("#curves .play");
    while epoch().is_some() {
        assert!(start.elapsed() < Duration::from_secs(20), "the page does not end");
    }
    assert_eq!((picture(), run::<String>(browser, "location.hash")), (trained, String::new()));

    browser.reduce_motion();
    for expected in [Some(0), Some(1), Some(2)] {
        browser.click("#curves .play");
        assert_eq!(epoch(), expected);
    }
    thread::sleep(Duration::from_secs(2));
    assert_eq!(epoch(), Some(2));
}

/// Checks the whole page for violations of accessibility.
fn has_no_violations(browser: &Browser) {
    browser.run("report.view.drawAll()");
    // axe-core would be blocked by the page's policy if it were loaded from an address.
    browser.run(AXE);
    let found = browser.run_async(
        "axe.run().then(({ violations }) => done(violations.map(({ id, nodes }) => \
         `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)).join(' | ')}`)))",
    );
    assert_eq!(found, serde_json::json!([]));
}

/// Answers the questions one by one.
fn asks_before_it_answers(browser: &Browser) {
    let shown = || {
        let sections = "main > section:not([hidden])";
        let ids = "element.offsetHeight ? element.id : ''";
        each::<String>(browser, sections, ids).into_iter().filter(|id| !id.is_empty()).count()
    };
    let before = shown();
    assert!(before > 5);
    browser.click("#guess");
    assert_eq!((run::<String>(browser, "location.hash").as_str(), shown()), ("#guess", 1));
    assert_eq!(run::<String>(browser, "document.activeElement.tagName"), "H2");
    let count: usize = run(browser, "report.data.questions.length");
    assert!(count > 0);
    let is_answered = || !each::<Value>(browser, "#questions [role=status]", "0").is_empty();
    for question in 0..count {
        assert!(!is_answered());
        browser.click("#questions .choices button");
        let right: bool =
            run(browser, &format!("report.data.questions[{question}].choices[0].is_right"));
        let text = run::<String>(
            browser,
            "document.querySelector('#questions [role=status]').textContent",
        );
        assert!(text.starts_with(if right { "Yes: " } else { "No: " }), "{text}");
        let own = each::<String>(
            browser,
            "#questions .choices [aria-pressed=true]",
            "element.textContent",
        );
        assert_eq!(own.len(), 1);
        assert_eq!(each::<Value>(browser, "#questions figure svg", "0").len(), 1);
        let focused = "document.activeElement.closest('#questions') !== null";
        assert!(run::<bool>(browser, focused), "the focus is lost");
        // A page that is opened with the address shows the last answer.
        if question == 0 {
            browser.reload();
            assert!(is_answered() && run::<String>(browser, "location.hash") == "#guess=0");
        }
        browser.click("#questions .primary");
    }
    assert_eq!((run::<String>(browser, "location.hash"), shown()), (String::new(), before));
    assert_eq!(run::<String>(browser, "document.activeElement.id"), "guess");
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
    assert_eq!((names().as_str(), sorted().len()), ("none L1 batch norm + dropout layer_norm", 0));
    browser.click("#results thead th:first-child button");
    assert_eq!(
        (names().as_str(), sorted()),
        ("batch norm + dropout L1 layer_norm none", vec!["ascending".to_owned()])
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
    let drawn = || {
        browser.run("report.view.drawAll()");
        let figures = each::<Value>(browser, "#curves .thumbnails figure", "0").len();
        let lines = "#weights details figure svg g[data-mark=line] path";
        (figures, each::<Value>(browser, lines, "0").len())
    };
    let button = "#controls .legend button[data-variant=l1]";
    let pressed = || each::<String>(browser, button, "element.ariaPressed");
    let (figures, lines) = drawn();
    assert_eq!((figures, pressed()), (4, vec!["true".to_owned()]));
    browser.click(button);
    assert!(lines > 0);
    assert_eq!((drawn(), pressed()), ((3, lines / 4 * 3), vec!["false".to_owned()]));
    // Its row of the table and of the matrix are hidden too.
    let rows = "#results tbody tr:not([hidden]), #effects tbody tr";
    assert_eq!(each::<Value>(browser, rows, "0").len(), 6);
    browser.click(button);
    assert_eq!(drawn(), (figures, lines));
}

/// Checks that nothing overflows at the widths of a phone and a desktop, and that colours follow the system's.
fn fits_every_window(browser: &Browser, page: &Path) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&folder).unwrap();
    for width in [390, 1280, 1920] {
        let inks = ["light", "dark"].map(|scheme| {
            browser.set_window(width, scheme);
            browser.open(page);
            browser.run("report.view.drawAll()");
            // Content of a scrolling box may be wider than the window.
            let out = each::<String>(
                browser,
                "main *",
                "element.closest('.scroll') || element.getBoundingClientRect().right <= innerWidth + 1 \
                 ? '' : element.outerHTML.slice(0, 99)",
            );
            assert_eq!(out.concat(), "", "{width} {scheme}");
            assert_eq!(run::<u32>(browser, "document.documentElement.scrollWidth"), width);
            let heights = "[document.getElementById('controls'), document.querySelector('.pad')]\
                           .map(({ offsetHeight }) => offsetHeight)";
            let [bar, pad]: [u32; 2] = run(browser, heights);
            // With three more variants, rows of 28 pixels, the pad and its answers fit a phone of 844 pixels.
            assert!(width > 390 || bar <= 64 && bar + pad + 3 * 28 <= 844, "{bar} and {pad} pixels");
            browser.save_screenshot(&folder.join(format!("{width}-{scheme}.png")));
            has_no_violations(browser);
            run::<String>(browser, "getComputedStyle(document.body).color")
        });
        assert_ne!(inks[0], inks[1]);
        assert_eq!(browser.console(), [""; 0]);
    }
}
