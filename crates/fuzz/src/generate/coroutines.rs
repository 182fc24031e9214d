//! Coroutines.

use super::{Generator, Kind};

impl Generator {
    pub(super) fn coroutine_statement(&mut self) -> String {
        let function = self.function(true);
        let name = self.name("k");
        let mut resumes = String::new();
        let is_wrapped = self.one_in(3);
        for _ in 0..=self.random.below(3) {
            let arguments = self.expressions(2);
            let comma = if arguments.is_empty() { "" } else { ", " };
            if is_wrapped {
                resumes.push_str(&format!("\nprint(show(pcall({name}{comma}{arguments})))"));
            } else {
                resumes.push_str(&format!(
                    "\nprint(show(coroutine.resume({name}{comma}{arguments})))\nprint(coroutine.status({name}))"
                ));
            }
        }
        if is_wrapped {
            return format!("local {name} = coroutine.wrap(function{function}){resumes}");
        }
        if self.one_in(2) {
            resumes.push_str(&format!(
                "\nprint(show(pcall(coroutine.close, {name})))\nprint(coroutine.status({name}))"
            ));
        }
        format!("local {name} = coroutine.create(function{function}){resumes}")
    }

    /// A coroutine that yields from somewhere special, resumed until it is dead.
    pub(super) fn producer(&mut self) -> String {
        let (value, other) = (self.expression(Kind::Any, 1), self.expression(Kind::Number, 1));
        let body = match self.random.below(12) {
            0 => format!("return pcall(coroutine.yield, {value})"),
            1 => "return pcall(function(...) local x = coroutine.yield(...) error(x) end, ...)".into(),
            2 => "local t = setmetatable({}, { __index = function(_, k) return coroutine.yield(k) end }) return t.x, t[1]".into(),
            3 => "local t = setmetatable({}, { __newindex = function(t, k, v) rawset(t, k, coroutine.yield(v)) end }) t.x = 1 t.y = 2 return t.x, t.y".into(),
            4 => format!("local t = setmetatable({{}}, {{ __add = function(a, b) return coroutine.yield(b) end, __lt = function() return coroutine.yield('lt') end, __concat = function() return coroutine.yield('cat') end, __eq = function() return coroutine.yield('eq') end, __len = coroutine.yield }}) return t + {other}, t < t, 'a' .. t .. 'b', t == setmetatable({{}}, getmetatable(t)), #t"),
            5 => "for a, b in function(s, c) return coroutine.yield(s, c) end, 's', 0 do print(a, b) tick() end".into(),
            6 => "local x <close> = setmetatable({}, { __close = function(_, e) print('c', show(coroutine.yield('closing', e))) end }) error('failed')".into(),
            7 => "local x <close> = setmetatable({}, { __close = function(_, e) coroutine.yield('closing', e) end }) return coroutine.yield(1), 2, 3".into(),
            8 => "return xpcall(coroutine.yield, print, 1, 2, 3)".into(),
            9 => "return select(2, coroutine.yield(1), coroutine.yield(2, 3))".into(),
            10 => format!("return table.unpack({{ coroutine.yield({value}) }}), coroutine.isyieldable()"),
            _ => "local inner = coroutine.wrap(function(...) coroutine.yield(...) error({ 'inner' }) end) coroutine.yield(inner(...)) return inner()".into(),
        };
        let (name, turns) = (self.name("k"), self.random.below(4) + 1);
        let (first, next) = (self.expressions(2), self.expressions(2));
        let comma = |list: &str| if list.is_empty() { String::new() } else { format!(", {list}") };
        let (first, next) = (comma(&first), comma(&next));
        let function =
            self.pick(&["function(...)\n@\nend", "coroutine.wrap(function(...)\n@\nend)"]);
        let function = function.replace('@', &body);
        format!(
            "local {name} = coroutine.create({function})\nprint(show(coroutine.resume({name}{first})))\nfor i = 1, {turns} do\nif coroutine.status({name}) == 'dead' then break end\nprint(show(coroutine.resume({name}{next})))\nend\nprint(coroutine.status({name}), show(coroutine.close({name})))"
        )
    }
}
