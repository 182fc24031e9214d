use super::*;
use crate::{Append, Change, MemoryStore, Space, log_key};
use std::sync::mpsc::{Receiver, Sender, channel};

/// A store that waits for leave before each group, and tells how many commits it has.
struct Gated {
    inside: MemoryStore,
    sizes: Mutex<Sender<usize>>,
    leave: Mutex<Receiver<()>>,
}

impl Store for Gated {
    fn apply(&self, commits: Vec<Commit>) -> Vec<Result<(), StoreError>> {
        self.sizes.lock().unwrap().send(commits.len()).unwrap();
        self.leave.lock().unwrap().recv().unwrap();
        self.inside.apply(commits)
    }

    crate::forward_store!(inside: get inspect log_ends trimmed_logs compact size);
}

struct Stage {
    store: Arc<Gated>,
    sizes: Receiver<usize>,
    leave: Sender<()>,
    rooms: Receiver<()>,
    committer: Arc<Committer>,
}

fn stage(config: CommitterConfig) -> Stage {
    let (sizes_in, sizes) = channel();
    let (leave, leave_out) = channel();
    let (rooms_in, rooms) = channel();
    let store = Arc::new(Gated {
        inside: MemoryStore::new(),
        sizes: Mutex::new(sizes_in),
        leave: Mutex::new(leave_out),
    });
    let rooms_in = Mutex::new(rooms_in);
    let on_room = Box::new(move || rooms_in.lock().unwrap().send(()).unwrap());
    let of_committer: Arc<dyn Store> = Arc::<Gated>::clone(&store);
    let bells = Bells { on_room, on_decided: Box::new(|| {}) };
    let committer = Committer::start(of_committer, config, bells).unwrap();
    Stage { store, sizes, leave, rooms, committer: Arc::new(committer) }
}

fn append(id: u64, n: u64) -> Commit {
    Commit { append: Some(Append { id, n, record: vec![1; 100] }), changes: vec![] }
}

fn tell(to: &Sender<(u64, bool)>, tag: u64) -> Done {
    let to = to.clone();
    Box::new(move |result| to.send((tag, result.is_ok())).unwrap())
}

#[test]
fn those_who_wait_share_a_group_in_order() {
    let stage = stage(CommitterConfig::default());
    let (heard, hear) = channel();
    stage.committer.submit(append(1, 0), tell(&heard, 0)).unwrap();
    assert_eq!(stage.sizes.recv(), Ok(1));
    for n in 1..=10 {
        stage.committer.submit(append(1, n), tell(&heard, n)).unwrap();
    }
    stage.committer.submit(append(1, 5), tell(&heard, 100)).unwrap();
    stage.committer.submit(append(1, 11), tell(&heard, 11)).unwrap();
    assert!(hear.try_recv().is_err(), "nothing is done before the disk says so");
    stage.leave.send(()).unwrap();
    assert_eq!(stage.sizes.recv(), Ok(12));
    stage.leave.send(()).unwrap();
    stage.committer.flush();
    let expected: Vec<(u64, bool)> =
        (0..=10).map(|n| (n, true)).chain([(100, false), (11, true)]).collect();
    assert_eq!(hear.try_iter().collect::<Vec<_>>(), expected);
    assert_eq!(stage.store.log_ends(1).unwrap().next, 12);
    let statistics = stage.committer.statistics();
    assert_eq!((statistics.groups, statistics.submitted, statistics.decided), (2, 13, 13));
    assert_eq!((statistics.refused, statistics.group_commits_largest), (1, 12));
}

#[test]
fn the_bell_of_a_group_rings_after_its_dones_and_before_a_flush_returns() {
    let (heard, hear) = channel();
    let bell = Mutex::new(heard.clone());
    let bells = Bells {
        on_room: Box::new(|| {}),
        on_decided: Box::new(move || bell.lock().unwrap().send("bell").unwrap()),
    };
    let store = Arc::new(MemoryStore::new());
    let committer = Committer::start(store, CommitterConfig::default(), bells).unwrap();
    for n in 0..3 {
        let heard = heard.clone();
        committer.submit(append(1, n), Box::new(move |_| heard.send("done").unwrap())).unwrap();
        committer.flush();
        assert_eq!(hear.try_iter().collect::<Vec<_>>(), ["done", "bell"]);
    }
}

/// Says how often it wants to be asked again.
struct Restless {
    inside: MemoryStore,
    asked: Mutex<(Sender<u32>, u32)>,
}

impl Store for Restless {
    crate::forward_store!(inside: apply get inspect log_ends trimmed_logs compact size);

    fn settle(&self) -> bool {
        let mut asked = self.asked.lock().unwrap();
        let left = asked.1;
        asked.1 = left.saturating_sub(1);
        asked.0.send(left).unwrap();
        left > 0
    }
}

