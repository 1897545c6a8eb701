//! What data says of features.

use model_api_import::card::data::{Column, ColumnKind};
use model_api_import::contract::NumberBin;

fn numbers(column: &Column) -> &[NumberBin] {
    match &column.kind {
        ColumnKind::Number { bins, .. } => bins,
        _ => panic!("no numbers"),
    }
}

#[test]
fn the_bins_of_a_hundred_numbers_are_deciles() {
    let texts: Vec<String> = (1..=100).map(|number| number.to_string()).collect();
    let column = Column::of(texts.iter().map(|text| Some(text.as_str()))).unwrap();
    let bins = numbers(&column);
    assert_eq!(bins.len(), 10);
    assert!(bins.iter().all(|bin| bin.share == 0.1), "{bins:?}");
    assert_eq!((bins[0].upper, bins[9].upper), (10.0, f64::INFINITY));
}

#[test]
fn a_number_with_two_values_has_two_bins_and_missing_ones_are_no_part_of_them() {
    let column = Column::of([Some("0"), Some("1"), Some("1"), None].into_iter()).unwrap();
    let shares: Vec<f64> = numbers(&column).iter().map(|bin| bin.share).collect();
    assert_eq!(shares, [1.0 / 3.0, 2.0 / 3.0]);
    assert_eq!(column.missing, 0.25);
}

#[test]
fn categories_come_from_the_most_frequent_on() {
    let column = Column::of(["b", "a", "b"].into_iter().map(Some)).unwrap();
    let ColumnKind::Category(shares) = column.kind else { panic!("no categories") };
    assert_eq!(shares[0].0, "b");
}
