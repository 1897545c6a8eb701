//! Whatever a file says, it is refused or answers, and trees answer as a plain evaluation of them.

use super::{export, import_file, new_folder};
use fastrand::Rng;
use model_api_import::ir::evaluate::Evaluator;
use model_api_import::ir::graph::{Graph, Input, InputKind};
use model_api_import::ir::program::{self, Cell, Coding, Output};
use model_api_import::ir::trees::{self, Branch, Node, Sum, Test, Tree};
use model_api_import::verify::rows;
use predictor_contract::Value;

/// Exports of every kind of file, which are changed at random.
const CHANGED: [&str; 12] = [
    "after-columns-onehot",
    "after-quantile-transform",
    "bernoulli-nb",
    "catboost-three",
    "forest",
    "isolation-forest",
    "knn",
    "lgb-categories",
    "svc",
    "torch-sigmoid-classic",
    "xgb-categories",
    "xgb-categories-ubj",
];

/// A file is imported as it is, or refused. It never panics, and what is imported answers the made-up
/// rows that the import asks.
#[test]
fn a_file_with_a_changed_byte_is_refused_or_answers() {
    let mut random = Rng::with_seed(1);
    let folder = new_folder("changed");
    let (mut refused, mut imported) = (0, 0);
    for name in CHANGED {
        let export = export(name);
        let bytes = std::fs::read(&export.file).unwrap();
        for _ in 0..100 {
            let mut changed = bytes.clone();
            let place = random.usize(..changed.len());
            changed[place] = random.u8(..);
            let file = folder.join(export.file.file_name().unwrap());
            std::fs::write(&file, &changed).unwrap();
            match import_file(&file, &folder, Some(&export.rows)) {
                Ok(_) => imported += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 50 && imported > 50, "{refused} refused, {imported} imported");
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    let folder = new_folder("cut");
    for name in CHANGED {
        let export = export(name);
        let bytes = std::fs::read(&export.file).unwrap();
        for part in 1..8 {
            let file = folder.join(export.file.file_name().unwrap());
            std::fs::write(&file, &bytes[..bytes.len() * part / 8]).unwrap();
            let result = import_file(&file, &folder, None);
            assert!(result.is_err(), "{name} is imported from {part} eighths of its file");
        }
    }
}

/// A leaf that has weights for two outputs has one for each of them in the table.
#[test]
fn leaves_with_more_weights_than_an_instance_has_memory_for_are_refused() {
    let mut graph = Graph::new("the trees");
    let columns = graph.input(Input { name: "x".to_owned(), kind: InputKind::Float, columns: 1 });
    let leaf = vec![Node::Leaf(vec![(0, 1.0), (1, 1.0)])];
    let error = trees::add(&mut graph, columns, &vec![leaf; 9_000], &[], &[0.0; 1_000], Sum::Float);
    assert!(format!("{:#}", error.unwrap_err()).contains("use fewer or smaller trees"));
}

/// A set has a bit for each category up to its largest.
#[test]
fn sets_of_large_categories_that_take_much_memory_are_refused() {
    let mut graph = Graph::new("the trees");
    let columns = graph.input(Input { name: "x".to_owned(), kind: InputKind::Float, columns: 1 });
    let leaf = |value| Node::Leaf(vec![(0, value)]);
    let tree = vec![branch(Test::In([1, (1 << 24) - 1].into()), 1, 2), leaf(0.0), leaf(1.0)];
    let error = trees::add(&mut graph, columns, &vec![tree; 9], &[], &[0.0], Sum::Float);
    assert!(format!("{:#}", error.unwrap_err()).contains("number the categories from 0"));
}

/// A branch at the one feature there is.
fn branch(test: Test, left: usize, right: usize) -> Node {
    let (missing_left, zero_is_missing) = (false, false);
    Node::Branch(Branch { feature: 0, test, missing_left, zero_is_missing, left, right })
}

const FEATURES: usize = 4;

/// A tree of at most `depth` levels, whose nodes are added behind those that are there.
fn random_tree(random: &mut Rng, tree: &mut Tree, depth: usize) -> usize {
    let place = tree.len();
    if depth == 0 || random.u8(..4) == 0 {
        let weights = match random.bool() {
            true => vec![(random.usize(..2), random.f64() - 0.5)],
            false => vec![(0, random.f64()), (1, random.f64())],
        };
        tree.push(Node::Leaf(weights));
        return place;
    }
    tree.push(Node::Leaf(Vec::new()));
    let left = random_tree(random, tree, depth - 1);
    let right = random_tree(random, tree, depth - 1);
    let test = match random.u8(..6) {
        0 => Test::Equal(f64::from(random.u8(..4))),
        1 => Test::In((0..40).filter(|_| random.bool()).collect()),
        _ => Test::LessOrEqual(random.f64() * 4.0),
    };
    tree[place] = Node::Branch(Branch {
        feature: random.usize(..FEATURES),
        test,
        missing_left: random.bool(),
        zero_is_missing: random.u8(..4) == 0,
        left,
        right,
    });
    place
}

fn random_row(random: &mut Rng, is_whole: bool) -> [f64; FEATURES] {
    std::array::from_fn(|_| match random.u8(..6) {
        0 if !is_whole => f64::NAN,
        1 => 0.0,
        2 => f64::from(random.u8(..40)),
        3 => -random.f64() * 2.0,
        _ => random.f64() * 4.0,
    })
}

/// The leaf of a row, by the words of the documentation.
fn leaf<'t>(tree: &'t Tree, row: &[f64; FEATURES]) -> &'t [(usize, f64)] {
    let mut node = &tree[0];
    loop {
        let branch = match node {
            Node::Leaf(weights) => return weights,
            Node::Branch(branch) => branch,
        };
        let x = row[branch.feature];
        let is_missing = x.is_nan() || branch.zero_is_missing && x.abs() <= 1e-35;
        let goes_left = match &branch.test {
            _ if is_missing => branch.missing_left,
            Test::LessOrEqual(threshold) => x <= *threshold,
            Test::Equal(value) => x == *value,
            // A category is cut off to a whole number.
            Test::In(categories) => x > -1.0 && categories.contains(&(x as u32)),
        };
        node = &tree[if goes_left { branch.left } else { branch.right }];
    }
}