#[test]
fn a_store_settles_while_nothing_comes_and_again_after_each_group() {
    let (asked, was_asked) = channel();
    let asked = Mutex::new((asked, 2));
    let store = Arc::new(Restless { inside: MemoryStore::new(), asked });
    let bells = Bells { on_room: Box::new(|| {}), on_decided: Box::new(|| {}) };
    let committer = Committer::start(store, CommitterConfig::default(), bells).unwrap();
    let before: Vec<u32> = was_asked.iter().take(3).collect();
    assert_eq!(before, [2, 1, 0]);
    committer.submit(append(1, 0), Box::new(|_| ())).unwrap();
    assert_eq!(was_asked.recv(), Ok(0));
}

#[test]
fn a_full_queue_refuses_and_tells_when_there_is_room() {
    let config = CommitterConfig { queue_commits_max: 4, ..CommitterConfig::default() };
    let stage = stage(config);
    let (heard, hear) = channel();
    stage.committer.submit(append(1, 0), tell(&heard, 0)).unwrap();
    assert_eq!(stage.sizes.recv(), Ok(1));
    for n in 1..=4 {
        stage.committer.submit(append(1, n), tell(&heard, n)).unwrap();
    }
    let refused = stage.committer.submit(append(1, 5), tell(&heard, 5)).unwrap_err();
    assert_eq!((refused.refusal, &refused.commit), (Refusal::Full, &append(1, 5)));
    assert!(stage.rooms.try_recv().is_err());
    stage.leave.send(()).unwrap();
    assert_eq!(stage.rooms.recv(), Ok(()));
    stage.committer.submit(refused.commit, refused.done).unwrap();
    assert_eq!(stage.sizes.recv(), Ok(4));
    stage.leave.send(()).unwrap();
    stage.leave.send(()).unwrap();
    stage.committer.flush();
    assert_eq!(hear.try_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5].map(|n| (n, true)));
    assert!(stage.rooms.try_recv().is_err(), "told once");
}

#[test]
fn bytes_are_bounded_and_one_giant_may_pass() {
    let config = CommitterConfig {
        queue_bytes_max: 1000,
        group_bytes_max: 500,
        ..CommitterConfig::default()
    };
    let stage = stage(config);
    let put = |bytes: usize| Commit::of(vec![Change::put(Space::Value, *b"k", vec![0; bytes])]);
    let done = || -> Done { Box::new(|result| result.unwrap()) };
    stage.committer.submit(put(5000), done()).unwrap();
    assert_eq!(stage.sizes.recv(), Ok(1));
    for _ in 0..4 {
        stage.committer.submit(put(150), done()).unwrap();
    }
    let refused = stage.committer.submit(put(150), done()).unwrap_err();
    assert_eq!(refused.refusal, Refusal::Full);
    for _ in 0..3 {
        stage.leave.send(()).unwrap();
    }
    assert_eq!([stage.sizes.recv(), stage.sizes.recv()], [Ok(2), Ok(2)]);
    stage.committer.flush();
    assert_eq!(stage.committer.statistics().groups, 3);
}

#[test]
fn closing_decides_what_was_taken() {
    let stage = stage(CommitterConfig::default());
    let (heard, hear) = channel();
    for n in 0..3 {
        stage.committer.submit(append(1, n), tell(&heard, n)).unwrap();
    }
    for _ in 0..3 {
        stage.leave.send(()).unwrap();
    }
    stage.committer.close();
    assert_eq!(hear.try_iter().count(), 3);
    let refused = stage.committer.submit(append(1, 3), tell(&heard, 3)).unwrap_err();
    assert_eq!(refused.refusal, Refusal::Closed);
}

#[test]
fn the_last_owner_may_be_a_done() {
    let stage = stage(CommitterConfig::default());
    let (heard, hear) = channel();
    let owner = Arc::clone(&stage.committer);
    let done = tell(&heard, 0);
    stage
        .committer
        .submit(
            append(1, 0),
            Box::new(move |result| {
                drop(owner);
                done(result);
            }),
        )
        .unwrap();
    drop(stage.committer);
    stage.leave.send(()).unwrap();
    assert_eq!(hear.recv(), Ok((0, true)));
}

#[test]
fn a_panic_of_one_keeps_nobody_from_hearing() {
    let stage = stage(CommitterConfig::default());
    let (heard, hear) = channel();
    stage.committer.submit(append(1, 0), Box::new(|_| panic!("on purpose"))).unwrap();
    assert_eq!(stage.sizes.recv(), Ok(1));
    stage.committer.submit(append(1, 1), tell(&heard, 1)).unwrap();
    stage.leave.send(()).unwrap();
    stage.leave.send(()).unwrap();
    assert_eq!(hear.recv(), Ok((1, true)));
    // The store panics when nobody gives leave any more.
    drop(stage.leave);
    stage.committer.submit(append(1, 2), tell(&heard, 2)).unwrap();
    assert_eq!(hear.recv(), Ok((2, false)));
    stage.committer.flush();
    assert!(stage.store.get(Space::Log, &log_key(1, 2)).unwrap().is_none());
}
