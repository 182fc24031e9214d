//! What `up` does when somebody asks for a reload: it reads the files again, and lets the node go by
//! them.

use procession_api::{ChangeView, Problem, ReloadRequest, ReloadView};
use procession_application::{Reload, ReloadError, Reloaded};
use procession_policy::Unidentified;
use procession_runtime::Node;
use procession_spec::{Application, Difference, Mode, Sort};
use procession_types::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// What the node runs, and where it is from.
struct Current {
    application: Application,
    /// Without links in its path.
    directory: PathBuf,
    /// As it was named when the node was started.
    shown: String,
}

/// See the module.
pub(crate) struct Reloader {
    current: Mutex<Current>,
    /// The node ends when everybody else has let go of it.
    node: Weak<Node>,
    variables: Vec<(String, Vec<u8>)>,
    unidentified: Unidentified,
    mode: Mode,
}

impl Reloader {
    pub(crate) fn new(
        node: &Arc<Node>,
        (application, directory, shown): (Application, PathBuf, String),
        variables: Vec<(String, Vec<u8>)>,
        unidentified: Unidentified,
        mode: Mode,
    ) -> Self {
        let current = Mutex::new(Current { application, directory, shown });
        Self { current, node: Arc::downgrade(node), variables, unidentified, mode }
    }

    /// Reads the application again; one reload at a time.
    ///
    /// # Errors
    /// 422 with everything that is wrong with the files, 409 when a process host that is gone is still used; others
    /// when something does not come up. In any case the old application goes on.
    pub(crate) fn reload(
        &self,
        request: ReloadRequest,
        patience: Duration,
    ) -> Result<ReloadView, Box<Problem>> {
        let node = self.node.upgrade();
        let node =
            node.ok_or_else(|| Box::new(Problem::new(ErrorKind::Unavailable, "the node stops")))?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = match request.directory {
            Some(path) => PathBuf::from(path),
            None => current.directory.clone(),
        };
        let shown = match directory == current.directory {
            true => current.shown.clone(),
            false => directory.display().to_string(),
        };
        let read = procession_application::read_as(&directory, &shown, self.mode);
        let (after, report) = read.map_err(|error| {
            let error = error.to_string();
            invalid(format!("{shown} is no valid application\n\n{}", error.trim_end()))
        })?;
        let reload = Reload {
            before: &current.application,
            after: &after,
            directory: &directory,
            variables: &self.variables,
            unidentified: self.unidentified,
            patience,
        };
        let (difference, unsupported) = reload.difference(&node);
        let dry_run = request.dry_run;
        let done =
            if dry_run { Reloaded::default() } else { reload.run(&node).map_err(problem)? };
        if !dry_run {
            *current = Current { application: after, directory, shown };
        }
        let Reloaded { upgraded, restarted, replaced, failing, programs: _ } = done;
        let warnings = (!report.is_empty()).then(|| report.to_string());
        let changes = changes(&difference);
        Ok(ReloadView {
            dry_run,
            changes,
            unsupported,
            upgraded,
            restarted,
            replaced,
            failing,
            warnings,
        })
    }
}

/// What the client takes for exit code 9.
fn invalid(detail: String) -> Box<Problem> {
    Box::new(Problem { status: 422, ..Problem::new(ErrorKind::Invalid, detail) })
}

fn problem(error: ReloadError) -> Box<Problem> {
    let text = error.to_string();
    match error {
        ReloadError::InUse(_) => {
            let hint = "procession drain HOST lets them finish";
            Box::new(Problem::new(ErrorKind::Conflict, text).with_hint(hint))
        }
        ReloadError::Definition(_) | ReloadError::Grant(_) | ReloadError::Directory(..) => {
            invalid(text)
        }
        // A program that fails at its start is no valid one; what is late or full is another matter.
        ReloadError::Failed { error, .. } => match error.kind {
            ErrorKind::Timeout | ErrorKind::RateLimited | ErrorKind::Canceled => {
                Box::new(Problem { detail: text, ..Problem::from(error) })
            }
            _ => invalid(text),
        },
    }
}

fn changes(difference: &Difference) -> Vec<ChangeView> {
    let view = |what: &str, kind: String, id: &str, keys: Vec<String>| ChangeView {
        what: what.to_owned(),
        kind,
        id: id.to_owned(),
        keys,
    };
    let whole = difference.application.iter();
    let whole = whole.map(|key| view("changed", "application".into(), "", vec![(*key).to_owned()]));
    let removed = difference.removed.iter();
    let removed = removed.map(|(sort, id)| view("removed", sort.to_string(), id, Vec::new()));
    let added = difference.added.iter();
    let added = added.map(|(sort, id)| view("added", sort.to_string(), id, Vec::new()));
    let changed = difference.changed.iter().map(|change| {
        let program = (change.program && change.sort != Sort::Program).then_some("its program");
        let keys = program.into_iter().chain(change.keys.iter().copied());
        let keys = keys.map(str::to_owned).collect();
        view("changed", change.sort.to_string(), &change.id, keys)
    });
    whole.chain(removed).chain(added).chain(changed).collect()
}
