use super::*;

const SECOND: u64 = 1_000_000_000;

fn service(id: &str, requires: &[&str]) -> Service {
    let requires = requires.iter().map(|id| (*id).to_owned()).collect();
    Service {
        id: id.into(),
        program: "app:program".into(),
        host: "app:processes".into(),
        arguments: Vec::new(),
        context: BTreeMap::new(),
        labels: BTreeMap::new(),
        lifecycle: Lifecycle { requires, ..Lifecycle::default() },
    }
}

fn supervisor(id: &str, strategy: Strategy, children: &[&str]) -> SupervisorDefinition {
    SupervisorDefinition {
        id: id.into(),
        strategy,
        intensity: procession_types::definition::Intensity::default(),
        children: children.iter().map(|id| (*id).to_owned()).collect(),
        labels: BTreeMap::new(),
        lifecycle: Lifecycle::default(),
    }
}

fn declared(services: Vec<Service>, supervisors: Vec<SupervisorDefinition>) -> Declared {
    let services = services.into_iter().map(|it| (it.id.clone(), it)).collect();
    let supervisors = supervisors.into_iter().map(|it| (it.id.clone(), it)).collect();
    Declared { services, supervisors, pools: BTreeMap::new() }
}

/// `id: child<required…`, and so on.
fn shown(plan: &Plan) -> Vec<String> {
    let supervisors = plan.supervisors.iter().map(|planned| {
        let definition = &planned.definition;
        let children = definition.children.iter().map(|child| {
            let required = child.requires.iter().map(|at| definition.children[*at].id.as_str());
            let required: Vec<&str> = required.collect();
            if required.is_empty() {
                child.id.to_string()
            } else {
                format!("{}<{}", child.id, required.join("+"))
            }
        });
        format!("{}: {}", definition.id, children.collect::<Vec<_>>().join(" "))
    });
    supervisors.collect()
}

fn errors(declared: &Declared) -> Vec<String> {
    plan("system:root", declared).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn whatever_nobody_lists_is_a_child_of_the_root() {
    let declared = declared(
        vec![service("a:one", &[]), service("a:two", &["a:one"]), service("a:three", &[])],
        vec![
            supervisor("a:top", Strategy::OneForAll, &["a:below", "a:one"]),
            supervisor("a:below", Strategy::RestForOne, &["a:two", "a:three"]),
        ],
    );
    let plan = plan("system:root", &declared).unwrap();
    assert_eq!(
        shown(&plan),
        ["system:root: a:top", "a:top: a:below<a:one a:one", "a:below: a:two a:three<a:two"]
    );
    let parents: Vec<_> = plan.supervisors.iter().map(|it| it.parent.as_deref()).collect();
    assert_eq!(parents, [None, Some("system:root"), Some("a:top")]);
    assert_eq!(plan.supervisors[1].kinds, [Kind::Supervisor, Kind::Service]);
    let times: Vec<_> = plan.supervisors[1].definition.children.iter().collect();
    assert_eq!(times[0].start_timeout_ns, Some(21 * SECOND), "what its two children may take");
    assert_eq!(times[0].stop_timeout_ns, 21 * SECOND, "its two children stop one after another");
    let root = &plan.supervisors[0].definition;
    assert_eq!(root.children[0].stop_timeout_ns, 32 * SECOND);
    assert_eq!(root.intensity, None);
    assert_eq!(plan.stop_timeout_ns, 33 * SECOND);
}

#[test]
fn requirements_meet_where_their_trees_part() {
    let declared = declared(
        vec![service("a:db", &[]), service("a:web", &["a:db", "a:cache"]), service("a:cache", &[])],
        vec![
            supervisor("a:back", Strategy::OneForOne, &["a:db"]),
            supervisor("a:front", Strategy::OneForOne, &["a:web"]),
        ],
    );
    let plan = plan("system:root", &declared).unwrap();
    assert_eq!(shown(&plan)[0], "system:root: a:cache a:back a:front<a:cache+a:back");
}

#[test]
fn every_error_is_told() {
    let both = declared(
        vec![service("a:x", &[]), service("system:root", &[])],
        vec![
            supervisor("a:x", Strategy::OneForOne, &["a:gone"]),
            supervisor("a:y", Strategy::OneForOne, &["a:x", "a:z"]),
            supervisor("a:z", Strategy::OneForOne, &["a:x", "a:y"]),
        ],
    );
    assert_eq!(
        errors(&both),
        [
            "system:root is the id of the application's own supervisor: choose another one",
            "a:x is declared twice, as a service and as a supervisor: give one another id",
            "supervisor a:x lists a:gone, which is no service, pool or supervisor",
            "a:x is a child of a:y and of a:z: it can have one supervisor",
            "supervisors are each other's children: a:y > a:z",
        ]
    );
    let requirements = declared(
        vec![
            service("a:1", &["a:2"]),
            service("a:2", &["a:3"]),
            service("a:3", &["a:1", "a:gone"]),
            service("a:4", &["a:tree"]),
            service("a:5", &["a:6"]),
            service("a:6", &[]),
            service("a:7", &["a:7"]),
        ],
        vec![
            supervisor("a:tree", Strategy::OneForOne, &["a:4"]),
            supervisor("a:rest", Strategy::RestForOne, &["a:5", "a:6"]),
        ],
    );
    assert_eq!(
        errors(&requirements),
        [
            "a:3 requires a:gone, which is no service, pool or supervisor",
            "a:4 requires a:tree, and one of the two contains the other",
            "a:7 requires a:7, and one of the two contains the other",
            "these wait for each other, so none of them could start: a:1 > a:2 > a:3",
            "these wait for each other, so none of them could start: a:5 > a:6 (with rest_for_one, \
             each also requires the one before it)",
        ]
    );
}

#[test]
fn long_chains_need_no_stack() {
    let id = |number: usize| format!("a:{number:06}");
    let services = (0..50_000).map(|number| match number {
        0 => service(&id(0), &[]),
        _ => service(&id(number), &[&id(number - 1)]),
    });
    let plan = plan("system:root", &declared(services.collect(), Vec::new())).unwrap();
    assert_eq!(plan.supervisors[0].definition.children.len(), 50_000);
    let mut supervisor = crate::supervisor::Supervisor::new(plan.supervisors[0].definition.clone());
    let moment = crate::supervisor::Moment { now: procession_types::Timestamp(0), random: 0 };
    let mut actions = crate::supervisor::Actions::new();
    supervisor.handle(moment, crate::supervisor::Input::Begin, &mut actions);
    let spawns = actions.drain().filter(|it| matches!(it, crate::supervisor::Action::Spawn { .. }));
    assert_eq!(spawns.count(), 1);
}
