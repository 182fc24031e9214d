//! Applications that get another definition while they run, and such as are degraded.

use super::*;

fn pid(node: &Node, id: &str) -> Pid {
    node.lookup(id).unwrap_or_else(|| panic!("{id} does not run: {:?}", node.supervised()))
}

fn ids(node: &Node) -> Vec<String> {
    node.supervised().into_iter().map(|it| it.id.to_string()).collect()
}

fn wait_running(node: &Node, id: &str) {
    let done = node.control(id, Verb::Start, PATIENCE).unwrap();
    assert!(
        matches!(done.status.state, StateName::Running | StateName::Exited),
        "{id} is {:?}",
        done.status
    );
}

#[test]
fn what_is_new_starts_what_is_gone_stops_and_the_rest_is_not_touched() {
    let before = application(
        vec![
            service("app:db", "app:polite", &[]),
            service("app:web", "app:polite", &["app:db"]),
            service("app:old", "app:polite", &["app:web"]),
        ],
        vec![tree("app:back", Strategy::OneForAll, &["app:db"])],
    );
    let node = up(stage(), before.clone());
    let kept = ["app:db", "app:web", "app:back"];
    let pids = kept.map(|id| pid(&node, id));
    let mut web = service("app:web", "app:polite", &["app:db", "app:cache"]);
    web.labels.insert("tier".into(), "front".into());
    let after = application(
        vec![
            service("app:cache", "app:polite", &[]),
            service("app:db", "app:polite", &[]),
            service("app:log", "app:polite", &[]),
            web,
        ],
        vec![
            tree("app:back", Strategy::OneForOne, &["app:cache", "app:db"]),
            tree("app:more", Strategy::OneForOne, &["app:log"]),
        ],
    );
    let events = node.lifecycle_events(100);
    node.redefine_application(after.clone()).unwrap();
    wait_running(&node, "app:cache");
    wait_running(&node, "app:log");
    assert_eq!(kept.map(|id| pid(&node, id)), pids);
    assert_eq!(
        ids(&node),
        ["app:back", "app:cache", "app:db", "app:log", "app:more", "app:web", "system:root"]
    );
    let web = node.supervised_by_id("app:web").unwrap();
    assert_eq!(web.requires, ["app:db", "app:cache"]);
    assert_eq!(web.labels["tier"], "front");
    let news = std::iter::from_fn(|| events.next(Duration::ZERO));
    let news: Vec<String> =
        news.map(|it| format!("{} {}", it.event.id, it.event.news.name())).collect();
    assert!(!news.iter().any(|it| kept.iter().any(|id| it.starts_with(id))), "{news:?}");
    // The new strategy holds: its neighbour is not started again with it.
    node.terminate(pid(&node, "app:db")).unwrap();
    wait_for(&events, "app:db", "running");
    assert_eq!([pid(&node, "app:web"), pid(&node, "app:back")], [pids[1], pids[2]]);
    // And back.
    node.redefine_application(before).unwrap();
    wait_running(&node, "app:old");
    assert_eq!([pid(&node, "app:web"), pid(&node, "app:back")], [pids[1], pids[2]]);
    assert_eq!(ids(&node), ["app:back", "app:db", "app:old", "app:web", "system:root"]);
    // A supervisor that is started again has the definition of now.
    node.terminate(pid(&node, "app:back")).unwrap();
    wait_for(&events, "app:back", "running");
    assert!(node.lookup("app:cache").is_none());
    assert_eq!(node.stop_application(None), Ok(0));
}

