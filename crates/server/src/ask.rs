//! Asking the node, which may take as long as a shard's turn: on threads that may wait, and not too
//! many of them.

use crate::answer::Failed;
use crate::state::{Shared, State};
use procession_api::Problem;
use procession_runtime::Node;
use procession_types::ErrorKind;
use std::sync::Arc;

impl Shared {
    /// What `ask` says, on a thread of its own.
    ///
    /// # Errors
    /// `Internal` when it panicked, `Unavailable` when the server stops.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &State,
        ask: impl FnOnce(&Node) -> T + Send + 'static,
    ) -> Result<T, Failed> {
        let unavailable = || Problem::new(ErrorKind::Unavailable, "the server is stopping");
        let permit = Arc::clone(&self.threads).acquire_owned().await;
        let permit = permit.map_err(|_| unavailable())?;
        let node = Arc::clone(&self.node);
        let asked = tokio::task::spawn_blocking(move || {
            let answer = ask(&node);
            // Held by the thread: it goes on when nobody waits for its answer any more.
            drop(permit);
            answer
        });
        asked.await.map_err(|error| {
            let problem = if error.is_panic() {
                Problem::new(ErrorKind::Internal, "asking the node failed; please report it")
            } else {
                unavailable()
            };
            Failed::from(problem)
        })
    }
}
