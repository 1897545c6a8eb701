//! The claims of SECURITY.md, each of which names the tests that hold it.

use crate::support::root;

/// A row of one of its tables: what is claimed, and the tests, as `file::name`.
struct Claim {
    text: String,
    tests: Vec<String>,
}

/// Reads the rows of all tables whose second column has the tests.
fn claims() -> Vec<Claim> {
    let document = read("SECURITY.md").expect("it is there");
    let is_claim = |line: &&str| line.starts_with("| ") && !line.ends_with("| Held by |");
    document.lines().filter(is_claim).map(claim).collect()
}

fn claim(line: &str) -> Claim {
    let cells: Vec<_> = line.trim_matches('|').split(" | ").collect();
    let [text, held_by] = cells[..] else { panic!("two columns: {line}") };
    let tests = held_by.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    Claim { text: text.trim().to_owned(), tests }
}

fn read(file: &str) -> Option<String> {
    std::fs::read_to_string(root().join(file)).ok()
}

/// Returns true if there is a test of this name, in Rust or in Python.
fn is_test(test: &str) -> bool {
    let Some((file, name)) = test.split_once("::") else { return false };
    let Some(text) = read(file) else { return false };
    if file.ends_with(".py") {
        return name.starts_with("test_") && text.contains(&format!("\ndef {name}("));
    }
    let before = text.split_once(&format!("fn {name}(")).map(|(before, _)| before.trim_end());
    before.is_some_and(|before| {
        let before = before.trim_end_matches("async").trim_end();
        before.ends_with("#[test]") || before.ends_with("#[tokio::test]")
    })
}

#[test]
fn every_claim_about_security_names_a_test_that_exists() {
    let claims = claims();
    assert!(claims.len() > 40, "the tables were not understood");
    for Claim { text, tests } in claims {
        assert!(!tests.is_empty(), "no test holds: {text}");
        for test in tests {
            assert!(is_test(&test), "`{test}` is no test, and should hold: {text}");
        }
    }
}

/// What `tests/remedies/run` takes out.
#[derive(serde::Deserialize)]
struct Remedy {
    file: String,
    text: String,
    instead: String,
    test: String,
}

#[derive(serde::Deserialize)]
struct Remedies {
    remedy: Vec<Remedy>,
}

#[test]
fn every_remedy_that_can_be_taken_out_is_in_its_file_once_and_has_a_test() {
    let table = read("tests/remedies/remedies.toml").expect("it is there");
    let Remedies { remedy } = toml_edit::de::from_str(&table).expect("it is a table of remedies");
    for Remedy { file, text, instead, test } in remedy {
        let source = read(&file).unwrap_or_else(|| panic!("there is no {file}"));
        assert_eq!(source.matches(&text).count(), 1, "{file} has once: {text}");
        assert_ne!(text, instead, "{file}");
        assert!(is_test(&test), "`{test}` is no test");
    }
}
