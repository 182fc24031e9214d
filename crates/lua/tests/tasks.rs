//! Coroutines that the process schedules itself.
#![allow(missing_docs)]

mod support;

use support::session::{Mode, run};

/// What a program with these lines prints, in every way of running it.
fn printed(source: &str) -> String {
    let outcomes = Mode::ALL.map(|mode| run("tasks.lua", source.as_bytes(), mode, 100_000));
    for outcome in &outcomes[1..] {
        assert_eq!(*outcome, outcomes[0]);
    }
    assert_eq!(outcomes[0].end, "", "{}", outcomes[0].output);
    outcomes[0].output.clone()
}

#[test]
fn nobody_resumes_a_task_that_has_not_begun() {
    let source = "local done = channel.new(3)
        local task = coroutine.spawn(function(a) print('task', a) done:send(1) end, 7)
        print(coroutine.resume(task, 8))
        print(coroutine.status(task))
        local other = coroutine.spawn(function() print('other') done:send(2) end)
        print(pcall(coroutine.close, other))
        print(done:receive(), done:receive())
        print(coroutine.status(task), coroutine.status(other))";
    assert_eq!(
        printed(source),
        "false\tcannot resume non-suspended coroutine\n\
         normal\n\
         false\tcannot close a normal coroutine\n\
         task\t7\n\
         other\n\
         1\t2\ttrue\n\
         dead\tdead\n"
    );
}