#[test]
fn what_has_another_supervisor_ends_there_before_it_starts_here() {
    let services =
        || vec![service("app:a", "app:polite", &[]), service("app:b", "app:polite", &["app:a"])];
    let trees = vec![tree("app:left", Strategy::OneForOne, &["app:a", "app:b"])];
    let node = up(stage(), application(services(), trees));
    let events = node.lifecycle_events(100);
    let before = pid(&node, "app:a");
    let trees = vec![
        tree("app:left", Strategy::OneForOne, &["app:b"]),
        tree("app:right", Strategy::OneForOne, &["app:a"]),
    ];
    node.redefine_application(application(services(), trees)).unwrap();
    wait_for(&events, "app:a", "stopped");
    wait_for(&events, "app:a", "running");
    assert_ne!(pid(&node, "app:a"), before);
    let supervisor = node.supervised_by_id("app:a").unwrap().supervisor.unwrap();
    assert_eq!(supervisor, "app:right");
    // A whole tree that moves.
    let trees = vec![
        tree("app:left", Strategy::OneForOne, &["app:b", "app:right"]),
        tree("app:right", Strategy::OneForOne, &["app:a"]),
    ];
    node.redefine_application(application(
        vec![services().remove(0), service("app:b", "app:polite", &[])],
        trees,
    ))
    .unwrap();
    wait_running(&node, "app:a");
    assert_eq!(node.supervised_by_id("app:right").unwrap().supervisor.unwrap(), "app:left");
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let before = application(vec![service("app:a", "app:polite", &[])], Vec::new());
    let node = up(stage(), before.clone());
    let before_pid = pid(&node, "app:a");
    let circle = application(
        vec![
            service("app:a", "app:polite", &["app:b"]),
            service("app:b", "app:polite", &["app:a"]),
            service("app:c", "app:missing", &[]),
        ],
        Vec::new(),
    );
    let errors = node.redefine_application(circle).unwrap_err();
    let text: Vec<&str> = errors.iter().map(|it| it.message.as_str()).collect();
    assert!(text.iter().any(|it| it.contains("app:missing")), "{text:?}");
    assert!(text.iter().any(|it| it.contains("wait for each other")), "{text:?}");
    assert_eq!(ids(&node), ["app:a", "system:root"]);
    assert_eq!(pid(&node, "app:a"), before_pid);
    node.stop_application(None).unwrap();
    let error = node.redefine_application(before).unwrap_err();
    assert_eq!(error[0].kind, ErrorKind::NotFound);
}

fn pool(id: &str, least: u32, most: u32) -> Pool {
    Pool {
        id: id.into(),
        program: "app:member".into(),
        host: HOST_NORMAL.into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        size: PoolSize { min_size: least, max_size: most, ..PoolSize::default() },
        queue_max: 10,
        monitoring: Monitoring::default(),
        recovery: Recovery::default(),
        lifecycle: Lifecycle::default(),
    }
}

fn with_pool(pool: Pool) -> ApplicationDefinition {
    let mut made = application(Vec::new(), Vec::new());
    made.declared.pools.insert(pool.id.clone(), pool);
    made
}

#[test]
fn a_pool_gets_other_bounds_where_it_is() {
    let stage = stage().program("app:member", |host, _| {
        while next(host).is_some() {}
        Turn::Waiting
    });
    let node = up(stage, with_pool(pool("app:pool", 2, 2)));
    let process = pid(&node, "app:pool");
    let bounds = |least, most, queue_max| Pool { queue_max, ..pool("app:pool", least, most) };
    node.redefine_application(with_pool(bounds(3, 5, 20))).unwrap();
    let status = node.pool_status("app:pool").unwrap();
    assert_eq!((status.bounds, status.waiting_max), ((3, 5), 20));
    assert_eq!(status.size, 3);
    assert_eq!(pid(&node, "app:pool"), process);
    // All members make room for others: none of them is left when their successors are there.
    let members = || -> Vec<Pid> {
        let all = node.processes(1000).into_iter();
        all.filter(|it| it.parent == Some(process)).map(|it| it.pid).collect()
    };
    let before = members();
    node.retire_members("app:pool", None).unwrap();
    while members().iter().any(|pid| before.contains(pid)) {
        std::thread::yield_now();
    }
    // One that is started again has the bounds of now.
    node.control("app:pool", Verb::Restart, PATIENCE).unwrap();
    assert_eq!(node.pool_status("app:pool").unwrap().bounds, (3, 5));
    node.redefine_application(application(Vec::new(), Vec::new())).unwrap();
    assert_eq!(node.pools(), Vec::<String>::new());
    assert_eq!(ids(&node), ["system:root"]);
}

