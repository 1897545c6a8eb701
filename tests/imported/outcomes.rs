//! Subgroups, the spread of answers, and the performance before, in a card and in its component.

use super::tables::{Try, numbers, rows_of, with_answers};
use super::{built_runner, new_folder};
use crate::support::root;
use model_api_import::files::Files;
use model_api_import::import::import;
use predictor_contract::{Measure, OutcomeNotes, ReferenceBins, Subgroup};
use std::collections::BTreeMap;
use toml_edit::{DocumentMut, Value};

/// A tree of four leaves, with the probabilities 0.2, 0.6, 0.75 and 0.9 for the risks 1 to 4. It does
/// not look at age and sex.
pub const LEAVES: &str = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n\
    max_feature_idx=2\nobjective=binary sigmoid:1\nfeature_names=risk age male\n\
    feature_infos=[1:4] [30:90] [0:1]\n\nTree=0\nnum_leaves=4\nnum_cat=0\nsplit_feature=0 0 0\n\
    split_gain=1 1 1\nthreshold=1.5 2.5 3.5\ndecision_type=0 0 0\nleft_child=-1 -2 -3\n\
    right_child=1 2 -4\n\
    leaf_value=-1.3862943611198906 0.4054651081081644 1.0986122886681098 2.1972245773362196\n\
    leaf_weight=20 16 12 12\nleaf_count=20 16 12 12\ninternal_value=0 0 0\n\
    internal_weight=60 40 24\ninternal_count=60 40 24\nis_linear=0\nshrinkage=1\n\n\
    end of trees\n\nfeature_importances:\nrisk=3\n\npandas_categorical:[]\n";

/// The people of the table: risk, age, male, the truth, and their number.
const PEOPLE: [(u8, &str, u8, u8, usize); 15] = [
    (1, "50", 0, 0, 8),
    (1, "50", 0, 1, 2),
    (2, "50", 0, 0, 4),
    (2, "50", 0, 1, 4),
    (3, "50", 0, 0, 1),
    (3, "50", 0, 1, 5),
    (4, "", 0, 0, 1),
    (4, "", 0, 1, 3),
    (1, "70", 1, 0, 9),
    (1, "50", 1, 1, 1),
    (2, "50", 1, 0, 4),
    (2, "50", 1, 1, 4),
    (3, "50", 1, 0, 2),
    (3, "50", 1, 1, 4),
    (4, "50", 1, 1, 8),
];

/// The performance of the example by scikit-learn 1.9: accuracy_score, recall_score, roc_auc_score and
/// brier_score_loss over the rows of predictions.csv.
const HEART: [(&str, f64, i64); 30] = [
    ("accuracy", 0.868, 303),
    ("sensitivity disease", 0.8201, 139),
    ("specificity disease", 0.9085, 164),
    ("auc disease", 0.9487, 303),
    ("brier_score disease", 0.0932, 303),
    ("accuracy age <50", 0.9195, 87),
    ("sensitivity disease age <50", 0.7308, 26),
    ("specificity disease age <50", 1.0, 61),
    ("auc disease age <50", 0.9716, 87),
    ("brier_score disease age <50", 0.063, 87),
    ("accuracy age 50 to <60", 0.848, 125),
    ("sensitivity disease age 50 to <60", 0.8333, 60),
    ("specificity disease age 50 to <60", 0.8615, 65),
    ("auc disease age 50 to <60", 0.9482, 125),
    ("brier_score disease age 50 to <60", 0.0983, 125),
    ("accuracy age >=60", 0.8462, 91),
    ("sensitivity disease age >=60", 0.8491, 53),
    ("specificity disease age >=60", 0.8421, 38),
    ("auc disease age >=60", 0.9136, 91),
    ("brier_score disease age >=60", 0.115, 91),
    ("accuracy sex female", 0.9175, 97),
    ("sensitivity disease sex female", 0.72, 25),
    ("specificity disease sex female", 0.9861, 72),
    ("auc disease sex female", 0.9656, 97),
    ("brier_score disease sex female", 0.0641, 97),
    ("accuracy sex male", 0.8447, 206),
    ("sensitivity disease sex male", 0.8421, 114),
    ("specificity disease sex male", 0.8478, 92),
    ("auc disease sex male", 0.9312, 206),
    ("brier_score disease sex male", 0.1068, 206),
];

/// The table of the people, with other words for the truths 0 and 1.
pub fn people(words: [&str; 2]) -> String {
    let rows = PEOPLE.iter().flat_map(|(risk, age, male, truth, count)| {
        let male = ["False", "True"][usize::from(*male)];
        let row = format!("{risk},{age},{male},{}\n", words[usize::from(*truth)]);
        std::iter::repeat_n(row, *count)
    });
    std::iter::once("risk,age,male,ill\n".to_owned()).chain(rows).collect()
}

