//! The contributions of imported models' features add up to their answers, and are those that each
//! method claims.

use super::answers::{is_refused, tolerance, values};
use super::{contributions_of_libraries, export, exports, import_export, new_folder};

use fastrand::Rng;
use model_api_import::card::Card;
use model_api_import::explain::players::{Player, players};
use model_api_import::explain::trees::contributions;
use model_api_import::formats;
use model_api_import::import::Imported;
use model_api_import::ir::evaluate::{Evaluator, Input};
use model_api_import::ir::graph::{Graph, Input as GraphInput, InputKind};
use model_api_import::ir::program::{self, Attribution, Cell, Coding, Method, Output, Source};
use model_api_import::ir::trees::{self, Branch, Node, Sum, Test, Tree};
use model_api_import::verify::{rows, synthetic};
use model_runner::op::Op;
use predictor_contract::{ExplanationMethod, ExplanationNotes, OutputKind, Scale};
use std::collections::BTreeMap;

/// Exports with classes, and without probabilities to explain.
const WITHOUT: [&str; 6] =
    ["clusters", "isolation-forest", "lgb-ova", "one-class", "ovo-binary", "xgb-hinge"];

/// The exports that are explained by coalitions, as linear models, and as trees. More of them would
/// be welcome; fewer exact ones would be a loss.
const COUNTS: [usize; 3] = [29, 25, 63];

/// The rows of each export that are explained: a method for any model takes long.
const ROWS: usize = 10;

/// A number of an answer, with its explanation.
struct Explained {
    output: usize,
    class: Option<usize>,
    base: f64,
    contributions: Vec<f64>,
    deviations: Vec<f64>,
}

impl Explained {
    fn total(&self) -> f64 {
        self.base + self.contributions.iter().sum::<f64>()
    }
}

/// The explanations of a row. Two classes have one, several have one each.
fn explained(imported: &Imported, row: &[Input]) -> Vec<Explained> {
    let features = imported.described.signature.features.len();
    let numbers = imported.evaluator.contributions(row).unwrap();
    let outputs = &imported.described.description.outputs;
    let places = outputs.iter().enumerate().flat_map(|(output, notes)| {
        let classes = match &notes.kind {
            OutputKind::Quantity(_) => vec![None],
            OutputKind::Classes(labels) if labels.len() == 2 => {
                vec![Some(notes.positive.unwrap_or(1) as usize)]
            }
            OutputKind::Classes(labels) => (0..labels.len()).map(Some).collect(),
        };
        classes.into_iter().map(move |class| (output, class))
    });
    places
        .zip(numbers.chunks(2 * features + 1))
        .map(|((output, class), numbers)| Explained {
            output,
            class,
            base: numbers[0],
            contributions: numbers[1..=features].to_vec(),
            deviations: numbers[features + 1..].to_vec(),
        })
        .collect()
}

/// The numbers of an answer, by output and class.
fn numbers(imported: &Imported, row: &[Input]) -> BTreeMap<(usize, Option<usize>), f64> {
    let numbers = imported.evaluator.numbers(row).unwrap();
    let mut rest = numbers.into_iter();
    let mut found = BTreeMap::new();
    for (output, notes) in imported.described.description.outputs.iter().enumerate() {
        let first = rest.next().unwrap();
        match &notes.kind {
            OutputKind::Quantity(_) => drop(found.insert((output, None), first)),
            OutputKind::Classes(labels) => {
                for class in 0..labels.len() {
                    found.insert((output, Some(class)), rest.next().unwrap());
                }
            }
        }
    }
    found
}

/// The number of an answer for a total on its scale. `all` are the totals of the output.
fn linked(scale: Scale, total: f64, all: &[f64]) -> f64 {
    match scale {
        Scale::Probability | Scale::Quantity => total,
        Scale::LogOdds => 1.0 / (1.0 + (-total).exp()),
        Scale::Log => total.exp(),
        Scale::Softmax => total.exp() / all.iter().map(|other| other.exp()).sum::<f64>(),
    }
}

fn notes(imported: &Imported) -> Option<&ExplanationNotes> {
    imported.described.description.explanation.as_ref()
}

