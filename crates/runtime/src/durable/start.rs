//! The start of a node that has a store: names are claimed again; who was promised something, or waits for
//! what the old node has taken with it, is brought back. All others sleep until something comes for them.

use super::keeper::Keeper;
use crate::mail::Mail;
use crate::shared::Shared;
use procession_durable::bytes::decoded;
use procession_durable::head::Head;
use procession_durable::keys;
use procession_kernel::Directory as _;
use procession_store::{Space, StoreError};
use procession_telemetry::{Event, EventKind};
use procession_types::{Pid, Timestamp};
use std::sync::Arc;

/// Tasks for a shard that are handed over at once.
const BATCH: usize = 1000;

/// Begins to bring back what does not sleep. Names are there when this returns.
pub(crate) fn wake_durable(shared: &Arc<Shared>) {
    let Some(keeper) = shared.keeper.clone() else { return };
    let named = claim_names(shared, &keeper);
    let shared = Arc::clone(shared);
    let pool = keeper.pool.clone();
    let job = Box::new(move || {
        if let Err(error) = named.and_then(|()| wake_all(&shared, &keeper)) {
            let event =
                Event::new(EventKind::CommitFailed, "the start").with("error", error.to_string());
            shared.telemetry.publish(&event);
        }
    });
    // Nothing else waits for these threads yet.
    let _ = pool.submit(job);
}

fn claim_names(shared: &Shared, keeper: &Keeper) -> Result<(), StoreError> {
    keeper.store.scan(Space::Name, &[], &[], false, &mut |name, pid| {
        if let (Ok(name), Ok(pid)) = (std::str::from_utf8(name), decoded::<Pid>(pid)) {
            // Nobody else has had the time to take it.
            let _ = shared.directory.claim(name, pid, u32::MAX);
        }
        true
    })
}

fn wake_all(shared: &Arc<Shared>, keeper: &Keeper) -> Result<(), StoreError> {
    let mut uneasy = Vec::new();
    keeper.store.scan(Space::Uneasy, &[], &[], false, &mut |_, pid| {
        uneasy.extend(decoded::<Pid>(pid).ok());
        true
    })?;
    rouse(shared, uneasy);
    let mut waited_for = Vec::new();
    keeper.store.scan(Space::Inbox, &[], &[], false, &mut |key, _| {
        let id = keys::id(key);
        if waited_for.last().copied() != id {
            waited_for.extend(id);
        }
        true
    })?;
    let mut pids = Vec::new();
    for id in waited_for {
        let head = keeper.store.get(Space::Head, &keys::process(id))?;
        let head = head.and_then(|bytes| decoded::<Head>(&bytes).ok());
        pids.extend(head.map(|head| head.birth.pid));
    }
    rouse(shared, pids);
    let mut alarms: Vec<(Timestamp, Pid)> = Vec::new();
    keeper.store.scan(Space::Wake, &[], &[], false, &mut |key, pid| {
        if let (Some(at), Ok(pid)) = (keys::id(key), decoded::<Pid>(pid)) {
            alarms.push((Timestamp(at as i64), pid));
        }
        true
    })?;
    for batch in alarms.chunks(BATCH) {
        for shard in 0..shared.shards() {
            let mine: Vec<_> = batch
                .iter()
                .filter(|(_, pid)| pid.shard % shared.shards() == shard)
                .copied()
                .collect();
            if let Some(inbox) = shared.inbox(shard) {
                inbox.push(Mail::Task(Box::new(move |worker| worker.set_alarms(mine))));
            }
        }
    }
    Ok(())
}

/// Has processes woken, each by its home.
fn rouse(shared: &Arc<Shared>, pids: Vec<Pid>) {
    for pid in pids {
        if let Some(inbox) = shared.inbox(pid.shard) {
            inbox.push(Mail::Task(Box::new(move |worker| {
                worker.step(|kernel, cx| kernel.rouse_sleeper(cx, pid));
            })));
        }
    }
}