/// Imports the tree of four leaves with a new card, then again with subgroups.
fn leaves(test: &str, table: &str) -> Try {
    let mut one = Try::new(test, "lgb-binary", table);
    std::fs::write(&one.model, LEAVES).unwrap();
    one.import().unwrap_or_else(|error| panic!("{error:#}"));
    one.edit("name = \"age\"\n", "name = \"age\"\ngroup = [65]\n");
    one.edit("name = \"male\"\n", "name = \"male\"\ngroup = true\n");
    one.said.clear();
    one
}

/// The values and the people in the card, by measure, class and subgroup.
fn performance(card: &str) -> BTreeMap<String, (f64, i64)> {
    let card: DocumentMut = card.parse().unwrap();
    let Some(all) = card["outcome"].get("performance") else { return BTreeMap::new() };
    let entry = |one: &Value| {
        let table = one.as_inline_table().unwrap();
        let keys = ["measure", "class", "feature", "group"];
        let name: Vec<&str> = keys.iter().filter_map(|key| table.get(key)?.as_str()).collect();
        let value = numbers(table.get("value"))[0];
        (name.join(" "), (value, table.get("people").unwrap().as_integer().unwrap()))
    };
    all.as_array().unwrap().iter().map(entry).collect()
}

/// The bins of the calibration in the card: upper, expected, observed, people.
fn calibration(card: &str) -> Vec<Vec<f64>> {
    let card: DocumentMut = card.parse().unwrap();
    let bins = card["outcome"]["calibration"].as_array().unwrap().iter();
    let bin = |one: &Value| numbers(one.as_inline_table().unwrap().iter().map(|(_, value)| value));
    bins.map(bin).collect()
}

/// The values in the card by name, without those of subgroups.
fn names(card: &str, of_groups: bool) -> Vec<String> {
    let is_of_group = |name: &String| name.contains(" age ") || name.contains(" male ");
    performance(card).into_keys().filter(|name| is_of_group(name) == of_groups).collect()
}

#[test]
fn performance_is_as_computed_by_hand_for_everyone_and_by_subgroup() {
    let mut one = leaves("by-hand", &people(["0", "1"]));
    one.import().unwrap();
    let found = performance(&one.card());
    for (name, value, people) in [
        ("accuracy", 0.75, 60),
        ("sensitivity 1", 0.9032, 31),
        ("specificity 1", 0.5862, 29),
        // 745.5 of 899 pairs: those of equal probability count one half.
        ("auc 1", 0.8293, 60),
        ("brier_score 1", 0.1655, 60),
        ("accuracy male false", 0.7143, 28),
        ("sensitivity 1 male false", 0.8571, 14),
        ("specificity 1 male false", 0.5714, 14),
        ("auc 1 male false", 0.7704, 28),
        ("brier_score 1 male false", 0.1927, 28),
        ("accuracy male true", 0.7813, 32),
        ("sensitivity 1 male true", 0.9412, 17),
        ("specificity 1 male true", 0.6, 15),
        ("auc 1 male true", 0.8804, 32),
        ("brier_score 1 male true", 0.1417, 32),
        // Four people without an age are in no subgroup of it.
        ("accuracy age <65", 0.7021, 47),
    ] {
        assert_eq!(found.get(name), Some(&(value, people)), "{name} in {found:#?}");
    }
    // Nine people of 70 years are too few.
    assert!(found.keys().all(|name| !name.contains(">=65")), "{found:#?}");
    assert_eq!(
        calibration(&one.card()),
        [
            [0.2, 0.2, 0.15, 20.0],
            [0.6, 0.6, 0.5, 16.0],
            [0.8, 0.75, 0.75, 12.0],
            [0.9, 0.9, 0.9167, 12.0]
        ]
    );
    one.says("accuracy 0.75, sensitivity 0.9032, specificity 0.5862, AUC 0.8293");
    one.says("worst subgroup: accuracy 0.7021, age <65, 47 people");
    one.says("worst subgroup: sensitivity 0.8571, male false, 14 people");
}