#[test]
fn an_application_with_something_that_has_failed_for_good_is_degraded_and_says_what() {
    let mut bad = service("app:bad", "app:fails", &[]);
    bad.lifecycle.restart.max_attempts = Some(1);
    let services = vec![
        bad,
        service("app:good", "app:polite", &[]),
        service("app:waits", "app:polite", &["app:bad"]),
    ];
    let trees = vec![
        tree("app:outer", Strategy::OneForOne, &["app:inner"]),
        tree("app:inner", Strategy::OneForOne, &["app:bad", "app:good", "app:waits"]),
    ];
    let stage = stage().program("app:fails", |_, _| fail("no way"));
    let node = started(stage, application(services, trees));
    let root = node.wait_until_up(PATIENCE).unwrap();
    assert_eq!(root.status.state, StateName::Degraded);
    let reason = root.status.reason.unwrap();
    assert!(reason.contains("app:bad has failed") && reason.contains("no way"), "{reason}");
    // Those in between do not keep anybody waiting for what will not come by itself.
    let events = node.lifecycle_events(100);
    while node.supervised_by_id("app:outer").unwrap().status.pid.is_none() {
        let _ = events.next(PATIENCE);
    }
    assert_eq!(state(&node, "app:inner"), StateName::Degraded);
    assert_eq!(state(&node, "app:waits"), StateName::Waiting);
    // It is well again without what has failed.
    let services =
        vec![service("app:good", "app:polite", &[]), service("app:waits", "app:polite", &[])];
    let trees = vec![
        tree("app:outer", Strategy::OneForOne, &["app:inner"]),
        tree("app:inner", Strategy::OneForOne, &["app:good", "app:waits"]),
    ];
    node.redefine_application(application(services, trees)).unwrap();
    wait_running(&node, "app:waits");
    assert_eq!(node.wait_until_up(PATIENCE).unwrap().status.state, StateName::Running);
}

#[test]
fn one_that_is_tried_without_end_makes_it_degraded_and_one_that_comes_back_does_not() {
    let mut trying = service("app:trying", "app:fails", &[]);
    trying.lifecycle.restart.initial_delay_ns = 3_600_000 * MS;
    let stage = stage().program("app:fails", |_, _| fail("no way"));
    let node = started(stage, application(vec![trying], vec![]));
    let root = node.wait_until_up(PATIENCE).unwrap();
    assert_eq!(root.status.state, StateName::Degraded);
    let reason = root.status.reason.unwrap();
    assert!(reason.starts_with("app:trying has failed and is tried again: error"), "{reason}");
    assert!(node.supervised().iter().any(|it| it.status.state == StateName::Degraded));

    let mut fragile = service("app:fragile", "app:fragile", &[]);
    fragile.lifecycle.restart.initial_delay_ns = 3_600_000 * MS;
    let node = up(self::stage(), application(vec![fragile], vec![]));
    let events = node.lifecycle_events(100);
    poke(&node, "app:fragile");
    while state(&node, "app:fragile") != StateName::Backoff {
        let _ = events.next(Duration::from_millis(1));
    }
    assert_eq!(state(&node, "system:root"), StateName::Running);
}

#[test]
fn a_supervisor_and_a_pool_that_do_not_come_up_in_time_are_started_again() {
    let mut outer = tree("app:outer", Strategy::OneForOne, &["app:never"]);
    let mut never = service("app:never", "app:fails", &[]);
    // It tries without end, so its tree never comes up.
    never.lifecycle.restart.max_delay_ns = 2 * MS;
    never.lifecycle.start_timeout_ns = MS;
    outer.intensity = Intensity { restarts: u32::MAX, within_ns: 1 };
    outer.lifecycle.start_timeout_ns = 100 * MS;
    let stage = stage().program("app:fails", |_, _| fail("no way"));
    let node = Node::start(stage.config).unwrap();
    let events = node.lifecycle_events(100_000);
    node.start_application(application(vec![never], vec![outer])).unwrap();
    wait_for(&events, "app:outer", "not_ready");
    wait_for(&events, "app:outer", "exited");
    wait_for(&events, "app:outer", "started");
    node.stop_application(None).unwrap();
    let mut busy = pool("app:pool", 1, 1);
    busy.program = "app:busy".into();
    busy.lifecycle.start_timeout_ns = 20 * MS;
    busy.recovery.restart_delay_ns = 1000 * 1000 * MS;
    node.start_application(with_pool(busy)).unwrap();
    wait_for(&events, "app:pool", "not_ready");
}
