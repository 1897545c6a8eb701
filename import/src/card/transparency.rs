//! The statements of a card about its model, and the attributes without one.

use super::Card;
use anyhow::{Result, ensure};
use predictor_contract::attributes::{SOURCE_ATTRIBUTES, is_attribute};
use predictor_contract::{Description, Statement};

/// The length of a line of the report, with its margin in the terminal.
const LINE: usize = 76;

/// Returns the statements of a card.
///
/// # Errors
///
/// If the card states an unknown attribute.
pub fn statements(card: &Card) -> Result<Vec<Statement>> {
    let mut statements = Vec::new();
    for (attribute, text) in &card.transparency {
        ensure!(
            is_attribute(attribute),
            "[transparency] has the attribute {attribute:?}; docs/model-card.md lists all"
        );
        if !text.trim().is_empty() {
            statements
                .push(Statement { attribute: attribute.clone(), text: text.trim().to_owned() });
        }
    }
    Ok(statements)
}

/// Lists the source attributes with neither a statement nor a fact in the description, in lines for
/// a terminal.
pub fn report(description: &Description) -> Vec<String> {
    let is_stated = |key: &str| match key {
        "output" => true,
        "intended-population" if !description.population.is_empty() => true,
        "known-risks" if !description.limits.is_empty() => true,
        _ => description.statements.iter().any(|statement| statement.attribute == key),
    };
    let keys = SOURCE_ATTRIBUTES.iter().map(|attribute| attribute.key);
    let empty: Vec<&str> = keys.filter(|key| !is_stated(key)).collect();
    if empty.is_empty() {
        return Vec::new();
    }
    let (some, all) = (empty.len(), SOURCE_ATTRIBUTES.len());
    let start = format!("model card (docs/model-card.md): {some} of {all} attributes are empty:");
    let mut lines = vec![start, format!("  {}", empty[0])];
    for key in &empty[1..] {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + key.len() <= LINE => *line += &format!(" {key}"),
            _ => lines.push(format!("  {key}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(keys: &[&str]) -> Vec<Statement> {
        let statement =
            |key: &&str| Statement { attribute: (*key).to_owned(), text: "x".to_owned() };
        keys.iter().map(statement).collect()
    }

    fn description(keys: &[&str], population: &str) -> Description {
        let (text, population) = (String::new, population.to_owned());
        Description {
            summary: text(),
            source: text(),
            license: text(),
            population,
            limits: text(),
            precision: text(),
            digest: text(),
            features: Vec::new(),
            outputs: Vec::new(),
            examples: Vec::new(),
            explanation: None,
            outcome: None,
            statements: stated(keys),
        }
    }

    #[test]
    fn the_report_names_each_empty_attribute_once_in_short_lines() {
        let lines = report(&description(&["developer", "funding", "keywords"], "Adults."));
        assert!(lines[0].ends_with("27 of 31 attributes are empty:"), "{}", lines[0]);
        assert!(lines.iter().all(|line| line.len() <= LINE), "{lines:?}");
        let named: Vec<&str> = lines[1..].iter().flat_map(|line| line.split_whitespace()).collect();
        assert_eq!(named.len(), 27);
        for (key, is_named) in [("known-risks", true), ("funding", false), ("output", false)] {
            assert_eq!(named.contains(&key), is_named, "{key}");
        }
        assert!(!named.contains(&"intended-population"));
    }

    #[test]
    fn a_full_card_has_no_report() {
        let all: Vec<&str> = SOURCE_ATTRIBUTES.iter().map(|attribute| attribute.key).collect();
        assert!(report(&description(&all, "")).is_empty());
    }
}