#[test]
fn the_component_has_the_performance_of_its_card() {
    let mut one = leaves("described", &people(["0", "1"]));
    let imported = one.import().unwrap();
    let Some(OutcomeNotes { performance, calibration, data, .. }) =
        imported.described.description.outcome
    else {
        panic!("nothing is said of outcomes")
    };
    let sensitivity = performance.iter().filter(|one| one.measure == Measure::Sensitivity);
    let women = sensitivity.clone().find(|one| {
        one.group.is_some_and(|Subgroup { feature, place }| (feature, place) == (2, 0))
    });
    let women = women.unwrap();
    assert_eq!((women.output, women.class), (0, Some(1)));
    assert_eq!((women.value, women.people), (0.8571, 14));
    assert_eq!(performance.len(), super::outcomes::performance(&one.card()).len());
    assert_eq!((calibration.len(), calibration[3].people), (4, 12));
    assert!(data.contains("60 rows that the model was made from, so it flatters"), "{data}");
    let groups: Vec<_> =
        imported.described.signature.features.iter().map(|one| &one.group).collect();
    assert_eq!(groups, [&None, &Some(vec![65.0]), &Some(Vec::new())]);
    let reference = &imported.described.description.outputs[0].reference;
    assert_eq!(*reference, Some(ReferenceBins::Category(vec![0.333333, 0.666667, 0.0])));
}

#[test]
fn the_examples_performance_is_that_of_scikit_learn() {
    let folder = new_folder("heart");
    let from = root().join("examples/heart-disease");
    let [model, card, data] =
        ["heart-disease.onnx", "heart-disease.toml", "predictions.csv"].map(|name| {
            std::fs::copy(from.join(name), folder.join(name)).unwrap();
            folder.join(name)
        });
    let files = Files {
        model: &model,
        card: &card,
        data: Some(&data),
        test: None,
        target: None,
        anyway: false,
    };
    import(&files, built_runner(), &mut |_| {}).unwrap_or_else(|error| panic!("{error:#}"));
    let text = std::fs::read_to_string(&card).unwrap();
    let found = performance(&text);
    for (name, value, people) in HEART {
        assert_eq!(found.get(name), Some(&(value, people)), "{name} in {found:#?}");
    }
    assert_eq!(found.len(), HEART.len());
    // The card in the repository is complete.
    assert_eq!(text, std::fs::read_to_string(from.join("heart-disease.toml")).unwrap());
}

#[test]
fn labels_in_other_words_are_the_same_truths() {
    let mut numbers = leaves("numbers", &people(["0", "1"]));
    numbers.import().unwrap();
    for words in [["False", "True"], ["0.0", "1.0"]] {
        numbers.set_table(&people(words));
        let before = numbers.card();
        numbers.said.clear();
        numbers.import().unwrap();
        assert_eq!(numbers.card(), before, "{words:?}");
        numbers.says("performance of 60 rows");
    }
}

#[test]
fn rows_without_a_target_or_an_answer_are_left_out_and_counted() {
    let table = people(["0", "1"]);
    let mut one = leaves("left-out", &table);
    one.import().unwrap();
    let before = performance(&one.card());
    // Risk is required, and no class is called 2.
    one.set_table(&format!(
        "{table}1,50,False,\n1,50,False,NA\n1,50,False,2\n,50,False,1\n,50,True,1\n,50,True,\n"
    ));
    one.import().unwrap();
    assert_eq!(performance(&one.card()), before);
    one.says("rows left out: 2 without a target");
    one.says("1 with a target that the model cannot answer");
    one.says("3 without an answer");
}

#[test]
fn held_out_rows_are_measured_in_the_place_of_the_data_and_their_file_is_not_named() {
    let mut one = leaves("held-out", &people(["0", "1"]));
    let test = one.model.with_file_name("mrs-smith.csv");
    // The columns are in another order, and each person is there twice.
    let table = people(["0", "1"]);
    let (_, rows) = table.split_once('\n').unwrap();
    let turned = rows.lines().map(|line| {
        let cells: Vec<&str> = line.split(',').rev().collect();
        format!("{}\n", cells.join(",")).repeat(2)
    });
    std::fs::write(&test, format!("ill,male,age,risk\n{}", turned.collect::<String>())).unwrap();
    one.test = Some(test.clone());
    one.import().unwrap();
    let card = one.card();
    assert_eq!(performance(&card)["sensitivity 1"], (0.9032, 62));
    assert_eq!(performance(&card)["accuracy age >=65"], (1.0, 18));
    assert!(card.contains("120 held-out rows: the model was not made from them."), "{card}");
    assert!(!card.contains("mrs-smith"), "{card}");
    one.says("performance of 120 held-out rows:");
    // Without a target there is nothing to measure.
    std::fs::write(&test, "male,age,risk\n0,50,1\n").unwrap();
    let reason = one.refusal(None);
    assert!(
        reason.ends_with("mrs-smith.csv: it has no column \"ill\"; it has male, age, risk"),
        "{reason}"
    );
    // The data is not held out.
    one.test = Some(one.model.with_file_name("rows.csv"));
    let reason = one.refusal(None);
    assert!(reason.ends_with("not held out; leave out --test"), "{reason}");
}

