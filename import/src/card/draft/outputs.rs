//! Drafts the outputs of a card, and the labels of their classes.

use super::{Data, Writer, list};
use crate::ir::graph::Graph;
use crate::ir::labels;
use crate::ir::model::{Answer, Choice, Class, Model};
use anyhow::Result;
use toml_edit::{ArrayOfTables, value};

impl Writer {
    /// Writes the outputs, unless the card has some.
    ///
    /// # Errors
    ///
    /// If the labels of the model's classes cannot be found.
    pub(super) fn outputs(
        &mut self,
        tables: &mut ArrayOfTables,
        model: &Model,
        data: Option<Data>,
    ) -> Result<()> {
        if !tables.is_empty() {
            return Ok(());
        }
        let labels = data.map(|data| &data.profile.labels[..]).unwrap_or_default();
        for (place, answer) in model.answers.iter().enumerate() {
            let mut table = toml_edit::Table::new();
            let name = match model.answers.len() {
                1 => "prediction".to_owned(),
                _ => format!("y{place}"),
            };
            table.insert("name", value(name));
            table.insert("description", value(""));
            match answer {
                Answer::Class(class) => {
                    let classes = self.classes(&model.graph, class, labels)?;
                    self.set(&mut table, "classes", list(&classes));
                    if let Some(label) = positive(&classes) {
                        table.insert("positive", value(label));
                    }
                }
                Answer::Number { .. } => drop(table.insert("unit", value(""))),
            }
            tables.push(table);
        }
        Ok(())
    }

    /// Returns the labels of an output: the file's labels, or the target's values if the file only
    /// numbers its classes and the target has the same number of values.
    fn classes(&mut self, graph: &Graph, class: &Class, target: &[String]) -> Result<Vec<String>> {
        match &class.choice {
            Choice::Index { labels, is_named: false, .. }
                if target.len() == labels.len() && !are_same_numbers(target, labels) =>
            {
                self.notes.push(format!(
                    "classes: the file numbers them from 0; they are named by the target's values in \
                     sorted order, as scikit-learn numbers them: {}",
                    target.join(", ")
                ));
                Ok(target.to_vec())
            }
            Choice::Index { labels, .. } => Ok(labels.clone()),
            Choice::Label(label) => {
                let labels = labels::asked(graph, *label)?;
                self.notes.push(format!(
                    "classes: the file does not list them; the model answered made-up rows with {}",
                    labels.join(", ")
                ));
                Ok(labels)
            }
        }
    }
}

/// Returns the positive one of two classes, if their labels say so: the index of a class alone says
/// nothing.
fn positive(classes: &[String]) -> Option<&str> {
    let [a, b] = classes else { return None };
    let is_yes = |label: &str, other: &str| {
        let (label, other) = (label.to_lowercase(), other.to_lowercase());
        let pairs =
            [("1", "0"), ("1", "-1"), ("true", "false"), ("yes", "no"), ("positive", "negative")];
        pairs.contains(&(&label, &other))
            || ["no ", "not ", "non-"].iter().any(|no| other == format!("{no}{label}"))
    };
    [(a, b), (b, a)]
        .into_iter()
        .find(|(label, other)| is_yes(label, other))
        .map(|(label, _)| &label[..])
}

/// True if both lists have the same numbers in the same order.
fn are_same_numbers(a: &[String], b: &[String]) -> bool {
    let number = |text: &String| text.parse::<f64>().ok();
    a.iter().zip(b).all(|(a, b)| number(a).is_some() && number(a) == number(b))
}
