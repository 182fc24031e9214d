//! Which things of a list: `program=app:worker,state!=waiting,tier`.

use std::fmt;
use std::str::FromStr;

/// Most requirements of a selector.
const REQUIREMENTS_MAX: usize = 32;

/// A list of requirements, all of which have to hold. The empty one selects everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists,
    Equals(String),
    Differs(String),
}

impl Selector {
    /// Whether all requirements hold for a thing whose labels `of` gives. A label may have several
    /// values, as the names of a process.
    pub fn matches<'a, I>(&self, of: impl Fn(&str) -> I) -> bool
    where
        I: IntoIterator<Item = &'a str>,
    {
        self.0.iter().all(|Requirement { key, test }| {
            let mut values = of(key).into_iter();
            match test {
                Test::Exists => values.next().is_some(),
                Test::Equals(value) => values.any(|held| held == value),
                Test::Differs(value) => values.all(|held| held != value),
            }
        })
    }

    /// Whether all its keys are known: one that is misspelt would select nothing, or everything.
    ///
    /// # Errors
    /// What the first is that is not, and which there are.
    pub fn check(&self, keys: &[&str]) -> Result<(), String> {
        match self.0.iter().find(|it| !keys.contains(&it.key.as_str())) {
            None => Ok(()),
            Some(Requirement { key, .. }) => {
                Err(format!("nothing here has \"{key}\" to select by, but {}", keys.join(", ")))
            }
        }
    }

    /// Whether it selects everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (key, test) = match part.split_once('=') {
                None => (part, Test::Exists),
                Some((key, value)) => match key.strip_suffix('!') {
                    Some(key) => (key, Test::Differs(value.trim().to_owned())),
                    None => {
                        // `==` is what some are used to.
                        let value = value.strip_prefix('=').unwrap_or(value);
                        (key, Test::Equals(value.trim().to_owned()))
                    }
                },
            };
            let key = key.trim();
            if key.is_empty() || key.contains(['!', '<', '>', '(', ')']) {
                return Err(format!("\"{part}\" is no selector; write key=value or key!=value"));
            }
            requirements.push(Requirement { key: key.to_owned(), test });
        }
        if requirements.len() > REQUIREMENTS_MAX {
            return Err(format!("a selector has {REQUIREMENTS_MAX} requirements at most"));
        }
        Ok(Self(requirements))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Requirement { key, test }) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            match test {
                Test::Exists => f.write_str(key)?,
                Test::Equals(value) => write!(f, "{key}={value}")?,
                Test::Differs(value) => write!(f, "{key}!={value}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(key: &str) -> Vec<&'static str> {
        match key {
            "program" => vec!["app:worker"],
            "name" => vec!["one", "two"],
            _ => vec![],
        }
    }

    #[test]
    fn all_requirements_have_to_hold() {
        for (text, expected) in [
            ("", true),
            ("program=app:worker", true),
            ("program==app:worker", true),
            ("program = app:worker , name=two", true),
            ("program=app:other", false),
            ("program!=app:other", true),
            ("name!=two", false),
            ("name", true),
            ("tier", false),
            ("tier!=x", true),
            ("program=app:worker,tier", false),
        ] {
            let selector: Selector = text.parse().unwrap();
            assert_eq!(selector.matches(labels), expected, "{text}");
            assert_eq!(selector.to_string().parse(), Ok(selector), "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in ["=x", "a!", "a>b", "!=x", &"a,".repeat(40).replace("a", "a=b")] {
            assert!(text.parse::<Selector>().is_err(), "{text}");
        }
    }
}
