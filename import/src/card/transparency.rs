//! The statements of a card about its model, and the attributes without one.

use super::Card;
use anyhow::{Result, ensure};
use predictor_contract::Statement;
use predictor_contract::attributes::{SOURCE_ATTRIBUTES, is_attribute};

/// The length of a line of the report, with its margin in the terminal.
const LINE: usize = 76;

/// Returns the statements of a card.
///
/// # Errors
///
/// If the card states an unknown attribute.
pub fn statements(card: &Card) -> Result<Vec<Statement>> {
    let stated = card.transparency.iter().filter(|(_, text)| !text.trim().is_empty());
    stated
        .map(|(attribute, text)| {
            ensure!(
                is_attribute(attribute),
                "[transparency] has the attribute {attribute:?}; docs/model-card.md lists all"
            );
            Ok(Statement { attribute: attribute.clone(), text: text.trim().to_owned() })
        })
        .collect()
}

/// Lists the source attributes without a statement, in lines for a terminal.
pub fn report(statements: &[Statement]) -> Vec<String> {
    let is_stated = |key: &str| statements.iter().any(|statement| statement.attribute == key);
    let empty: Vec<&str> = SOURCE_ATTRIBUTES
        .iter()
        .map(|attribute| attribute.key)
        .filter(|key| !is_stated(key))
        .collect();
    let count = SOURCE_ATTRIBUTES.len();
    match empty.len() {
        0 => Vec::new(),
        none if none == count => {
            vec![
                "model card: nothing is stated under [transparency]: docs/model-card.md".to_owned(),
            ]
        }
        some => {
            let mut lines = vec![format!("model card: {some} of {count} attributes are empty:")];
            for key in empty {
                match lines.last_mut() {
                    Some(line) if line.len() + 1 + key.len() <= LINE && !line.ends_with(':') => {
                        *line += &format!(" {key}");
                    }
                    _ => lines.push(format!("  {key}")),
                }
            }
            lines
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(keys: &[&str]) -> Vec<Statement> {
        let statement =
            |key: &&str| Statement { attribute: (*key).to_owned(), text: "x".to_owned() };
        keys.iter().map(statement).collect()
    }

    #[test]
    fn the_report_names_each_empty_attribute_once_in_short_lines() {
        let lines = report(&stated(&["developer", "funding", "keywords"]));
        assert_eq!(lines[0], "model card: 29 of 31 attributes are empty:");
        assert!(lines.iter().all(|line| line.len() <= LINE), "{lines:?}");
        let named: Vec<&str> = lines[1..].iter().flat_map(|line| line.split_whitespace()).collect();
        assert_eq!(named.len(), 29);
        assert!(named.contains(&"output") && !named.contains(&"funding"));
    }

    #[test]
    fn a_full_card_has_no_report_and_an_empty_one_a_single_line() {
        let all: Vec<&str> = SOURCE_ATTRIBUTES.iter().map(|attribute| attribute.key).collect();
        assert!(report(&stated(&all)).is_empty());
        assert_eq!(report(&[]).len(), 1);
    }
}