#[test]
fn of_several_outputs_the_first_is_measured_and_named() {
    let mut one = Try::new("several", "several-outputs", &with_answers("several-outputs", "y"));
    one.import_with(Some("y"), false).unwrap();
    let line = "output = \"y0\", measure = \"mean_absolute_error\", value = ";
    assert!(one.card().contains(line), "{}", one.card());
    assert_eq!(one.card().matches("reference = { upper = [").count(), 8, "{}", one.card());
    one.edit("output = \"y0\", ", "");
    let reason = one.refusal_of_card();
    assert!(reason.ends_with("name the output: output = \"…\""), "{reason}");
}

#[test]
fn performance_of_a_person_stays() {
    let mut one = leaves("own", &people(["0", "1"]));
    one.import().unwrap();
    let (before, behind) = one
        .card()
        .split_once("data = \"Computed")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let (_, behind) = behind.split_once("\"\n").unwrap();
    let own = format!("{before}data = \"Cross-validated.\"\n{behind}").replace("0.9032", "0.5");
    one.edit(&one.card(), &own);
    one.import().unwrap();
    assert_eq!(one.card(), own);
    one.says("the performance in the card stays");
}

#[test]
fn other_bounds_of_a_subgroup_need_no_other_change_of_the_card() {
    let mut one = leaves("bounds", &people(["0", "1"]));
    one.import().unwrap();
    one.edit("group = [65]", "group = [60, 80]");
    one.import().unwrap();
    assert!(one.card().contains("group = \"<60\""), "{}", one.card());
    assert!(!one.card().contains("<65"), "{}", one.card());
}

#[test]
fn two_classes_without_a_positive_one_have_a_sensitivity_each_and_a_line_to_name_it() {
    let mut one = leaves("unnamed", &people(["0", "1"]));
    one.edit("positive = \"1\"\n", "");
    one.import().unwrap();
    let named = names(&one.card(), false);
    assert_eq!(named, ["accuracy", "brier_score", "sensitivity 0", "sensitivity 1"]);
    let found = performance(&one.card());
    assert_eq!(found["sensitivity 0"], (0.5862, 29));
    // The answered class's probability against right and wrong is the same square.
    assert_eq!(found["brier_score"], (0.1655, 60));
    assert_eq!(calibration(&one.card())[1], [0.8, 0.7813, 0.8125, 32.0]);
    let line = "name the class of sensitivity and explanations in [[output]]: positive = \"1\"";
    let lines: Vec<&String> =
        one.said.iter().filter(|said| said.contains("name the class")).collect();
    assert_eq!(lines, [&format!("  {line}")]);
}

#[test]
fn several_classes_have_a_sensitivity_each() {
    let mut one = Try::new("three", "forest", &with_answers("forest", "kind"));
    one.import_with(Some("kind"), false).unwrap();
    let found = performance(&one.card());
    assert_eq!(found["accuracy"], (1.0, 50));
    assert!(found.keys().any(|name| name.starts_with("sensitivity ")), "{found:#?}");
    for other in ["specificity", "auc"] {
        assert!(found.keys().all(|name| !name.starts_with(other)), "{found:#?}");
    }
}

#[test]
fn numbers_have_a_mean_absolute_error_and_deciles_of_answers() {
    let table: String = rows_of("linear")
        .lines()
        .zip(with_answers("linear", "y").lines())
        .enumerate()
        .map(|(row, (rows, all))| match row {
            0 => format!("{rows},y\n"),
            _ => {
                let answer: f64 = all.rsplit_once(',').unwrap().1.parse().unwrap();
                // Half of the truths are 1 above the answer, half 2 below it.
                format!("{rows},{}\n", answer + if row % 2 == 0 { 1.0 } else { -2.0 })
            }
        })
        .collect();
    let mut one = Try::new("errors", "linear", &table);
    one.import_with(Some("y"), false).unwrap();
    assert_eq!(performance(&one.card())["mean_absolute_error"], (1.5, 50));
    one.says("mean absolute error 1.5");
    // No bound is the answer to one person.
    let card: DocumentMut = one.card().parse().unwrap();
    let reference =
        card["output"].as_array_of_tables().unwrap().get(0).unwrap()["reference"].clone();
    let reference = reference.as_inline_table().unwrap();
    let bounds = numbers(reference["upper"].as_array().unwrap());
    let answers: Vec<f64> = with_answers("linear", "y")
        .lines()
        .skip(1)
        .map(|line| line.rsplit_once(',').unwrap().1.parse().unwrap())
        .collect();
    assert_eq!(bounds.len() + 1, reference["shares"].as_array().unwrap().len());
    // The library has computed in double: its answers differ from the model's in the last digits.
    let is_own = |bound: &f64| answers.iter().any(|answer| (answer - bound).abs() < 1e-5);
    assert!(bounds.len() > 1 && !bounds.iter().any(is_own), "{bounds:?}");
}

