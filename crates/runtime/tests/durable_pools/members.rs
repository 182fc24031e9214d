//! Members: who is adopted, and who ends.

use super::*;
use procession_runtime::When;
use procession_types::ErrorKind;

#[test]
fn members_are_adopted_with_what_they_know_and_have_in_hand() {
    let store = Arc::new(MemoryStore::default());
    let first = started(&store, Some(OnError::Exit), &pool(1, 1));
    let member = members(&first);
    assert!(member.iter().all(Pid::is_durable) && member.len() == 1);
    let one = *member.first().unwrap();
    let done = desk(&first, 2);
    ["a", "b"].iter().for_each(|what| job(&first, what));
    assert_eq!(said(done), "a 1, b 2");
    job(&first, "hold");
    until(|| status(&first).members.busy == 1);
    until(|| {
        let it = first.info(one).unwrap().process;
        it.mailbox_messages == 0 && it.state == State::Waiting
    });
    first.flush_store();
    drop(first);

    // Killed: it has the job still, and is given no other although it waits for a message.
    let second = started(&store, Some(OnError::Exit), &pool(0, 1));
    until(|| members(&second) == member);
    ["c", "d"].iter().for_each(|what| job(&second, what));
    until(|| status(&second).waiting == 2 && status(&second).members.busy == 1);
    // Stopped: what waits is kept, too.
    assert_eq!(second.shutdown(PATIENCE), 0);

    let third = started(&store, Some(OnError::Exit), &pool(0, 1));
    until(|| members(&third) == member);
    let done = desk(&third, 3);
    let_go(&third, one);
    assert_eq!(said(done), "c 4, d 5, hold 3");
    until(|| status(&third).members.idle == 1);
    assert_eq!(third.shutdown(PATIENCE), 0);
    let last = started(&store, Some(OnError::Exit), &pool(1, 1));
    assert_eq!((members(&last), status(&last).waiting), (member, 0));
}

#[test]
fn a_pool_that_is_stopped_or_made_smaller_ends_its_members() {
    let store = Arc::new(MemoryStore::default());
    let node = started(&store, Some(OnError::Exit), &pool(1, 3));
    let scale = Scale { size: Some(Some(3)), ..Scale::default() };
    node.scale_pool(POOL, scale).unwrap();
    until(|| status(&node).members.idle == 3);
    let three = members(&node);
    let scale = Scale { size: Some(Some(1)), ..Scale::default() };
    node.scale_pool(POOL, scale).unwrap();
    until(|| three.iter().filter(|pid| node.is_alive(**pid)).count() == 1);
    let one: BTreeSet<Pid> = three.into_iter().filter(|pid| node.is_alive(*pid)).collect();

    // It ends by itself, and what is durable stays.
    let process = node.lookup(POOL).unwrap();
    node.terminate(process).unwrap();
    until(|| node.lookup(POOL).is_some_and(|pid| pid != process));
    until(|| status(&node).members.idle == 1);
    assert_eq!(members(&node), one);

    node.control(POOL, Verb::Stop, PATIENCE).unwrap();
    assert!(one.iter().all(|pid| !node.is_alive(*pid)) && node.orphans().is_empty());
    drop(node);
    let next = started(&store, Some(OnError::Exit), &pool(1, 3));
    assert!(members(&next).is_disjoint(&one) && members(&next).len() == 1);
}

#[test]
fn a_member_that_stands_still_keeps_its_message_and_another_goes_on() {
    let store = Arc::new(MemoryStore::default());
    let node = started(&store, Some(OnError::Halt), &pool(1, 2));
    let halted = members(&node);
    job(&node, "fail");
    until(|| status(&node).members.paused == 1 && status(&node).members.idle == 1);
    let done = desk(&node, 1);
    job(&node, "a");
    assert_eq!(said(done), "a 1");
    assert_eq!(status(&node).counts.redelivered, 0);
    assert_eq!(node.shutdown(PATIENCE), 0);

    let node = started(&store, Some(OnError::Halt), &pool(1, 2));
    until(|| status(&node).members.paused == 1 && status(&node).members.idle == 1);
    assert!(halted.iter().all(|pid| node.is_alive(*pid)));
    node.terminate(*halted.first().unwrap()).unwrap();
    // Another one gets what it had.
    until(|| status(&node).counts.redelivered == 1);
    until(|| status(&node).members.paused == 1 && status(&node).members.idle == 1);
    assert!(members(&node).is_disjoint(&halted));
}

#[test]
fn members_that_are_not_durable_any_more_are_orphans() {
    let store = Arc::new(MemoryStore::default());
    let node = started(&store, Some(OnError::Exit), &pool(2, 2));
    let two: Vec<Pid> = members(&node).into_iter().collect();
    drop(node);
    let node = started(&store, None, &pool(2, 2));
    assert!(members(&node).iter().all(|pid| !pid.is_durable()));
    let orphans = node.orphans().into_iter().map(|(_, pid)| pid).collect::<Vec<_>>();
    assert_eq!(orphans, two);
    let error = node.upgrade(two[0], None, numbers(&[]), When::Now).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
    drop(node);
    let node = started(&store, Some(OnError::Exit), &pool(2, 2));
    assert_eq!(members(&node).into_iter().collect::<Vec<_>>(), two);
}
