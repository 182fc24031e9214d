//! Loops and jumps. Each iteration counts against the program's budget.

use super::{Dialect, Generator, Kind};

impl Generator {
    /// A loop's body, with a jump to its end, out of it, or none.
    fn loop_body(&mut self) -> String {
        self.loops += 1;
        let label = self.name("next");
        let body = if self.loops > 3 { String::new() } else { self.block(3) };
        self.loops -= 1;
        let jump = match self.random.below(5) {
            0 => format!("if {} then goto {label} end\n", self.expression(Kind::Boolean, 1)),
            1 => format!("if {} then break end\n", self.expression(Kind::Boolean, 1)),
            _ => String::new(),
        };
        format!("tick()\n{jump}do\n{body}end\n::{label}::\n")
    }

    pub(super) fn numeric_loop(&mut self) -> String {
        let range = match self.random.below(4) {
            0 => {
                let step = self.pick(&["1", "-1", "2", "0.5", "math.maxinteger", "1e300", "0"]);
                format!("{}, {}, {step}", self.number(), self.number())
            }
            _ => self
                .pick(&[
                    "1, 3",
                    "3, 1, -1",
                    "1, 0",
                    "1.0, 2",
                    "0.5, 2, 0.5",
                    "'1', 2",
                    "1, 3, 0",
                    "math.maxinteger - 1, math.maxinteger",
                    "A, 3",
                    "1, {}",
                    "1, 2, 'x'",
                    "math.mininteger, math.mininteger + 2",
                    "1, 1/0, 3",
                    "math.mininteger, -1/0, -1",
                    "math.maxinteger, math.maxinteger + 1.0",
                    "0.1, 0.35, 0.1",
                    "3, 2.5, -1",
                ])
                .to_owned(),
        };
        let (counter, name) = (self.name("n"), self.declare("v", Kind::Number, false));
        let body = self.loop_body();
        self.scope.pop();
        format!(
            "local {counter} = 0\nfor {name} = {range} do\n{counter} = {counter} + 1 if {counter} > 4 then break end\n{body}end"
        )
    }

    pub(super) fn conditional_loop(&mut self) -> String {
        let counter = self.name("n");
        let condition = self.expression(Kind::Boolean, 1);
        if self.one_in(2) {
            let body = self.loop_body();
            return format!(
                "local {counter} = 0\nwhile {counter} < 3 and not ({condition}) do {counter} = {counter} + 1\n{body}end"
            );
        }
        let body = self.block(2);
        let inner = self.name("v");
        format!(
            "local {counter} = 0\nrepeat {counter} = {counter} + 1 tick()\ndo\n{body}end\nlocal {inner} = {counter}\nuntil {inner} >= 3 or {condition}"
        )
    }

    pub(super) fn generic_loop(&mut self) -> String {
        let iterator = match self.random.below(9) {
            0 => format!("ipairs({})", self.expression(Kind::Table, 1)),
            1 => format!("string.gmatch({}, {})", self.expression(Kind::Text, 1), {
                super::quoted(&super::pattern(&mut self.random))
            }),
            2 => "next, { 'only' }".to_owned(),
            3 => {
                let varargs = std::mem::take(&mut self.varargs);
                let value = self.expression(Kind::Any, 1);
                self.varargs = varargs;
                format!(
                    "coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i, {value}) end end)"
                )
            }
            // PUC Lua 5.4.4 miscompiles some loops with a variable to be closed.
            4 if self.dialect == Dialect::Everything => {
                "function(s, c) tick() if c < 3 then return c + 1, s end end, 'state', 0, object(6)"
                    .to_owned()
            }
            5 => "pairs({ 1, 2, 3 })".to_owned(),
            6 => "pairs(setmetatable({}, { __pairs = function(t) return next, { 7 }, nil end }))"
                .to_owned(),
            7 => "utf8.codes('a\\u{e9}\\u{20ac}z')".to_owned(),
            _ => self.expression(Kind::Any, 1),
        };
        let counter = self.name("n");
        let (first, second) =
            (self.declare("v", Kind::Any, false), self.declare("v", Kind::Any, false));
        let body = self.loop_body();
        self.scope.truncate(self.scope.len() - 2);
        format!(
            "local {counter} = 0\nfor {first}, {second} in {iterator} do {counter} = {counter} + 1 if {counter} > 5 then break end\n{body}end"
        )
    }

    /// A loop made of `goto`; its closures must each have a variable of their own.
    pub(super) fn backward_jump(&mut self) -> String {
        let (label, counter, list) = (self.name("again"), self.name("n"), self.name("l"));
        let body = if self.loops > 2 { String::new() } else { self.block(2) };
        format!(
            "do\nlocal {counter}, {list} = 0, {{}}\n::{label}::\nlocal copy = {counter} * 10\n{list}[#{list} + 1] = function() copy = copy + 1 return copy end\ndo\n{body}end\n{counter} = {counter} + 1\nif {counter} < 3 then goto {label} end\nfor i = 1, #{list} do print({list}[i](), {list}[i]()) end\nend"
        )
    }
}
