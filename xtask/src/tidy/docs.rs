//! Every decision is linked from somewhere, and no link leads nowhere.

use super::Findings;
use crate::workspace;
use std::path::{Path, PathBuf};

pub(super) fn check(findings: &mut Findings) -> Result<(), String> {
    let mut linked: Vec<PathBuf> = Vec::new();
    let pages = workspace::files(workspace::root(), ".md")?;
    for page in &pages {
        let content = workspace::read(page)?;
        let directory = page.parent().unwrap_or(page);
        for (index, line) in content.lines().enumerate() {
            for target in links(line) {
                let path = directory.join(target);
                if path.exists() {
                    linked.extend(path.canonicalize());
                } else {
                    findings.error(
                        page,
                        index + 1,
                        &format!("a link to {target}, which is not there"),
                    );
                }
            }
        }
    }
    let decisions = workspace::root().join("docs/decisions");
    for page in pages.iter().filter(|page| page.starts_with(&decisions)) {
        if !is_linked(page, &linked) {
            findings.error(page, 1, "no page links to this decision");
        }
    }
    Ok(())
}

fn is_linked(page: &Path, linked: &[PathBuf]) -> bool {
    page.canonicalize().is_ok_and(|page| linked.contains(&page))
}

/// The targets of a line's links into the repository.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split_once(')')?.0;
        let path = target.split('#').next()?;
        (!path.is_empty() && !path.contains("://") && !path.starts_with("mailto:")).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_the_repository_are_found() {
        let line = "see [a](a.md), [b](../b.md#part), [c](https://c.example/d) and [e](#here)";
        assert_eq!(links(line).collect::<Vec<_>>(), ["a.md", "../b.md"]);
        assert_eq!(links("nothing (here)").count(), 0);
    }
}