#[test]
fn few_rows_have_no_performance() {
    let table: String =
        people(["0", "1"]).lines().take(10).map(|line| format!("{line}\n")).collect();
    let mut one = leaves("nine", &table);
    one.import().unwrap();
    assert!(!one.card().contains("[outcome]"), "{}", one.card());
    one.says("no performance: 9 rows have an answer and a target, and 10 are needed");
}

#[test]
fn the_report_fits_a_terminal() {
    let mut one = leaves("report", &people(["0", "1"]));
    one.edit("group = true", "group = true # flags");
    one.import().unwrap();
    let start = one.said.iter().position(|line| line.starts_with("  performance of")).unwrap();
    for line in &one.said[start..start + 5] {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn outcomes_of_a_card_that_disagree_with_it_are_refused_with_what_to_do() {
    let table = people(["0", "1"]);
    let mut one = leaves("refused", &table);
    one.import().unwrap();
    let good = one.card();
    const SHARES: &str = "shares = [0.333333, 0.666667]";
    let of_men = "feature = \"male\", group = \"true\"";
    for (from, to, reason) in [
        ("group = [65]", "group = true", "feature \"age\": its subgroups need bounds"),
        ("group = [65]", "group = [65, 40]", "the bounds of its subgroups do not rise"),
        ("group = [65]", "group = []", "the bounds of its subgroups do not rise"),
        ("group = [65]", "group = [inf]", "the bounds of its subgroups do not rise"),
        ("group = [65]", "group = 65", "expected true, or the bounds of a number"),
        ("group = true", "group = [1]", "only a number has bounds; write group = true"),
        (
            "group = [65]",
            "group = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]",
            "the features make 21 subgroups, and 20 are the most",
        ),
        (SHARES, "shares = [1.3, -0.3]", "the shares of its reference are parts of 1"),
        (SHARES, "shares = [0, 0.333333, 0.666667]", "a share for each of its 2 classes"),
        ("horizon_days = 0", "horizon_days = -1", "invalid value"),
        ("horizon_days = 0", "versions = [\"v1.0.0\"]", "versions names \"v1.0.0\" again"),
        ("horizon_days = 0", "versions = [\"a/b\"]", "version \"a/b\": use letters"),
        ("\"accuracy\"", "\"precision\"", "the measures are accuracy, sensitivity"),
        ("\"accuracy\"", "\"mean_absolute_error\"", "the output answers a class"),
        ("\"accuracy\"", "\"accuracy\", class = \"1\"", "it is of no class; leave out class"),
        ("\"sensitivity\", class = \"1\"", "\"sensitivity\"", "name its class: class = \"0\""),
        ("class = \"1\"", "class = \"2\"", "\"2\" is no class; the classes are 0, 1"),
        ("\"accuracy\"", "\"accuracy\", output = \"y\"", "\"y\" is no output"),
        (of_men, "group = \"true\"", "a subgroup has both"),
        (of_men, "feature = \"sex\", group = \"true\"", "\"sex\" is no feature"),
        (of_men, "feature = \"risk\", group = \"true\"", "\"risk\" makes no subgroups"),
        (of_men, "feature = \"male\", group = \"yes\"", "those of \"male\" are false, true"),
        (of_men, "feature = \"male\", group = \"false\"", "it is there twice; leave out one"),
        ("value = 0.75", "value = nan", "its value is NaN; write a part of 1"),
        ("value = 0.75", "value = 75", "its value is 75; write a part of 1"),
        ("people = 60", "people = 9", "leave out values of fewer than 10"),
        ("upper = 0.2", "upper = 0.7", "the bounds of the calibration do not rise"),
        ("observed = 0.15", "observed = 15", "calibration 0.2: 15 is no part of 1"),
    ] {
        one.edit(&one.card(), &good);
        one.edit(from, to);
        let reason_given = one.refusal_of_card();
        assert!(reason_given.contains(reason), "{to}: {reason_given} instead of {reason}");
    }
}