#[test]
fn random_trees_answer_as_a_plain_evaluation_of_them() {
    let mut random = Rng::with_seed(2);
    for _ in 0..200 {
        let count = random.usize(1..6);
        let forest: Vec<Tree> = (0..count)
            .map(|_| {
                let (mut tree, depth) = (Tree::new(), random.usize(..7));
                random_tree(&mut random, &mut tree, depth);
                tree
            })
            .collect();
        // Some rows have no missing value: they walk together in another way.
        let row = |place: usize| random_row(&mut random, place < 24);
        let rows: Vec<[f64; FEATURES]> = (0..50).map(row).collect();
        let given = evaluate(&forest, &rows);
        for (row, given) in rows.iter().zip(given.chunks(2)) {
            let mut expected = [0.0, 0.0];
            for tree in &forest {
                leaf(tree, row).iter().for_each(|(target, weight)| expected[*target] += weight);
            }
            assert_eq!(given, expected, "{row:?} of {forest:?}");
        }
    }
}

/// The sums of both targets for each row.
fn evaluate(forest: &[Tree], rows: &[[f64; FEATURES]]) -> Vec<f64> {
    let mut graph = Graph::new("a forest");
    let input = Input { name: "x".to_owned(), kind: InputKind::Double, columns: FEATURES };
    let x = graph.input(input);
    let sum = trees::add(&mut graph, x, forest, &[], &[0.0, 0.0], Sum::Double).unwrap();
    let outputs = [0, 1].map(|column| Output::Quantity { value: sum, column });
    let cells =
        vec![(0..FEATURES).map(|feature| Cell { feature, coding: Coding::Plain }).collect()];
    let written = program::write(&graph, &outputs, None, &cells, FEATURES, 64).unwrap();
    let values: Vec<Value> = rows
        .iter()
        .flatten()
        .map(|x| if x.is_nan() { Value::Missing } else { Value::Number(*x) })
        .collect();
    Evaluator::new(written).numbers(&rows::to_runner(&values)).unwrap()
}

#[test]
fn a_tree_that_loops_or_leads_nowhere_is_refused() {
    let branch = |left, right| branch(Test::LessOrEqual(0.0), left, right);
    let leaf = || Node::Leaf(vec![(0, 1.0)]);
    for (tree, reason) in [
        (vec![branch(0, 1), leaf()], "node 0 is reached twice"),
        (vec![branch(1, 2), branch(0, 2), leaf()], "reached twice"),
        (vec![branch(1, 9), leaf()], "node 9, which is not there"),
        (vec![branch(1, 1), leaf()], "node 1 is reached twice"),
        (vec![Node::Leaf(vec![(1, 1.0)])], "target 1, of 1"),
    ] {
        let mut graph = Graph::new("the booster");
        let input = Input { name: "x".to_owned(), kind: InputKind::Double, columns: 1 };
        let x = graph.input(input);
        let error = trees::add(&mut graph, x, &[tree], &[], &[0.0], Sum::Double).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.starts_with("the booster, tree 0") && error.contains(reason), "{error}");
    }
}
