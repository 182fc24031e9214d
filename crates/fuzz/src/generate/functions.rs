//! Functions: closures, recursion, protected calls, chunks.

use super::{Generator, Kind, Variable, quoted};

impl Generator {
    /// A function's parameters and body.
    pub(super) fn function(&mut self, yields: bool) -> String {
        let kept = (std::mem::take(&mut self.loops), self.varargs, self.yields, self.scope.len());
        let mut list = Vec::new();
        for _ in 0..self.random.below(3) {
            let kind = self.kind();
            list.push(self.declare("v", kind, false));
        }
        self.varargs = self.one_in(3);
        if self.varargs {
            list.push("...".to_owned());
        }
        self.yields = yields;
        let body = self.block(3);
        self.scope.truncate(kept.3);
        (self.loops, self.varargs, self.yields) = (kept.0, kept.1, kept.2);
        format!("({})\ntick()\n{body}end", list.join(", "))
    }

    pub(super) fn local_function(&mut self) -> String {
        let yields = self.yields;
        let function = self.function(yields);
        match self.random.below(4) {
            0 => {
                let table = self.variable(Kind::Table).unwrap_or_else(|| "C".to_owned());
                let separator = self.pick(&[".", ":"]);
                format!("function {table}{separator}method{function}")
            }
            1 => {
                let name = self.declare("f", Kind::Function, true);
                format!("local {name} <const> = function{function}")
            }
            _ => {
                let name = self.declare("f", Kind::Function, false);
                format!("local function {name}{function}")
            }
        }
    }

    /// A function that calls itself, to a depth, directly or by a tail call.
    pub(super) fn recursion(&mut self) -> String {
        let name = self.declare("f", Kind::Function, true);
        let depth = self.pick(&["3", "20", "90", "150"]);
        let value = self.expression(Kind::Any, 1);
        let step = match self.random.below(6) {
            0 => format!("return {name}(n - 1, ...)"),
            1 => format!("return 1 + ({name}(n - 1, ...) or 0)"),
            2 => format!("return select(2, {name}(n - 1, n, ...))"),
            3 => format!("local ok, e = pcall({name}, n - 1) return e"),
            4 => format!("return (coroutine.wrap({name})(n - 1))"),
            _ => format!("local t <close> = n % 50 == 1 and object(n) or nil return {name}(n - 1)"),
        };
        // `pcall`, `wrap` and the like nest C calls in PUC Lua, which allows 200 of them.
        let varargs = std::mem::replace(&mut self.varargs, true);
        let last = self.expressions(2);
        self.varargs = varargs;
        format!(
            "local function {name}(n, ...)\ntick()\nif not n or n ~= n or n <= 0 then return {last} end\n{step}\nend\nprint(show({name}({depth}, {value})))"
        )
    }

    /// Closures made in a loop that share and change variables.
    pub(super) fn closures(&mut self) -> String {
        let list = self.declare("v", Kind::Table, false);
        let yields = self.yields;
        let outer = self.declare("v", Kind::Number, false);
        let inner = self.declare("v", Kind::Number, false);
        let (first, second) = (self.function(yields), self.function(yields));
        self.scope.pop();
        format!(
            "local {list}, {outer} = {{}}, 0\nfor i = 1, 3 do\nlocal {inner} = i\n{list}[i] = function{first}\n{list}[i + 3] = function{second}\n{list}[i + 6] = function() {inner} = {inner} + 1 {outer} = {outer} + {inner} return {inner}, {outer} end\nend\nfor i = 1, 9 do print(show(pcall({list}[i], i))) end"
        )
    }

    pub(super) fn protected(&mut self) -> String {
        let yields = self.yields;
        let function = self.function(yields);
        let arguments = self.expressions(2);
        let comma = if arguments.is_empty() { "" } else { ", " };
        match self.random.below(4) {
            0 => {
                let handler = match self.random.below(4) {
                    0 => "function(m) print('handler', text(m, 1)) return m end".to_owned(),
                    1 => "function(m) return { m } end".to_owned(),
                    2 => "function(m) error(m) end".to_owned(),
                    _ => self.expression(Kind::Function, 0),
                };
                format!("print(show(xpcall(function{function}, {handler}{comma}{arguments})))")
            }
            1 => format!(
                "local ok, e = pcall(function{function}{comma}{arguments})\nprint(ok, text(e, 2))"
            ),
            _ => format!("print(show(pcall(function{function}{comma}{arguments})))"),
        }
    }

    /// A call of `load` with a chunk that sees only the prelude's variables, as globals.
    pub(super) fn chunk(&mut self) -> String {
        let kept: Vec<Variable> = std::mem::take(&mut self.scope);
        let state = (self.varargs, self.yields, self.loops, self.depth);
        (self.varargs, self.yields, self.depth) = (true, false, state.3 + 1);
        let body = match self.one_in(3) {
            true => format!("return {}", self.expressions(2)),
            false => self.block(2),
        };
        (self.varargs, self.yields, self.loops, self.depth) = state;
        self.scope = kept;
        let name = self.pick(&["'=chunk'", "'@chunk.lua'", "'some text'", "nil", "'a\\nb'"]);
        let body = quoted(body.as_bytes());
        format!("pcall(load({body}, {name}, 't', environment()), {})", self.small())
    }
}