#[test]
fn every_exports_contributions_add_up_to_its_answers() {
    let folder = new_folder("explained");
    let (mut wrong, mut methods) = (Vec::new(), BTreeMap::<_, Vec<String>>::new());
    for export in exports().iter().filter(|export| !is_refused(export)) {
        let imported = import_export(export, &folder).unwrap();
        let Some(notes) = notes(&imported) else {
            methods.entry("none".to_owned()).or_default().push(export.name.clone());
            continue;
        };
        methods.entry(format!("{:?}", notes.method)).or_default().push(export.name.clone());
        let features = imported.described.signature.features.len();
        let values = rows::to_runner(&values(export, &imported.described));
        let exact = [ExplanationMethod::Trees, ExplanationMethod::Linear].contains(&notes.method);
        let count = if exact { usize::MAX } else { ROWS };
        let mut worst = 0.0_f64;
        for row in values.chunks(features).take(count) {
            let answer = numbers(&imported, row);
            let explained = explained(&imported, row);
            for one in &explained {
                let own = explained.iter().filter(|other| other.output == one.output);
                let all: Vec<f64> = own.map(Explained::total).collect();
                let given = answer[&(one.output, one.class)];
                let linked = linked(notes.scales[one.output], one.total(), &all);
                worst = worst.max((linked - given).abs() / given.abs().max(1.0));
                assert!(one.deviations.iter().all(|deviation| *deviation >= 0.0));
            }
        }
        if worst.is_nan() || worst > tolerance(export) {
            wrong.push(format!("{}: {worst:.1e}", export.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    if !super::are_fresh() {
        assert_eq!(methods.remove("none").unwrap_or_default(), WITHOUT);
        let counts: Vec<usize> = methods.values().map(Vec::len).collect();
        assert_eq!(counts, COUNTS, "{methods:#?}");
    }
}

/// The largest difference of a contribution from the one of its library, relative to the largest of
/// the row. XGBoost adds in `float`, as do the trees of ONNX.
fn tolerance_of_library(name: &str) -> f64 {
    if name.starts_with("lgb") { 1e-12 } else { 1e-5 }
}

/// Boosters explained otherwise: linear ones are centred here and not in XGBoost, and some answers
/// are no function of the sum of leaves.
const OTHERWISE: [&str; 5] = ["lgb-ova", "lgb-sqrt", "xgb-hinge", "xgb-linear", "xgb-linear-three"];

#[test]
fn contributions_are_those_of_xgboost_lightgbm_and_shap() {
    let folder = new_folder("libraries");
    let (mut compared, mut wrong) = (0, Vec::new());
    for (name, expected) in contributions_of_libraries() {
        if OTHERWISE.contains(&name.as_str()) {
            continue;
        }
        let export = export(&name);
        let imported = import_export(&export, &folder).unwrap();
        let method = notes(&imported).map(|notes| notes.method);
        let is_exact = [Some(ExplanationMethod::Trees), Some(ExplanationMethod::Linear)];
        assert!(is_exact.contains(&method), "{name}: {method:?}");
        let features = imported.described.signature.features.len();
        let values = rows::to_runner(&values(&export, &imported.described));
        let mut worst = 0.0_f64;
        for (row, expected) in values.chunks(features).zip(&expected) {
            let own: Vec<f64> = explained(&imported, row)
                .into_iter()
                .flat_map(|one| one.contributions.into_iter().chain([one.base]))
                .collect();
            assert_eq!(own.len(), expected.len(), "{name}");
            let largest = expected.iter().fold(0.0_f64, |most, number| most.max(number.abs()));
            let differences = own.iter().zip(expected).map(|(own, other)| (own - other).abs());
            worst = differences.fold(worst, |worst, one| worst.max(one / largest));
        }
        println!("{name}: {worst:.1e} over {} rows", expected.len());
        if worst.is_nan() || worst > tolerance_of_library(&name) {
            wrong.push(format!("{name}: {worst:.1e}"));
        }
        compared += 1;
    }
    assert!(compared > 40, "{compared} models");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn sampled_contributions_are_within_three_standard_errors_of_the_exact_ones() {
    let folder = new_folder("sampled");
    let (mut within, mut all) = (0, 0);
    for name in ["svc", "mlp-tanh-binary", "knn-regressor", "after-polynomial", "svr-sigmoid"] {
        let export = export(name);
        import_export(&export, &folder).unwrap();
        let card = Card::read(&folder.join("card.toml")).unwrap();
        let bytes = std::fs::read(&export.file).unwrap();
        let mut model = formats::read(&export.file, &bytes, None).unwrap();
        let (described, _, _) = synthetic::with_card(&mut model, &card, String::new()).unwrap();
        let features = described.signature.features.len();
        let values = rows::to_runner(&values(&export, &described));
        // The last number of an answer: the quantity, or the probability of the last class.
        let evaluator = synthetic::write(&model.graph, &described, None).unwrap();
        let source = Source::Number(evaluator.numbers(&values[..features]).unwrap().len() - 1);
        let by = |method| {
            let attributions = vec![Attribution {
                output: 0,
                class: None,
                source: source.clone(),
                base: f64::NAN,
            }];
            let explanation = program::Explanation { method, attributions };
            let written = synthetic::write(&model.graph, &described, Some(&explanation));
            let mut evaluator = written.unwrap();
            evaluator.reference = values[..features].to_vec();
            evaluator
        };
        let (exact, sampled) = (by(Method::Coalitions), by(Method::Permutations));
        for row in values.chunks(features).skip(1).take(20) {
            let exact = exact.contributions(row).unwrap();
            let sampled = sampled.contributions(row).unwrap();
            let sum = |numbers: &[f64]| numbers[..=features].iter().sum::<f64>();
            assert!((sum(&exact) - sum(&sampled)).abs() < 1e-9, "{name}");
            for feature in 1..=features {
                let (error, deviation) =
                    ((exact[feature] - sampled[feature]).abs(), sampled[features + feature]);
                within += usize::from(error <= 3.0 * deviation + 1e-9);
                all += 1;
            }
        }
    }
    assert!(within * 100 >= all * 99, "{within} of {all}");
}

/// Columns of a made-up ensemble: two features have two columns each, as one-hot coding or scaling
/// makes them.
const COLUMNS: [usize; 6] = [0, 1, 2, 3, 0, 1];
const FEATURES: usize = 4;

/// A tree of at most `depth` levels and its covers. Its nodes are added behind those that are there.
fn random_tree(
    random: &mut Rng,
    tree: &mut Tree,
    covers: &mut Vec<f64>,
    cover: f64,
    depth: usize,
) -> usize {
    let place = tree.len();
    tree.push(Node::Leaf(vec![(random.usize(..2), random.f64() - 0.5)]));
    covers.push(cover);
    if depth == 0 || random.u8(..5) == 0 {
        return place;
    }
    let part = [0.0, 1.0, random.f64(), random.f64(), random.f64()][random.usize(..5)];
    let below = (cover * part).round();
    let left = random_tree(random, tree, covers, below, depth - 1);
    let right = random_tree(random, tree, covers, cover - below, depth - 1);
    tree[place] = Node::Branch(Branch {
        feature: random.usize(..COLUMNS.len()),
        test: Test::LessOrEqual(random.f64() * 4.0 - 2.0),
        missing_left: random.bool(),
        zero_is_missing: false,
        left,
        right,
    });
    place
}

/// The value of a tree for the features of a coalition: the others follow each branch in proportion
/// to its cover.
fn value(
    tree: &Tree,
    covers: &[f64],
    place: usize,
    target: usize,
    x: &[f64],
    coalition: usize,
) -> f64 {
    let branch = match &tree[place] {
        Node::Leaf(weights) => {
            let own = weights.iter().filter(|(of, _)| *of == target);
            return own.map(|(_, weight)| weight).sum();
        }
        Node::Branch(branch) => branch,
    };
    let below = |child| value(tree, covers, child, target, x, coalition);
    let Test::LessOrEqual(threshold) = branch.test else { unreachable!() };
    let number = x[branch.feature];
    if coalition >> COLUMNS[branch.feature] & 1 == 1 {
        let goes_left = if number.is_nan() { branch.missing_left } else { number <= threshold };
        return below(if goes_left { branch.left } else { branch.right });
    }
    let share = match covers[place] {
        0.0 => 0.5,
        cover => covers[branch.left] / cover,
    };
    let part = |share: f64, child| if share == 0.0 { 0.0 } else { share * below(child) };
    part(share, branch.left) + part(1.0 - share, branch.right)
}

/// Shapley values by their definition, and the value of the empty coalition.
fn by_definition(forest: &[(Tree, Vec<f64>)], target: usize, x: &[f64]) -> (f64, Vec<f64>) {
    let values: Vec<f64> = (0..1 << FEATURES)
        .map(|coalition| {
            let trees = forest.iter();
            trees.map(|(tree, covers)| value(tree, covers, 0, target, x, coalition)).sum()
        })
        .collect();
    let factorial = |n: usize| (1..=n).product::<usize>() as f64;
    let contribution = |feature: usize| -> f64 {
        let others = (0..1 << FEATURES).filter(|coalition| coalition >> feature & 1 == 0);
        others
            .map(|coalition: usize| {
                let size = coalition.count_ones() as usize;
                let orders = factorial(size) * factorial(FEATURES - size - 1) / factorial(FEATURES);
                orders * (values[coalition | 1 << feature] - values[coalition])
            })
            .sum()
    };
    (values[0], (0..FEATURES).map(contribution).collect())
}

#[test]
fn contributions_of_random_trees_are_shapley_values_by_their_definition() {
    let mut random = Rng::with_seed(31);
    for round in 0..60 {
        // Few deep trees, or some shallow ones.
        let (count, depth) = if round % 3 == 0 { (1, 30) } else { (5, 6) };
        let forest: Vec<(Tree, Vec<f64>)> = (0..count)
            .map(|_| {
                let (mut tree, mut covers) = (Tree::new(), Vec::new());
                // A deep tree has one long path.
                random_tree(&mut random, &mut tree, &mut covers, 1000.0, depth.min(8));
                if depth > 8 {
                    lengthen(&mut random, &mut tree, &mut covers, depth - 8);
                }
                (tree, covers)
            })
            .collect();
        let mut graph = Graph::new("the trees");
        let kind = InputKind::Double;
        let input = graph.input(GraphInput { name: "x".to_owned(), kind, columns: FEATURES });
        let places = graph.ints(&COLUMNS.map(|column| column as i64)).unwrap();
        let x = graph.node(Op::Gather, &[input, places], &[1]).unwrap();
        let (trees, covers): (Vec<Tree>, Vec<Vec<f64>>) = forest.iter().cloned().unzip();
        let start = [0.25, -0.5];
        let sum = trees::add(&mut graph, x, &trees, &covers, &start, Sum::Double).unwrap();
        let cell = |feature| Cell { feature, coding: Coding::Plain };
        let cells = vec![(0..FEATURES).map(cell).collect::<Vec<_>>()];
        let columns = players(&graph, x, &cells).unwrap();
        assert_eq!(columns, COLUMNS.map(Player::One));
        let covers = graph.covers[&sum].clone();
        let found = contributions(&mut graph, sum, &columns, FEATURES, &covers).unwrap();
        let outputs = [0, 1].map(|column| Output::Quantity { value: sum, column });
        let outputs = outputs
            .into_iter()
            .chain((0..2 * FEATURES).map(|column| Output::Quantity { value: found.value, column }));
        let outputs: Vec<Output> = outputs.collect();
        let written = program::write(&graph, &outputs, None, &cells, FEATURES, 64).unwrap();
        let evaluator = Evaluator::new(written);
        for _ in 0..4 {
            let row: Vec<f64> = (0..FEATURES)
                .map(|_| if random.u8(..5) == 0 { f64::NAN } else { random.f64() * 4.0 - 2.0 })
                .collect();
            let input: Vec<Input> = row
                .iter()
                .map(|x| if x.is_nan() { Input::Missing } else { Input::Number(*x) })
                .collect();
            let numbers = evaluator.numbers(&input).unwrap();
            let x = COLUMNS.map(|feature| row[feature]);
            for target in 0..2 {
                let (base, expected) = by_definition(&forest, target, &x);
                let own = &numbers[2 + target * FEATURES..][..FEATURES];
                let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
                assert!(close(found.base[target], base + start[target]), "round {round}");
                let all_close = own.iter().zip(&expected).all(|(a, b)| close(*a, *b));
                assert!(all_close, "round {round}: {own:?} and not {expected:?}");
                let total = found.base[target] + own.iter().sum::<f64>();
                assert!(close(total, numbers[target]), "round {round}");
            }
        }
    }
}

/// Puts a chain of branches before the root of a tree. The old root is moved to its end.
fn lengthen(random: &mut Rng, tree: &mut Tree, covers: &mut Vec<f64>, length: usize) {
    for _ in 0..length {
        let cover = covers[0];
        let moved = tree.len();
        tree.push(tree[0].clone());
        covers.push(cover);
        tree.push(Node::Leaf(vec![(0, random.f64())]));
        covers.push((cover * random.f64()).round());
        covers[0] += covers[moved + 1];
        tree[0] = Node::Branch(Branch {
            feature: random.usize(..COLUMNS.len()),
            test: Test::LessOrEqual(random.f64() * 8.0 - 2.0),
            missing_left: random.bool(),
            zero_is_missing: false,
            left: moved,
            right: moved + 1,
        });
    }
}
