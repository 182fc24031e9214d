//! `collectgarbage`: collections and their finalizers. What else can be set changes nothing and is told
//! again, as PUC does.

use crate::collect::Extent;
use crate::vm::{Args, Flow, Raise, Vm};
use procession_types::word::{self, Word};

pub(super) fn collectgarbage(vm: &mut Vm<'_>, args: Args) -> Result<Flow, Raise> {
    if vm.is_in_finalizer() {
        return vm.give(args, word::NIL);
    }
    let option =
        if vm.arg(args, 1) == word::NIL { "collect".to_owned() } else { vm.utf8_arg(args, 1)? };
    // A collection moves the stack.
    let offset = args.slot() - vm.stack;
    let value = match option.as_str() {
        "collect" | "step" => {
            vm.integer_or(args, 2, 0)?;
            // What a call has above its arguments, and in place of links, is left over from earlier
            // ones.
            if args.at != vm.base {
                vm.heap.fill(args.at - 2, args.at, word::NIL);
            }
            let live = args.at + args.count - vm.stack;
            let room = (vm.live_end() - vm.stack).max(live);
            if !vm.collect_within(Extent { live, room }, 0) {
                return Err(Vm::memory_limit(vm.whereabouts().map(String::into_boxed_str)));
            }
            let result = if option == "step" { word::TRUE } else { word::int_wrapping(0) };
            if vm.finalizers_are_due() {
                vm.heap.set(vm.stack + offset + 3, result);
                let args = Args { at: vm.stack + offset + 3, count: 1, ..args };
                return vm.hand_over(args, "general_collectgarbage");
            }
            result
        }
        "count" => word::from_f64(vm.heap.used() as f64 * 8.0 / 1024.0),
        // The rest changes nothing: what was set is told, as PUC does.
        "isrunning" => word::from_bool(vm.collector_setting("stopped", word::FALSE) == word::FALSE),
        "stop" | "restart" => {
            let stopped = word::from_bool(option == "stop");
            vm.set_collector_setting("stopped", stopped);
            word::int_wrapping(0)
        }
        "setpause" | "setstepmul" => {
            let value = vm.integer_or(args, 2, 0)?;
            vm.set_parameter(&option, value)
        }
        "generational" | "incremental" => {
            let pause = vm.integer_or(args, 2, 0)?;
            let step = vm.integer_or(args, 3, 0)?;
            if option == "incremental" {
                vm.integer_or(args, 4, 0)?;
                for (name, value) in [("setpause", pause), ("setstepmul", step)] {
                    if value != 0 {
                        vm.set_parameter(name, value);
                    }
                }
            }
            // The mode in which `lua5.4` starts.
            let generational = vm.heap.string(b"generational");
            let before = vm.collector_setting("mode", generational);
            let mode = vm.heap.string(option.as_bytes());
            vm.set_collector_setting("mode", mode);
            before
        }
        other => {
            let message = format!("invalid option '{other}'");
            return Err(vm.bad_argument(1, &message, args));
        }
    };
    vm.heap.set(vm.stack + offset, value);
    Ok(Flow::Return(1))
}

impl Vm<'_> {
    /// A setting of the collector as the program left it.
    fn collector_setting(&mut self, name: &str, default: Word) -> Word {
        let table = self.collector_settings();
        let key = self.heap.string(name.as_bytes());
        let value = self.raw_get(table, key);
        if value == word::NIL { default } else { value }
    }

    fn set_collector_setting(&mut self, name: &str, value: Word) {
        let table = self.collector_settings();
        let key = self.heap.string(name.as_bytes());
        self.raw_set(table, key, value);
    }

    /// Sets a parameter and gives what it was, both in the steps in which PUC keeps it.
    fn set_parameter(&mut self, name: &str, value: i64) -> Word {
        let default = if name == "setpause" { 200 } else { 100 };
        let before = self.collector_setting(name, word::int_wrapping(default));
        let kept = i64::from((value as i32 / 4) as u8) * 4;
        self.set_collector_setting(name, word::int_wrapping(kept));
        before
    }

    fn collector_settings(&mut self) -> Word {
        let name = self.heap.string(b"collector");
        self.state_table(name)
    }
}
