//! Whatever table is given, its draft is accepted, and importing again makes the same component.

use super::tables::numbers;
use super::{Export, built_runner, export, exports, new_folder};
use fastrand::Rng;
use model_api_import::files::Files;
use model_api_import::import::import;
use std::path::{Path, PathBuf};
use toml_edit::{Array, DocumentMut, Item, value};

/// How many tables are tried.
const TABLES: u64 = 150;

/// Makes a value of one kind.
type Kind = fn(&mut Rng) -> String;

/// The column of the truth.
const TARGET: &str = "the truth";

/// Makes the truth of a row from the answer of the library.
const TARGETS: [fn(&mut Rng, &str) -> String; 4] = [
    |_, answer| answer.to_owned(),
    |random, answer| if random.u8(..5) == 0 { String::new() } else { answer.to_owned() },
    |random, answer| if random.bool() { "0".to_owned() } else { answer.to_owned() },
    |random, _| one_of(random, &["yes", "no", "nan", "1e308", "-1e308"]),
];

const KINDS: [Kind; 12] = [
    |random| format!("{:.2}", random.f64() * 200.0 - 100.0),
    |random| format!("{}", random.i32(-5..100)),
    |random| format!("{}.0", random.u8(1..6)),
    |random| format!("{}", random.u8(1..6)),
    |random| format!("0{}", random.u8(1..6)),
    |random| one_of(random, &["True", "False"]),
    |random| one_of(random, &["yes", "no"]),
    |random| one_of(random, &["0", "1"]),
    |random| {
        one_of(
            random,
            &["none", "typical", "atypical", " none", "NA", "nan", "?", "other", "missing"],
        )
    },
    |random| {
        one_of(
            random,
            &["\"a,b\"", "\"say \"\"so\"\"\"", "größe", "it's", "C:\\x", "\"two\nlines\"", "#"],
        )
    },
    |_| "constant".to_owned(),
    |random| format!("{}e{}", random.u8(1..10), random.u8(0..250)),
];

fn one_of(random: &mut Rng, values: &[&str]) -> String {
    random.choice(values).unwrap().to_string()
}

/// A table with the columns that a model wants, in which any column may be of any kind.
fn table(random: &mut Rng, export: &Export) -> String {
    let text = std::fs::read_to_string(&export.rows).unwrap();
    let (header, own) = text.split_once('\n').unwrap();
    let own: Vec<Vec<&str>> = own.lines().map(|line| line.split(',').collect()).collect();
    let kinds: Vec<Option<Kind>> = header
        .split(',')
        .map(|_| if random.u8(..10) < 7 { None } else { random.choice(KINDS) })
        .collect();
    let blanks = *random.choice([0.0, 0.0, 0.0, 0.05, 0.5].iter()).unwrap();
    let rows = *random.choice([1, 2, 20, 60, 300, 1_500].iter()).unwrap();
    let target = random.choice(TARGETS).unwrap();
    let mut table = format!("{header},{TARGET}\n");
    for row in 0..rows {
        let cells = kinds.iter().enumerate().map(|(column, kind)| match kind {
            _ if random.f64() < blanks => one_of(random, &["", "NaN", "<NA>"]),
            Some(kind) => kind(random),
            None => own[row % own.len()][column].to_owned(),
        });
        table += &cells.collect::<Vec<_>>().join(",");
        table += &format!(",{}\n", target(random, &export.answers[row % export.answers.len()][0]));
    }
    table
}

/// Makes the first feature one of subgroups, if it may be one.
fn with_group(card: &Path) {
    let mut document: DocumentMut = std::fs::read_to_string(card).unwrap().parse().unwrap();
    let feature = document["feature"].as_array_of_tables_mut().unwrap().get_mut(0).unwrap();
    let range = feature.get("range").and_then(Item::as_array).map(numbers);
    let categories = feature.get("categories").and_then(Item::as_array).map(Array::len);
    match (range, categories) {
        (Some(range), None) => {
            let bounds: Array = [range[0] / 2.0 + range[1] / 2.0].into_iter().collect();
            feature.insert("group", value(bounds));
        }
        (None, None) if !feature.contains_key("flag") => return,
        (_, Some(21..)) => return,
        _ => drop(feature.insert("group", value(true))),
    }
    std::fs::write(card, document.to_string()).unwrap();
}

/// A file of LightGBM whose categories have names of any kind.
fn with_other_categories(random: &mut Rng, folder: &Path) -> Export {
    let mut export = export("lgb-categories");
    let text = std::fs::read_to_string(&export.file).unwrap();
    let (before, _) = text.split_once("pandas_categorical:").unwrap();
    let names = [names(random, 3), names(random, 5)].join(", ");
    export.file = folder.join("categories.txt");
    std::fs::write(&export.file, format!("{before}pandas_categorical:[{names}]\n")).unwrap();
    export
}

/// As many categories, as pandas writes them into the file.
fn names(random: &mut Rng, count: usize) -> String {
    let kind = random.u8(..5);
    let name = |index: usize| match kind {
        0 => format!("{index}"),
        1 => format!("{index}.5"),
        2 => format!("\"{index}\""),
        3 => format!("\"0{index}\""),
        _ => format!("{:?}", ["NA", " none", "a,b", "True", "it's \"so\""][index]),
    };
    format!("[{}]", (0..count).map(name).collect::<Vec<_>>().join(", "))
}

#[test]
fn a_drafted_card_is_accepted_and_makes_the_same_component_again() {
    let folder = new_folder("drafts");
    let exports = exports();
    let (card, data): (PathBuf, PathBuf) = (folder.join("card.toml"), folder.join("data.csv"));
    let mut accepted = 0;
    for seed in 0..TABLES {
        let random = &mut Rng::with_seed(seed);
        let export = match random.u8(..4) {
            0 => with_other_categories(random, &folder),
            _ => random.choice(&exports).unwrap().clone(),
        };
        let table = table(random, &export);
        std::fs::write(&data, &table).unwrap();
        let _ = std::fs::remove_file(&card);
        let make = |data: Option<&Path>| {
            let (model, target) = (&export.file, data.map(|_| TARGET));
            let files = Files { model, card: &card, data, test: None, target, anyway: true };
            import(&files, built_runner(), &mut |_| {})
        };
        let what = format!("seed {seed}, {}", export.name);
        match make(Some(&data)) {
            Err(error) => {
                assert!(!card.exists(), "{what} left a card: {error:#}");
                assert!(!format!("{error:#}").contains('\n'), "{what}: {error:#}");
            }
            Ok(mut first) => {
                accepted += 1;
                if random.bool() {
                    with_group(&card);
                    first = make(Some(&data))
                        .unwrap_or_else(|error| panic!("{what} with a subgroup: {error:#}"));
                }
                for data in [Some(&*data), None] {
                    let again = make(data).unwrap_or_else(|error| panic!("{what}: {error:#}"));
                    assert!(again.component == first.component, "{what} with {data:?} differs");
                }
            }
        }
    }
    assert!(accepted * 4 > TABLES, "{accepted} of {TABLES} tables were accepted");
}
